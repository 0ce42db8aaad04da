"""The angles of knees and elbows as texts, for pictures."""

import numpy as np

from hg3d_tf.pose_files import angles
from hg3d_tf.skeleton import joint_index

_NAMES = {"knee": "knee_angle", "elbow": "elbow_flex"}
_COLUMNS = {
    joint_index(f"{side}_{joint}"): angles.COLUMNS.index(f"{name}_{side}")
    for joint, name in _NAMES.items()
    for side in "rl"
}


def labels(joints_3d: np.ndarray, unclear: np.ndarray) -> dict[int, str]:
    """Return the degrees of those knees and elbows that are clear, by the joint's place.

    Args:
      joints_3d: [16, 3] mm.
      unclear: [16] bool.
    """
    [degrees] = angles.joint_angles(joints_3d[np.newaxis], ~unclear[np.newaxis])
    known = {joint: degrees[column] for joint, column in _COLUMNS.items()}
    return {
        joint: f"{value:.0f}\N{DEGREE SIGN}" for joint, value in known.items() if value == value
    }
