"""Everything that is in one picture."""

from typing import NamedTuple

import numpy as np

from synthetic_humans.characters.looks import Looks
from synthetic_humans.characters.soup import Soup
from synthetic_humans.light import Light
from synthetic_humans.rooms import Room


class Scene(NamedTuple):
    """Everything that is in one picture."""

    things: list[Soup]  # people, furniture
    room: Room | None  # none: a photo
    room_row: int  # look of its floor, after which come its walls'
    ground: np.ndarray | None  # [2] x, z of the spot of a photo's ground that shows shadows
    looks: Looks
    light: Light
    backdrop: np.ndarray  # [S, S, 3]
