"""Which example to make, and its source of randomness."""

from typing import NamedTuple

import numpy as np

from hg3d_tf.data.names import RENDERED

SPLITS = ("train", "validation", "test")
JPEG_QUALITY = 92


class Task(NamedTuple):
    """Which example to make; the example is a pure function of it."""

    config: str
    split: str
    index: int
    seed: int
    image_size: int
    assets_dir: str | None = None  # where the characters' files are; none: the mannequin

    @property
    def domain(self) -> str:
        """Return "studio", "wild", "street" or "sport"."""
        return self.config.partition("_")[0]


def generator(task: Task, *stream: int) -> np.random.Generator:
    """Return the source of randomness of one stream of numbers of the task."""
    config, split = RENDERED.index(task.config), SPLITS.index(task.split)
    return np.random.default_rng(np.random.SeedSequence([task.seed, config, split, *stream]))
