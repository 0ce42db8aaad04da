"""Cameras, and the window that frames a person.

World frame, mm: y up, the floor at y = 0. Camera frame: x right, y down, z forwards.
"""

from typing import NamedTuple

import numpy as np

from hg3d_tf.skeleton import PELVIS
from synthetic_humans.rotations import axis_rotations

# The square that the network sees: the joints' box and some flesh on every side, mm, times this.
_CROP_FACTOR = 1.15
_FLESH_MM = 80.0
# The stored window over the crop: context for augmentation.
_WINDOW_FACTOR = 1.15


def project(joints: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """Return the pixels [..., 2] of camera-frame points [..., 3]."""
    return joints[..., :2] / joints[..., 2:] * intrinsics[:2] + intrinsics[2:]


def frame_person(joints: np.ndarray, image_size: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Choose the stored window around a person.

    Args:
      joints: [16, 3] camera frame, mm.
      image_size: px.

    Returns:
      The window's intrinsics [4], and the crop's centre [2] and side in it, px.
    """
    flat = joints[:, :2] / joints[:, 2:]
    low, high = flat.min(axis=0), flat.max(axis=0)
    flesh = 2 * _FLESH_MM / joints[PELVIS, 2]
    side = _CROP_FACTOR * ((high - low).max() + flesh)
    focal = image_size / (_WINDOW_FACTOR * side)
    middle = np.full(2, image_size / 2)
    principal = middle - focal * (low + high) / 2
    return np.array([focal, focal, *principal]), middle, focal * side


class Camera(NamedTuple):
    """X_camera = rotation (X_world - center), x right, y down, z forwards, mm."""

    rotation: np.ndarray
    center: np.ndarray

    def to_camera(self, points: np.ndarray) -> np.ndarray:
        """Turn world points [..., 3] into the camera frame."""
        return (points - self.center) @ self.rotation.T


def look_at(center: np.ndarray, target: np.ndarray, roll_rad: float = 0.0) -> Camera:
    """Return a camera at `center` whose optical axis passes through `target`."""
    forward = (target - center) / np.linalg.norm(target - center)
    right = np.cross(forward, [0.0, 1.0, 0.0])
    right /= np.linalg.norm(right)
    rotation = np.stack([right, np.cross(forward, right), forward])
    return Camera(axis_rotations(np.float64(roll_rad), 2) @ rotation, center)
