"""Whatever finds the pose in a box of a photo: a .tflite file, a SavedModel, a training folder."""

import difflib
from collections.abc import Callable
from pathlib import Path

import numpy as np

from hg3d_tf import cli, files, line_of_sight, weights
from hg3d_tf.cli import UserError
from hg3d_tf.network.crop import BOX_MARGIN, crop_square, square_round
from hg3d_tf.prediction.photos import Photo
from hg3d_tf.skeleton import canonical_scale
from hg3d_tf.tflite import delta, heatmap_decoding
from hg3d_tf.training import workdir

# Photo and box [4] px, or None for the whole image -> joints_2d [16, 2] px, joints_3d [16, 3] mm,
# confidence [16] (see pose_server.PoseServer).
Predictor = Callable[[Photo, "np.ndarray | None"], dict[str, np.ndarray]]

_SIGNATURE, _HEATMAPS = "joints", "heatmaps"
_KINDS = "a .tflite file that export wrote, the folder of a SavedModel or a training folder"
# The models where none is named: the larger one, for films without the flip test, for speed.
FOR_PHOTOS, FOR_FILMS = "shipped-large", "shipped-film"


def model_path(model: str | Path) -> Path:
    """Return the path that a user's text means, which may be a name of `weights.MODEL_FILES`."""
    return weights.MODEL_FILES.get(str(model)) or files.user_path(model)


def load_predictor(model: str | Path, num_threads: int = 2) -> Predictor:
    """Return the predictor of a .tflite file, a SavedModel or a training folder's newest weights.

    TensorFlow is imported for the latter two only. Names of `weights.MODEL_FILES` are files.
    `num_threads` is how many LiteRT may use.

    Raises:
      UserError: if it is none of them.
    """
    model = model_path(model)
    check(model)
    if model.is_file():
        return LiteRTPredictor(model, num_threads)
    return _tensorflow_predictor(model)


def check(model: Path) -> None:
    """Tell, by what costs no time, whether there is a model at a path.

    Raises:
      UserError: if there is none.
    """
    if model.suffix == ".tflite" or model == weights.FILM_FILE:
        if not model.is_file():
            raise UserError(f"{model} does not exist: give a .tflite file that export wrote")
    elif model.is_file():
        raise UserError(f"{model} is no model: give {_KINDS}")
    elif not model.exists():
        near = difflib.get_close_matches(str(model), weights.MODEL_FILES, 1)
        advice = f"did you mean {near[0]}?" if near else f"give {_KINDS}"
        raise UserError(f"{model} does not exist: {advice}")
    elif not (model / "saved_model.pb").exists():
        workdir.require_network(model)


class LiteRTPredictor:
    """Photo and box -> joints, as `Predictor`, by LiteRT: no TensorFlow is imported.

    Several threads may share one; it does their photos one after the other.

    Raises:
      UserError: if the file is not there or not a network of this project.
    """

    def __init__(self, path: str | Path, num_threads: int = 2):
        from hg3d_tf.tflite.litert import TfliteRunner

        check(Path(path))
        try:
            self._runner = TfliteRunner(_content(Path(path)), num_threads)
            self._decodes = _SIGNATURE in self._runner.signatures
            self.size = self._runner.input_size(_SIGNATURE if self._decodes else _HEATMAPS)
        except (KeyError, ValueError) as error:
            raise UserError(f"{path} is not a network that export wrote: {error}") from error

    def __call__(self, photo: Photo, box: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Return the outputs of pose_server.PoseServer for one person."""
        height, width = photo.pixels.shape[:2]
        margin = 1.0 if box is None else BOX_MARGIN
        box = np.array([0, 0, width, height], float) if box is None else np.asarray(box, float)
        corner, side = square_round(box, margin)
        crop = crop_square(photo.pixels, corner, side, self.size)
        pose = self._pose(crop / np.float32(255))
        off_middle = corner + side / 2 - np.array([width, height]) / 2
        off_axis = off_middle[:, np.newaxis] / (line_of_sight.ASSUMED_FOCAL * max(width, height))
        joints = line_of_sight.turned(_of_canonical_size(pose).T, off_axis)
        joints_2d = corner + pose["joints_2d"] * side / self.size
        return pose | {"joints_2d": joints_2d, "joints_3d": np.stack(joints, axis=-1)}

    def _pose(self, crop: np.ndarray) -> dict[str, np.ndarray]:
        outputs = self._runner.run(_SIGNATURE if self._decodes else _HEATMAPS, crop)
        outputs = {name: value[0] for name, value in outputs.items()}
        if self._decodes:
            return outputs
        return heatmap_decoding.decode(outputs["heatmaps"], outputs["depth"], self.size)


def _of_canonical_size(pose: dict[str, np.ndarray]) -> np.ndarray:
    """Return joints_3d, as they are if they have that size: models of earlier versions differ."""
    return pose["joints_3d"] * canonical_scale(pose["joints_3d"], pose["confidence"])


def _content(path: Path) -> bytes:
    """Return a file's bytes, those of the file for films put together."""
    if path != weights.FILM_FILE:
        return path.read_bytes()
    return delta.join(weights.LARGE_TFLITE_FILE.read_bytes(), path.read_bytes())


def _tensorflow_predictor(folder: Path) -> Predictor:
    cli.import_tensorflow_quietly()
    import tensorflow as tf

    if (folder / "saved_model.pb").exists():
        # Functions do not keep alive what they belong to: `owner` does.
        owner = tf.saved_model.load(str(folder))
        whole_image = owner.signatures["serving_default"]
        in_box = owner.signatures["predict_boxes"]
    else:
        from hg3d_tf.serving.pose_server import PoseServer
        from hg3d_tf.training import checkpoints

        owner = PoseServer(checkpoints.load_model(folder))
        whole_image, in_box = owner.predict, owner.predict_boxes

    def predict(photo: Photo, box: np.ndarray | None = None, owner=owner) -> dict[str, np.ndarray]:
        smaller = photo.for_served_graph
        image_bytes = tf.constant([smaller.encoded])
        try:
            if box is None:
                outputs = whole_image(image_bytes=image_bytes)
            else:
                boxes = tf.constant([np.reshape(box, (2, 2)) * smaller.scale], tf.float32)
                outputs = in_box(image_bytes=image_bytes, boxes=tf.reshape(boxes, [1, 4]))
        except tf.errors.OpError as error:
            raise UserError(f"{photo.name}: the model refuses it ({_reason(error)})") from error
        pose = {name: value.numpy()[0] for name, value in outputs.items()}
        return pose | {
            "joints_2d": pose["joints_2d"] / np.float32(smaller.scale),
            "joints_3d": _of_canonical_size(pose),
        }

    return predict


def _reason(error) -> str:
    """Return the line in which TensorFlow says what is wrong, before it names the graph's nodes."""
    lines = error.message.split("\n\t [[")[0].split(" [[")[0].strip().splitlines()
    return lines[-1][:200] if lines else type(error).__name__
