"""Everything that is in one picture."""

from typing import NamedTuple

import numpy as np

from synthetic_humans.characters.looks import Looks
from synthetic_humans.characters.soup import Soup
from synthetic_humans.light import Light


class Scene(NamedTuple):
    """Everything that is in one picture."""

    things: Soup
    around: Soup  # room or ground
    looks: Looks
    light: Light
    backdrop: np.ndarray  # [S, S, 3]
    is_photo: bool  # that the people must fit into
