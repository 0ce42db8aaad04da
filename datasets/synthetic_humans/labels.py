"""The fields of an example."""

import numpy as np

from synthetic_humans.camera import project
from synthetic_humans.task import Task


def labels(
    task: Task,
    image: bytes,
    joints: np.ndarray,
    occluded: np.ndarray,
    intrinsics: np.ndarray,
    crop_center: np.ndarray,
    crop_side: float,
    pose_kind: str,
) -> dict:
    """Return the fields of one example.

    Args:
      task: which one; the wild hides its 3D labels.
      image: JPEG.
      joints: [16, 3] camera frame, mm.
      occluded: [16].
      intrinsics, crop_center, crop_side: from `frame_person`.
      pose_kind: see poses.py.
    """
    joints_2d = project(joints, intrinsics)
    has_depth = task.domain != "wild"
    return {
        "key": f"{task.config}/{task.split}/{task.index:06d}",
        "image": image,
        "joints_2d": joints_2d.astype(np.float32),
        "visible": np.ones(len(joints), bool),
        "occluded": occluded,
        "joints_3d": (joints if has_depth else np.zeros_like(joints)).astype(np.float32),
        "truth": joints.astype(np.float32),
        "has_depth": has_depth,
        "intrinsics": intrinsics.astype(np.float32),
        "crop_center": crop_center.astype(np.float32),
        "crop_side": np.float32(crop_side),
        "box": np.concatenate([joints_2d.min(axis=0), joints_2d.max(axis=0)]).astype(np.float32),
        "pose_kind": pose_kind,
    }
