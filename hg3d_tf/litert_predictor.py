"""The network as a .tflite file, run by LiteRT: no TensorFlow is imported."""

from pathlib import Path

import numpy as np

from hg3d_tf.cli import UserError
from hg3d_tf.network.crop import BOX_MARGIN, crop_square
from hg3d_tf.prediction import Photo

_SIGNATURE = "joints"


class LiteRTPredictor:
    """Photo and box -> joints, as `prediction.Predictor`.

    Raises:
      UserError: if the file is not there or not a network of this project.
    """

    def __init__(self, path: str | Path, num_threads: int = 2):
        from hg3d_tf.tflite.litert import TfliteRunner

        if not Path(path).is_file():
            raise UserError(f"{path} does not exist: give a .tflite file that export wrote")
        try:
            self._runner = TfliteRunner(Path(path).read_bytes(), num_threads)
            self.size = self._runner.input_size(_SIGNATURE)
        except (KeyError, ValueError) as error:
            raise UserError(f"{path} is not a network that export wrote: {error}") from error

    def __call__(self, photo: Photo, box: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Return the outputs of serving.PoseServer for one person."""
        height, width = photo.pixels.shape[:2]
        margin = 1.0 if box is None else BOX_MARGIN
        box = np.array([0, 0, width, height], float) if box is None else np.asarray(box, float)
        side = max(box[2:] - box[:2]) * margin
        corner = (box[:2] + box[2:] - side) / 2
        crop = crop_square(photo.pixels, corner, side, self.size)
        outputs = self._runner.run(_SIGNATURE, crop / np.float32(255))
        pose = {name: value[0] for name, value in outputs.items()}
        return pose | {"joints_2d": corner + pose["joints_2d"] * side / self.size}
