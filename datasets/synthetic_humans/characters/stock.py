"""What examples are made from: a split's poses, photos and textures, and its characters."""

import functools
from pathlib import Path
from typing import NamedTuple

import numpy as np

from synthetic_humans.characters import assets, looks, motion
from synthetic_humans.characters.character import (
    Character,
    random_character,
    read_wardrobe,
    rest_joints,
)
from synthetic_humans.task import Task, generator

# So many examples in a row share a character's body and clothes, not their colours: dressing one
# takes longer than rendering it. As many as a worker takes at once.
BLOCK = 16


class Stock(NamedTuple):
    """What a split's examples are made from."""

    folder: Path
    pool: motion.MotionPool
    photos: list[Path]
    textures: np.ndarray


@functools.lru_cache(maxsize=3)
def stock(folder: str, split: str) -> Stock:
    """Read the assets of a split, once in each process."""
    path = Path(folder)
    body = read_wardrobe(path / "makehuman").body
    return Stock(
        path,
        motion.read_pool(assets.motion_clips(path, split), rest_joints(body, body.vertices)),
        assets.background_photos(path, split),
        looks.read_textures(assets.cloth_textures(path)),
    )


@functools.lru_cache(maxsize=4)
def _character(task: Task, stream: int) -> Character:
    """Return the character of the block number `task.index` of a stream."""
    wardrobe = read_wardrobe(Path(task.assets_dir) / "makehuman")
    return random_character(generator(task, stream, task.index), wardrobe)


def block_character(task: Task, stream: int) -> Character:
    """Return the character that the task's block shares: stream 1 its own, 2 for bystanders."""
    return _character(task._replace(index=task.index // BLOCK, image_size=0), stream)
