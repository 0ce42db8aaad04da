"""The square crop in which the network sees a person."""

import numpy as np
from PIL import Image

# Side of the crop for a box round the person, in longer sides of the box.
BOX_MARGIN = 1.25


def crop_square(pixels: np.ndarray, corner: np.ndarray, side: float, size: int) -> np.ndarray:
    """Return a square of an image, resized; black where it lies outside.

    Args:
      pixels: [H, W, 3] uint8.
      corner: [2] x, y px of the square's top left corner.
      side: px.
      size: of the result [size, size, 3].
    """
    low = np.floor(corner).astype(int)
    high = np.ceil(corner + side).astype(int)
    inside = Image.fromarray(pixels).crop((*low.tolist(), *high.tolist()))
    box = (*(corner - low), *(corner + side - low))
    return np.asarray(inside.resize((size, size), Image.Resampling.BILINEAR, box=box))
