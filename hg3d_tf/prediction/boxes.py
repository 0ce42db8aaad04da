"""Boxes round people: x1, y1, x2, y2 in px of the picture as it is seen."""

import numpy as np


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
    """Raise ValueError unless a box [4] px shows some of a picture of width and height `size`."""
    shown = np.minimum(box[2:], size) - np.maximum(box[:2], 0)
    if shown.min() < 1:
        text = ",".join(f"{value:g}" for value in box)
        raise ValueError(
            f"the box {text} lies outside of the picture, which has {size[0]} x {size[1]} px as it"
            " is seen"
        )
