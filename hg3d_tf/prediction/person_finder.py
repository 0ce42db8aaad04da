"""Finds all people of a picture in one look, by the finder in the package."""

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from hg3d_tf.cli import UserError
from hg3d_tf.network.finding import GREY, LEAST_SCORE
from hg3d_tf.prediction import finder_decoding
from hg3d_tf.prediction.photos import Photo

# Instead of LEAST_SCORE where one person is asked for, who is there, or who was there in the frame
# before.
LEAST_SCORE_OF_KNOWN = 0.2

_SIGNATURE = "serving_default"


class Found(NamedTuple):
    """The people of a picture, the surest first.

    Attributes:
      boxes: [N, 4] px, round all that is seen of each.
      scores: [N] in [0, 1].
    """

    boxes: np.ndarray
    scores: np.ndarray


PersonFinder = Callable[[Photo], Found]


class LiteRTFinder:
    """Photo -> its people, by LiteRT: no TensorFlow is imported.

    Several threads may share one; it does their photos one after the other.

    Args:
      path: of the file.
      least_score: boxes below it are left out.
      num_threads: that it may use.

    Raises:
      UserError: if the file is not there or no finder.
    """

    def __init__(self, path: str | Path, least_score: float = LEAST_SCORE, num_threads: int = 2):
        from hg3d_tf.tflite.litert import TfliteRunner

        if not Path(path).is_file():
            raise UserError(f"{path} does not exist: the finder comes with the package")
        try:
            self._runner = TfliteRunner(Path(path).read_bytes(), num_threads)
            self.size = self._runner.input_size(_SIGNATURE)
        except (KeyError, ValueError) as error:
            raise UserError(f"{path} is no finder of people: {error}") from error
        self._least_score = least_score

    def __call__(self, photo: Photo) -> Found:
        """Return the people of a photo, in px of its `pixels`."""
        square, scale, corner = letterbox(photo.pixels, self.size)
        maps = self._runner.run(_SIGNATURE, square / np.float32(255))
        maps = {name: value[0] for name, value in maps.items()}
        boxes, scores = finder_decoding.decode(maps["centre"], maps["box"], maps["quality"])
        boxes = (boxes - np.tile(corner, 2)) / scale
        boxes = np.clip(boxes, 0, np.tile(photo.pixels.shape[1::-1], 2)).astype(np.float32)
        sure = (scores >= self._least_score) & (boxes[:, 2:] > boxes[:, :2]).all(axis=1)
        return Found(boxes[sure], scores[sure])


def letterbox(pixels: np.ndarray, size: int) -> tuple[np.ndarray, float, np.ndarray]:
    """Return a picture in the middle of a grey square [size, size, 3], and where it lies there.

    Returns:
      The square; its px for one of the picture; x and y [2] of the picture's corner in it.
    """
    height, width = pixels.shape[:2]
    scale = size / max(height, width)
    small = max(1, round(width * scale)), max(1, round(height * scale))
    # Nearest to the means of covered pixels with which it was trained.
    way = Image.Resampling.HAMMING if scale < 1 else Image.Resampling.BILINEAR
    resized = Image.fromarray(pixels).resize(small, way)
    square = np.full((size, size, 3), GREY, np.uint8)
    x, y = (size - small[0]) // 2, (size - small[1]) // 2
    square[y : y + small[1], x : x + small[0]] = resized
    return square, scale, np.array([x, y])
