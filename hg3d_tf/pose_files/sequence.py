"""Poses of persons in photos or through a film, on disk where they are many."""

import dataclasses
import itertools
import tempfile
from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from hg3d_tf.cli import UserError
from hg3d_tf.skeleton import NUM_JOINTS, SEEN_CONFIDENCE, canonical_scale

# A person in a frame. What is not known is NaN; an image's size is then 0.
ROW = np.dtype(
    [
        ("frame", np.int64),  # of the film, from 0; of photos their place
        ("seconds", np.float64),  # of the film; NaN for photos
        ("person", np.int64),  # from 1
        ("image", np.int64),  # place in `PoseSequence.images`
        ("image_size_px", np.int64, (2,)),  # width, height
        ("box_px", np.float64, (4,)),  # x1, y1, x2, y2
        ("joints_2d", np.float64, (NUM_JOINTS, 2)),  # px of the image, from its corner
        ("joints_3d", np.float64, (NUM_JOINTS, 3)),  # mm; `Space` says where and how large
        ("confidence", np.float64, (NUM_JOINTS,)),
        ("score", np.float64),  # how sure it is that this is somebody
    ]
)
BLOCK = 2048  # rows that are looked at together
_ROWS_IN_MEMORY = 16 * BLOCK  # 31 MB
EVEN = 0.25  # how far steps between frames may differ and still be one rate, in steps
MOST_ADDED = 50  # how many times its frames a film of one rate may have


# What `Space` may say, in words for people.
_SPACES = {
    "size": {
        "average": "size is that of an average skeleton, not the person's",
        "metric": "size is the person's",
    },
    "origin": {
        "pelvis": "the pelvis is the origin",
        "camera": "the camera is the origin",
        "floor": "the origin lies on the floor",
    },
    "axes": {"camera": "axes are the camera's", "level": "the vertical is the ground's"},
}


@dataclasses.dataclass(frozen=True)
class Space:
    """What millimetres and axes of 3D joints mean.

    Attributes:
      size: "average": of a skeleton of average size; "metric": the person's own.
      origin: "pelvis", "camera" or "floor": a point of the floor.
      axes: "camera": x right, y down, z forwards; "level": the same, y towards the ground.

    Raises:
      ValueError: for other words.
    """

    size: str = "average"
    origin: str = "pelvis"
    axes: str = "camera"

    def __post_init__(self):
        for name, known in _SPACES.items():
            value = getattr(self, name)
            if value not in list(known):
                raise ValueError(f"{name} of 3D joints is {value!r}, not {' or '.join(known)}")

    def __str__(self) -> str:
        return "; ".join(known[getattr(self, name)] for name, known in _SPACES.items())


class Clock(NamedTuple):
    """The times of a film, whoever is in it.

    Attributes:
      step_s: the usual time from a frame to the next.
      start_s: when the film begins.
    """

    step_s: float
    start_s: float


@dataclasses.dataclass(frozen=True)
class PoseSequence:
    """Poses, in the order of their frames.

    Attributes:
      rows: [N] of `ROW`; where N is large they lie on disk, so that a slice costs only itself.
      images: names of the photos, or the one of the film.
      space: of the 3D joints.
      name: what messages call it.
      clock: of the film that one person's poses were taken from; None: these are all of it.
    """

    rows: np.ndarray
    images: tuple[str, ...]
    space: Space = Space()
    name: str = "poses"
    clock: Clock | None = None

    @property
    def is_film(self) -> bool:
        """Tell whether the poses have times: all have, or none."""
        return bool(len(self.rows)) and not np.isnan(self.rows[0]["seconds"])

    @property
    def persons(self) -> list[int]:
        """The numbers of the persons."""
        return np.unique(self.rows["person"]).tolist()

    def blocks(self, size: int = BLOCK) -> Iterator[np.ndarray]:
        """Yield the rows [<= size], block after block."""
        for start in range(0, len(self.rows), size):
            yield self.rows[start : start + size]

    def blocks_with(self, *along: np.ndarray) -> Iterator[tuple[np.ndarray, ...]]:
        """Yield the rows, block after block, each with its part of arrays [N, ...]."""
        start = 0
        for block in self.blocks():
            here = slice(start, start + len(block))
            yield block, *(values[here] for values in along)
            start = here.stop

    def of_person(self, person: int) -> "PoseSequence":
        """Return the poses of one person; of a film they keep its clock."""
        if self.persons == [person]:
            return self
        one = self.changed(lambda block: block[block["person"] == person])
        return dataclasses.replace(one, clock=film_clock(self)) if self.is_film else one

    def changed(
        self, change: Callable, *along: np.ndarray, space: Space | None = None
    ) -> "PoseSequence":
        """Return poses with each block changed by `change`: rows, parts of `along` -> rows.

        See `blocks_with`.
        """
        blocks = self.blocks_with(*along)
        rows = spooled(change(np.array(block), *parts) for block, *parts in blocks)
        return dataclasses.replace(self, rows=rows, space=space or self.space)


def spooled(blocks: Iterable[np.ndarray]) -> np.ndarray:
    """Return the rows of all blocks; many are kept in a file that ends with the process."""
    kept: list[np.ndarray] = []
    blocks = iter(blocks)
    for block in blocks:
        kept.append(block)
        if sum(map(len, kept)) >= _ROWS_IN_MEMORY:
            break
    else:
        return np.concatenate(kept) if kept else np.zeros(0, ROW)
    count = 0
    # The mapping outlives the file's handle and, where the system allows it, its name.
    with tempfile.TemporaryFile() as file:
        for block in itertools.chain(kept, blocks):
            file.write(block.tobytes())
            count += len(block)
        file.flush()
        return np.memmap(file, ROW, "r", shape=(count,))


def counted(poses: PoseSequence) -> PoseSequence:
    """Return poses with frames numbered by their times, in whatever order; photos' by the photo."""
    times = np.unique(poses.rows["seconds"]) if poses.is_film else None

    def change(block):
        is_photo = times is None
        block["frame"] = block["image"] if is_photo else np.searchsorted(times, block["seconds"])
        return block

    return poses.changed(change)


def empty_rows(count: int) -> np.ndarray:
    """Return rows [count] in which nothing is known yet."""
    rows = np.zeros(count, ROW)
    for name in ("seconds", "box_px", "joints_2d", "joints_3d", "confidence", "score"):
        rows[name] = np.nan
    rows["person"] = 1
    return rows


def seen(rows: np.ndarray) -> np.ndarray:
    """Return which 3D joints [N, 16] of rows are there and were seen clearly.

    A joint without a confidence counts as clear.
    """
    unclear = rows["confidence"] <= SEEN_CONFIDENCE
    return np.isfinite(rows["joints_3d"]).all(axis=-1) & ~unclear


def canonical_scales(poses: PoseSequence) -> np.ndarray:
    """Return [N]: what brings each pose to the canonical size, see `skeleton.canonical_scale`.

    Of a person in a film it is the median over the frames: bones do not tremble. NaN stands where
    a joint is missing, in films in every frame.
    """
    scales = np.concatenate(
        [
            canonical_scale(
                block["joints_3d"],
                np.where(np.isnan(block["confidence"]), 1, block["confidence"]),
            )
            for block in poses.blocks()
        ]
    )
    if poses.is_film:
        persons = np.array(poses.rows["person"])
        for person in poses.persons:
            of_person = persons == person
            known = scales[of_person & np.isfinite(scales)]
            scales[of_person] = np.median(known) if len(known) else np.nan
    return scales


def require_film(poses: PoseSequence, form: str) -> None:
    """Raise UserError unless the poses are those of a film of two or more frames, in 3D."""
    if not len(poses.rows):
        raise UserError(f"{poses.name}: no person is in it: there is nothing to write")
    if not poses.is_film:
        raise UserError(
            f"{poses.name}: {form} holds a film, these poses have no times: take csv, json or coco,"
            " or give --frame_rate if they are a film's"
        )
    if len(np.unique(poses.rows["frame"])) < 2:
        raise UserError(f"{poses.name}: {form} holds a film, this is one frame: take csv or json")
    require_3d(poses, form)


def require_3d(poses: PoseSequence, form: str) -> None:
    """Raise UserError where no joint is known in 3D."""
    if not any(np.isfinite(block["joints_3d"]).any() for block in poses.blocks()):
        raise UserError(f"{poses.name}: {form} wants 3D joints, there are none: take coco")


def film_clock(poses: PoseSequence) -> Clock:
    """Return the clock of a film of two or more frames, the same for each of its people.

    The step is the mean of the steps near the median: times are rounded, those of Matroska and WebM
    to the millisecond, and the median of 33, 33 and 34 ms would be 30.3 Hz. The film begins at 0 s,
    or with its first pose where times count from anywhere: before 0, or long after it.
    """
    if poses.clock is not None:
        return poses.clock
    frames, first = np.unique(poses.rows["frame"], return_index=True)
    seconds = poses.rows["seconds"][first]
    counts = np.maximum(np.diff(frames), 1)
    steps = np.diff(seconds) / counts
    usual = np.median(steps[steps > 0])
    near = np.abs(steps - usual) <= EVEN * usual
    step = float((steps * counts)[near].sum() / counts[near].sum())
    is_from_zero = 0 <= seconds[0] <= MOST_ADDED * len(frames) * step
    return Clock(step, 0.0 if is_from_zero else float(seconds[0]))
