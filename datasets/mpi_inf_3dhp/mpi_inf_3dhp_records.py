"""What the training videos and the test images of MPI-INF-3DHP share: labels into records."""

import numpy as np

from hg3d_tf.data.joint_orders import MPI_INF_3DHP_17_NAMES, MPII_16_FROM_MPI_INF_3DHP_17
from hg3d_tf.skeleton import NUM_JOINTS, THORAX
from preparation.records import pose_record, with_mid_shoulder_thorax
from preparation.units import Skipped

# From the release's pixels, whose first has its centre at (0, 0), to ours, where it is its corner.
PIXEL_SHIFT = 0.5
_ORDER = list(MPII_16_FROM_MPI_INF_3DHP_17)
# Labels and a pinhole that fits them agree at least this well.
_FITTED_WITHIN_PX = 2.0


def project(joints_3d: np.ndarray, intrinsics: np.ndarray) -> np.ndarray:
    """Return px [..., 2] of points [..., 3] of the camera frame, seen by fx, fy, cx, cy."""
    return joints_3d[..., :2] / joints_3d[..., 2:] * intrinsics[:2] + intrinsics[2:]


def fitted_intrinsics(joints_2d: np.ndarray, joints_3d: np.ndarray) -> np.ndarray | None:
    """Return the fx, fy, cx, cy [4] that map joints [..., 3] mm to [..., 2] px, or None.

    The test set comes without calibration; its 2D labels are projections of its 3D labels.
    """
    points, pixels = joints_3d.reshape(-1, 3), joints_2d.reshape(-1, 2)
    usable = np.isfinite(points).all(1) & np.isfinite(pixels).all(1) & (points[:, 2] > 0)
    points, pixels = points[usable], pixels[usable]
    if not len(points):
        return None
    planes = (points[:, :2] / points[:, 2:]).T
    lines = [np.polyfit(plane, pixel, 1) for plane, pixel in zip(planes, pixels.T, strict=True)]
    intrinsics = np.array(lines).T.ravel()
    distance = np.linalg.norm(project(points, intrinsics) - pixels, axis=1)
    return intrinsics if np.median(distance) < _FITTED_WITHIN_PX else None


def labelled_record(
    key: str,
    joints_2d: np.ndarray,
    joints_3d: np.ndarray,
    universal: np.ndarray,
    intrinsics: np.ndarray | None,
    **more,
) -> dict | Skipped:
    """Return a record without its image.

    Args:
      key: of the example.
      joints_2d: [17, 2] px of the release.
      joints_3d: [17, 3] mm in the camera frame.
      universal: [17, 3] mm, the same pose on a skeleton of standard height.
      intrinsics: fx, fy, cx, cy, px of the release, or None.
      **more: further fields.
    """
    if (joints_3d[:, 2] <= 0).any():
        return Skipped(key, "a joint behind the camera")
    in_16_3d = with_mid_shoulder_thorax(joints_3d[_ORDER])
    in_16_2d = with_mid_shoulder_thorax(joints_2d[_ORDER])
    if intrinsics is not None:
        in_16_2d[THORAX] = project(in_16_3d[THORAX], intrinsics)
        intrinsics = intrinsics + np.array([0, 0, PIXEL_SHIFT, PIXEL_SHIFT])
    return pose_record(
        key,
        in_16_2d + PIXEL_SHIFT,
        np.ones(NUM_JOINTS, bool),
        in_16_3d,
        intrinsics,
        joints_2d_17=joints_2d + PIXEL_SHIFT,
        joints_3d_17=joints_3d,
        joints_3d_universal_17=universal,
        visible_17=np.ones(len(MPI_INF_3DHP_17_NAMES), bool),
        **more,
    )
