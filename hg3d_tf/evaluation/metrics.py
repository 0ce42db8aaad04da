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


def pck_by_joint(correct: np.ndarray, counted: np.ndarray) -> np.ndarray:
    """Return the share [J] of the `counted` frames [N, J] that are `correct`; NaN without any."""
    count = counted.sum(axis=0)
    share = (correct & counted).sum(axis=0) / np.maximum(count, 1)
    return np.where(count > 0, share, np.nan)


def auc(distances: np.ndarray, thresholds: np.ndarray) -> float:
    """Return the mean of `pck` over thresholds ("area under the curve")."""
    return float(np.mean([pck(distances, threshold) for threshold in thresholds]))


def scale_bones(joints: np.ndarray, bone_sum) -> np.ndarray:
    """Scale poses [N, 16, D] so that their 14 bones sum to `bone_sum`, a number or [N].

    A pose whose joints lie in one place stays as it is.
    """
    length = bone_lengths(joints).sum(axis=-1)
    scale = bone_sum / np.where(length > 0, length, 1)
    return joints * scale[:, np.newaxis, np.newaxis]


def align_procrustes(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Turn, move and scale each pose [N, J, D] to where its squared distance to `truth` is least.

    No pose is mirrored.
    """
    center, truth_center = predicted.mean(1, keepdims=True), truth.mean(1, keepdims=True)
    moved, target = predicted - center, truth - truth_center
    u, singular, vt = np.linalg.svd(np.swapaxes(target, 1, 2) @ moved)
    sign = np.ones_like(singular)
    sign[:, -1] = np.sign(np.linalg.det(u @ vt))
    rotation = (u * sign[:, np.newaxis]) @ vt  # truth = scale * rotation @ predicted
    size = np.maximum(np.square(moved).sum((1, 2)), np.finfo(np.float64).tiny)
    scale = (singular * sign).sum(1) / size
    return scale[:, np.newaxis, np.newaxis] * moved @ np.swapaxes(rotation, 1, 2) + truth_center


def p_mpjpe(predicted: np.ndarray, truth: np.ndarray) -> np.ndarray:
    """Return each frame's mean joint distance [N] after `align_procrustes`."""
    return distances(align_procrustes(predicted, truth), truth).mean(axis=-1)


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
