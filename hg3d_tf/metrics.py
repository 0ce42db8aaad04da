"""Metrics in numpy, one value per frame or joint, so that any mean can be taken of them.

Joints are [N, 16, D] in MPII order. Which frames, joints, root and scale a published number uses
is a protocol's business.
"""

import numpy as np

from hg3d_tf.skeleton import SYMMETRY_PAIRS, bone_lengths, joint_index


def distances(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return the distance of each joint [N, J] of two poses [N, J, D]; nothing is aligned here.

    Its mean over joints and frames is the MPJPE ("mean per joint position error").
    """
    return np.linalg.norm(predicted - truth, axis=-1)


def pck(distances: np.ndarray, threshold, visible: np.ndarray | None = None) -> float:
    """Return the share of joints nearer than a threshold ("percentage of correct keypoints").

    Args:
      distances: [N, J].
      threshold: a number or [N, 1], in the same unit; the comparison is strict.
      visible: [N, J] bool, which joints count; all by default.
    """
    correct = distances < threshold
    return float(correct.mean() if visible is None else correct[visible].mean())


def symmetry_errors(joints: np.ndarray) -> dict[str, np.ndarray]:
    """Return the absolute left-right difference of each limb's length, name -> [N]."""
    pairs = {
        name: [tuple(joint_index(joint) for joint in bone) for bone in pair]
        for name, pair in SYMMETRY_PAIRS.items()
    }
    return {
        name: np.abs(np.diff(bone_lengths(joints, pair), axis=-1))[..., 0]
        for name, pair in pairs.items()
    }
