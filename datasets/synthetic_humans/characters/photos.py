"""Photos as what is behind people."""

import functools
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps

_SMALLEST_SHARE = 0.35  # of a photo's shorter side that a view shows


@functools.lru_cache(maxsize=64)
def read_photo(path: Path, shorter_px: int) -> Image.Image:
    """Return a photo, its shorter side at most so many pixels."""
    with Image.open(path) as image:
        image.draft("RGB", (shorter_px, shorter_px))
        photo = ImageOps.exif_transpose(image).convert("RGB")
    scale = shorter_px / min(photo.size)
    if scale >= 1:
        return photo
    width, height = (round(scale * side) for side in photo.size)
    return photo.resize((width, height), Image.BICUBIC, reducing_gap=2)


def random_view(rng: np.random.Generator, path: Path, size: int) -> np.ndarray:
    """Return a random square of a photo [size, size, 3], float32 in 0..1, perhaps mirrored."""
    # What the closest view shows sharply.
    photo = read_photo(path, round(size / _SMALLEST_SHARE))
    side = min(photo.size) * rng.uniform(_SMALLEST_SHARE, 1.0)
    x, y = rng.uniform(0, np.array(photo.size) - side)
    view = photo.resize((size, size), Image.BILINEAR, box=(x, y, x + side, y + side))
    pixels = np.asarray(view, np.float32) * np.float32(rng.uniform(0.8, 1.15) / 255)
    return pixels[:, ::-1] if rng.random() < 0.5 else pixels
