"""Poses of people in image files."""

import dataclasses
import functools
import io
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

from hg3d_tf import cli
from hg3d_tf.cli import UserError
from hg3d_tf.skeleton import JOINT_NAMES

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


# Photo and box [4] px, or None for the whole image -> joints_2d [16, 2] px, joints_3d [16, 3] mm,
# confidence [16] (see serving.PoseServer).
Predictor = Callable[[Photo, "np.ndarray | None"], dict[str, np.ndarray]]


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


def parse_box(values: list[str] | None) -> np.ndarray | None:
    """Return the box [4] px that the flag --box gives as text, None if it was not given.

    Raises:
      UserError: if it is no box.
    """
    if not values:
        return None
    try:
        box = np.array([float(value) for value in values], np.float32)
        valid = box.shape == (4,) and (box[2:] > box[:2]).all() and np.isfinite(box).all()
    except ValueError:
        valid = False
    if not valid:
        raise UserError(f"--box={','.join(values)} is not x1,y1,x2,y2 with x1 < x2 and y1 < y2")
    return box


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


def load_predictor(model: str | Path) -> Predictor:
    """Return the predictor of a .tflite file, a SavedModel or a training folder's newest weights.

    TensorFlow is imported for the latter two only.

    Raises:
      UserError: if it is none of them.
    """
    if str(model).endswith(".tflite"):
        from hg3d_tf.litert_predictor import LiteRTPredictor

        return LiteRTPredictor(model)
    return _tensorflow_predictor(Path(model))


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
        image_bytes = tf.constant([photo.encoded])
        if box is None:
            outputs = whole_image(image_bytes=image_bytes)
        else:
            boxes = tf.constant(box, tf.float32)[tf.newaxis]
            outputs = in_box(image_bytes=image_bytes, boxes=boxes)
        return {name: value.numpy()[0] for name, value in outputs.items()}

    return predict


def as_json(image: str | Path, pose: dict[str, np.ndarray], box: np.ndarray | None = None) -> dict:
    """Return a pose with its joints by name, and the box that it was found in, if given."""
    return {
        "image": str(image),
        **({} if box is None else {"box_px": np.round(np.asarray(box, float), 1).tolist()}),
        "joints_2d_px": _by_name(pose["joints_2d"]),
        "joints_3d_mm": _by_name(pose["joints_3d"]),
        "confidence": _by_name(pose["confidence"]),
    }


def _by_name(values: np.ndarray) -> dict:
    return dict(zip(JOINT_NAMES, np.round(values.astype(float), 3).tolist(), strict=True))
