"""The square crop in which the network sees a person."""

import numpy as np
from PIL import Image

# Side of the crop for a box round the person, in longer sides of the box.
BOX_MARGIN = 1.25
# Of the result: so large a square is first reduced by averaging whole pixels, which takes half of
# the time of filtering all of it.
_REDUCED_TO = 2.0
# Larger squares are not laid out, 4 bytes a pixel: Pillow refuses 179 million, and a box may be far
# larger than the picture. Only what they show is reduced first.
_MOST_LAID_OUT = 50_000_000


def square_round(box: np.ndarray, margin: float = BOX_MARGIN) -> tuple[np.ndarray, float]:
    """Return the square round a box [4] px: its top left corner [2], and its side."""
    side = max(box[2:] - box[:2]) * margin
    return (box[:2] + box[2:] - side) / 2, side


def crop_square(pixels: np.ndarray, corner: np.ndarray, side: float, size: int) -> np.ndarray:
    """Return a square of an image, resized; black where it lies outside.

    Args:
      pixels: [H, W, 3] uint8.
      corner: [2] x, y px of the square's top left corner.
      side: px.
      size: of the result [size, size, 3].
    """
    shown = np.clip([corner, corner + side], 0, pixels.shape[1::-1])
    first, last = np.floor(shown[0]).astype(int), np.ceil(shown[1]).astype(int)
    if (first >= last).any():
        return np.zeros((size, size, 3), np.uint8)
    # Pillow copies what it is given, lines with gaps slowly: it gets only what is needed, whole.
    part = np.ascontiguousarray(pixels[first[1] : last[1], first[0] : last[0]])
    image = Image.fromarray(part)
    factor = int(side / size / _REDUCED_TO)
    if side**2 > _MOST_LAID_OUT and factor > 1:
        if min(image.size) < factor:  # of the result less than half a pixel
            return np.zeros((size, size, 3), np.uint8)
        reduced = np.asarray(image.reduce(factor))
        return crop_square(reduced, (corner - first) / factor, side / factor, size)
    low, high = np.floor(corner).astype(int), np.ceil(corner + side).astype(int)
    inside = image.crop((*(low - first).tolist(), *(high - first).tolist()))
    box = (*(corner - low), *(corner + side - low))
    bilinear = Image.Resampling.BILINEAR
    return np.asarray(inside.resize((size, size), bilinear, box=box, reducing_gap=_REDUCED_TO))
