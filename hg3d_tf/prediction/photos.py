"""Photos: which files they are, and their pixels."""

import dataclasses
import functools
import io
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from hg3d_tf.cli import UserError

SUFFIXES = (".jpg", ".jpeg", ".png", ".bmp", ".gif", ".webp", ".tif", ".tiff")


@dataclasses.dataclass(frozen=True)
class Photo:
    """An image as a person sees it: pixels [H, W, 3] uint8."""

    name: str
    pixels: np.ndarray

    @functools.cached_property
    def encoded(self) -> bytes:
        """Return bytes that TensorFlow decodes."""
        buffer = io.BytesIO()
        Image.fromarray(self.pixels).save(buffer, "png", compress_level=1)
        return buffer.getvalue()


def find_images(arguments: Iterable[str]) -> list[Path]:
    """Return the image files named, and those directly in the folders named, in order.

    Raises:
      UserError: for a path that does not exist or a folder without images.
    """
    paths = []
    for argument in arguments:
        path = Path(argument)
        if path.is_dir():
            inside = sorted(p for p in path.iterdir() if p.suffix.lower() in SUFFIXES)
            if not inside:
                raise UserError(f"{path} holds no images ({', '.join(SUFFIXES)})")
            paths += inside
        elif path.exists():
            paths.append(path)
        else:
            raise UserError(f"{path} does not exist: give image files or folders of them")
    return paths


def read_photo(path: Path) -> Photo:
    """Read an image file; its EXIF orientation is applied.

    Raises:
      UserError: if it cannot be read as an image.
    """
    try:
        with Image.open(path) as opened:
            image = ImageOps.exif_transpose(opened).convert("RGB")
    except (UnidentifiedImageError, OSError, SyntaxError, ValueError) as error:
        raise UserError(f"{path}: cannot be read as an image ({error})") from error
    return Photo(str(path), np.asarray(image))
