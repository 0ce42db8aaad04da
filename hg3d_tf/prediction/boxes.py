"""Boxes round people: x1, y1, x2, y2 in px of the picture as it is seen."""

from collections.abc import Sequence

import numpy as np

# Longer sides of a box, in those of the picture: in a larger one nobody would be seen.
_MOST_PICTURES = 10
TOO_LARGE = f"is more than {_MOST_PICTURES} times as large as the picture"


def parse_box(text: str) -> np.ndarray:
    """Return the box [4] px that is written x1,y1,x2,y2.

    Raises:
      ValueError: if it is none.
    """
    try:
        box = np.array([float(value) for value in text.split(",")], np.float32)
        valid = box.shape == (4,) and (box[2:] > box[:2]).all() and np.isfinite(box).all()
    except ValueError:
        valid = False
    if not valid:
        raise ValueError(f"{text!r} is not x1,y1,x2,y2 with x1 < x2 and y1 < y2")
    return box


def check_inside(box: np.ndarray, size) -> None:
    """Raise ValueError unless a box [4] px shows some of a picture of width and height `size`.

    So does a box that is so large that the picture is but a spot in it.
    """
    if (box[2:] - box[:2]).min() < 1:
        problem = "is less than a pixel wide or high (px are wanted) in the picture"
    elif not shows(box, size):
        problem = "lies outside of the picture"
    elif is_too_large(box, size):
        problem = TOO_LARGE
    else:
        return
    seen = f"{size[0]} x {size[1]} px as it is seen"
    raise ValueError(f"the box {as_text(box)} {problem}, which has {seen}")


def shows(box: np.ndarray, size) -> bool:
    """Tell whether a box [4] px shows some of a picture of width and height `size`."""
    return bool((np.minimum(box[2:], size) - np.maximum(box[:2], 0) >= 1).all())


def check_boxes(boxes: Sequence[np.ndarray], size) -> None:
    """Raise ValueError unless boxes [N, 4] px show some of a picture of width and height `size`.

    It may be less than a pixel: that of a box in a picture which was made smaller.
    """
    for box in boxes:
        if box.shape != (4,):
            raise ValueError(f"boxes are [N, 4], x1, y1, x2, y2 each; one is {box.tolist()}")
        if not (np.isfinite(box).all() and (box[2:] > box[:2]).all()):
            raise ValueError(f"the box {as_text(box)} is not x1,y1,x2,y2 with x1 < x2 and y1 < y2")
        is_outside = (np.minimum(box[2:], size) <= np.maximum(box[:2], 0)).any()
        if is_outside or is_too_large(box, size):
            check_inside(box, size)


def is_too_large(box: np.ndarray, size) -> bool:
    """Tell whether a picture of `size`, its sides or the longer one, is but a spot in a box."""
    box = np.asarray(box, float)
    return bool(np.max(box[2:] - box[:2]) > _MOST_PICTURES * np.max(size))


def as_text(box: np.ndarray) -> str:
    """Return a box as `parse_box` reads it."""
    return ",".join(f"{value:g}" for value in np.asarray(box, float))


def overlaps(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    """Return the intersection over union of boxes [..., 4] that broadcast: [...]."""
    low, high = np.maximum(one[..., :2], other[..., :2]), np.minimum(one[..., 2:], other[..., 2:])
    shared = np.prod(np.clip(high - low, 0, None), axis=-1)
    return shared / np.maximum(_areas(one) + _areas(other) - shared, 1e-9)


def _areas(boxes: np.ndarray) -> np.ndarray:
    return np.prod(boxes[..., 2:] - boxes[..., :2], axis=-1)


def distinct(boxes: np.ndarray, most_overlap: float) -> list[int]:
    """Return the places of those boxes [N, 4] that overlap none kept before by so much."""
    kept: list[int] = []
    left = np.arange(len(boxes))
    while len(left):
        first, left = left[0], left[1:]
        kept.append(int(first))
        left = left[overlaps(boxes[first], boxes[left]) < most_overlap]
    return kept
