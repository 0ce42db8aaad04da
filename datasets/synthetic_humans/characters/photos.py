"""Photos as what is behind people."""

import functools
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

_LONGEST_PX = 1600


@functools.lru_cache(maxsize=64)
def read_photo(path: Path) -> Image.Image:
    """Return a photo, at most 1600 px long."""
    with Image.open(path) as image:
        image.draft("RGB", (_LONGEST_PX, _LONGEST_PX))
        photo = ImageOps.exif_transpose(image).convert("RGB")
    photo.thumbnail((_LONGEST_PX, _LONGEST_PX))
    return photo


def random_view(rng: np.random.Generator, path: Path, size: int) -> np.ndarray:
    """Return a random square of a photo [size, size, 3], float32 in 0..1, perhaps mirrored."""
    photo = read_photo(path)
    side = min(photo.size) * rng.uniform(0.35, 1.0)
    x, y = rng.uniform(0, np.array(photo.size) - side)
    view = photo.resize(
        (size, size), Image.BILINEAR, box=(x, y, x + side, y + side), reducing_gap=2
    )
    pixels = np.asarray(view, np.float32) / 255 * np.float32(rng.uniform(0.8, 1.15))
    return pixels[:, ::-1] if rng.random() < 0.5 else pixels
