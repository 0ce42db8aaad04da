"""Records of the common schema (hg3d_tf.data.schema), made and checked; without TensorFlow."""

from pathlib import Path

import numpy as np

from hg3d_tf.images import ImageError
from hg3d_tf.skeleton import L_SHOULDER, NUM_JOINTS, R_SHOULDER, THORAX
from preparation.photo import Photo
from preparation.stored_crop import SourceImage, Storage, in_stored_crop, plan_crop
from preparation.units import Skipped

# Side of the network's square / longer side of the box of the joints. About MPII's 1.25 times the
# person's height, for a box that ends at the ankles.
CROP_PER_BOX = 1.4
_MOST_SIDE_PX = 1e6


def labelled_box(joints_2d: np.ndarray, visible: np.ndarray) -> np.ndarray:
    """Return x1, y1, x2, y2 of the visible joints; zeros if there is none."""
    if not visible.any():
        return np.zeros(4)
    points = joints_2d[visible]
    return np.concatenate([points.min(0), points.max(0)])


def square_around(box: np.ndarray) -> tuple[np.ndarray, float]:
    """Return center [2] and side of the network's square for a box of joints."""
    low, high = box.reshape(2, 2)
    return (low + high) / 2, (high - low).max() * CROP_PER_BOX


def with_mid_shoulder_thorax(joints: np.ndarray) -> np.ndarray:
    """Return joints [..., 16, D] with the thorax half way between the shoulders."""
    joints = joints.copy()
    joints[..., THORAX, :] = (joints[..., R_SHOULDER, :] + joints[..., L_SHOULDER, :]) / 2
    return joints


def pose_record(
    key: str,
    joints_2d: np.ndarray,
    visible: np.ndarray,
    joints_3d: np.ndarray | None = None,
    intrinsics: np.ndarray | None = None,
    square: tuple[np.ndarray, float] | None = None,
    **more,
) -> dict | Skipped:
    """Return a record without its image, in px of the source; or why there is none.

    Args:
      key: see `hg3d_tf.data.schema`, as for all that follows.
      joints_2d: [16, 2] px; what is not visible may hold anything.
      visible: [16] bool.
      joints_3d: [16, 3] mm in the camera frame, or None.
      intrinsics: fx, fy, cx, cy px, or None.
      square: center and side of the network's square; None: around the visible joints.
      **more: further fields.
    """
    joints_2d = np.where(visible[:, None], joints_2d, 0).astype(np.float64)
    has_depth = joints_3d is not None
    joints_3d = np.zeros((NUM_JOINTS, 3)) if joints_3d is None else joints_3d
    if not (np.isfinite(joints_2d).all() and np.isfinite(joints_3d[visible]).all()):
        return Skipped(key, "NaN or infinite joints")
    box = labelled_box(joints_2d, visible)
    center, side = square_around(box) if square is None else square
    if not (np.isfinite(center).all() and side >= 1):
        return Skipped(key, "the person's box is smaller than a pixel")
    if not side < _MOST_SIDE_PX:
        return Skipped(key, "joints far outside of any image")
    record = {
        "key": key,
        "joints_2d": joints_2d,
        "visible": visible,
        "occluded": np.zeros(NUM_JOINTS, bool),
        "joints_3d": joints_3d,
        "has_depth": has_depth,
        "intrinsics": np.zeros(4) if intrinsics is None else intrinsics,
        "crop_center": center,
        "crop_side": side,
        "box": box,
    }
    return record | more


def stored(record: dict, image: SourceImage, storage: Storage) -> dict | Skipped:
    """Return the record with the part of its image that is stored, in px of that part."""
    try:
        crop = plan_crop(record["crop_center"], record["crop_side"], image, storage)
    except ValueError as error:
        return Skipped(record["key"], str(error))
    return in_stored_crop(record, crop) | {"image": image.jpeg(crop, storage.quality)}


def open_photo(path: Path, key: str, as_stored: bool = True) -> Photo | Skipped:
    """Return the photo in a file; or why there is none.

    Args:
      path: of the file.
      key: of the example.
      as_stored: whether labels count the pixels as they are stored, before Exif turns them: those
        of the public sets do, whose tools know nothing of Exif.
    """
    try:
        return Photo(path, as_stored)
    except FileNotFoundError:
        return Skipped(key, "no image file")
    except ImageError as error:
        return Skipped(key, f"image not read: {error}")
    except OSError as error:
        return Skipped(key, f"unreadable image file: {error.strerror}")


def typed(record: dict) -> dict:
    """Return the record with the schema's smaller number types."""
    return {name: _narrowed(value) for name, value in record.items()}


def _narrowed(value):
    if isinstance(value, (np.ndarray, np.floating)) and value.dtype == np.float64:
        return value.astype(np.float32)
    return value
