"""People cut out of any pictures, for the ranges of int8 files and to compare files by."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hg3d_tf import weights
from hg3d_tf.cli import UserError
from hg3d_tf.network.crop import crop_square, square_round
from hg3d_tf.prediction import photos
from hg3d_tf.prediction.person_finder import LiteRTFinder


def crops(folder: str | Path, size: int, count: int) -> np.ndarray:
    """Return crops [N, size, size, 3] float32 in [0, 1] of the pictures in a folder.

    In each picture it is the crop of the person of whom the finder in the package is surest, or the
    whole picture where it finds nobody; every second one is a mirror image. N is at most `count`; a
    picture that cannot be read is named and left out.

    Raises:
      UserError: if the folder holds no picture that can be read.
    """
    found = [*_crops(photos.find_images([folder])[:count], size)]
    if not found:
        raise UserError(f"{folder}: holds no picture that can be read")
    mirrored = [crop[:, ::-1] if i % 2 else crop for i, crop in enumerate(found)]
    return np.stack(mirrored).astype(np.float32) / np.float32(255)


def _crops(paths: list[Path], size: int) -> Iterator[np.ndarray]:
    find = LiteRTFinder(weights.FINDER_FILE)
    for path in paths:
        try:
            photo = photos.read_photo(path)
        except UserError as error:
            print(f"warning: {error}")
            continue
        height, width = photo.pixels.shape[:2]
        box = np.array([*find(photo).boxes, [0, 0, width, height]], float)[0]
        yield crop_square(photo.pixels, *square_round(box), size)
