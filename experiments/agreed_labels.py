"""Labels of a person on which the network in the package and MediaPipe Pose agree."""

import numpy as np
from finding_measures import LIMBS

from hg3d_tf.skeleton import (
    BONES,
    JOINT_NAMES,
    MIDDLES,
    NUM_JOINTS,
    PELVIS,
    THORAX,
    UPPER_NECK,
    joint_index,
)

_AGREED = 0.12  # longer sides of the person's box
# mm, the mean distance of the joints of several looks from their mean: beyond it front and back, or
# left and right, are mostly exchanged in some of them.
_MOST_SPREAD = 70
_FEWEST_LOOKS = 2
# Landmarks of MediaPipe Pose.
_LANDMARKS = {"hip": 23, "knee": 25, "ankle": 27, "shoulder": 11, "elbow": 13, "wrist": 15}
_LIMB_LANDMARKS = [_LANDMARKS[name[2:]] + (name[0] == "r") for name in LIMBS]
_EARS = (7, 8)
_OURS = [joint_index(name) for name in LIMBS]
_HEAD_TOP = joint_index("head_top")
# On the line from the thorax to the ears' middle, in its length: where upper neck and head top are.
_UPPER_NECK_AT, _HEAD_TOP_AT = 0.5, 1.575
# LSPET's annotators mark hips further out and higher than MediaPipe sees them: by these shares of
# the way from hip to hip, and of the trunk (least absolute deviations over the photos 1 to 9000 in
# which both agree). People are seen from any side there, so that it holds in 3D, too.
_HIPS_OUT, _HIPS_UP = 0.157, 0.063
_L_HIP, _R_HIP, _SHOULDERS = 0, 1, [6, 7]  # of LIMBS


def label(ours: np.ndarray, theirs: list[dict], side: float, least_joints: int) -> dict:
    """Return a person's entry of annotations.json; {} if too little is agreed on.

    Args:
      ours: [16, 2] px.
      theirs: of several looks `image` [33, 2] px and `world` [33, 3] m, or {}. The first tells
        places, all together tell depth.
      side: longer side of the box, px.
      least_joints: limb joints that must be agreed on.
    """
    if not theirs[0]:
        return {}
    limbs = _as_annotated(np.array(theirs[0]["image"])[_LIMB_LANDMARKS])
    agreed = np.linalg.norm(limbs - ours[_OURS], axis=1) < _AGREED * side
    if agreed.sum() < least_joints:
        return {}
    joints, visible = np.zeros((NUM_JOINTS, 2)), np.zeros(NUM_JOINTS, bool)
    joints[_OURS], visible[_OURS] = (limbs + ours[_OURS]) / 2, agreed
    for middle, ends in MIDDLES.items():
        joints[middle], visible[middle] = joints[ends].mean(0), visible[ends].all()
    entry = {}
    pose = mean_pose_mm([pose_mm(np.array(look["world"])) for look in theirs if look])
    if agreed.all() and pose is not None:
        # The network goes on as it is where the other has no such joints.
        for joint in (UPPER_NECK, _HEAD_TOP):
            joints[joint], visible[joint] = ours[joint], True
        entry["joints_3d_mm"] = pose.tolist()
    # As in MPII, the top left pixel's centre is (1, 1).
    return {"joints": (joints + 0.5).tolist(), "joints_vis": visible.astype(int).tolist()} | entry


def _as_annotated(limbs: np.ndarray) -> np.ndarray:
    """Return MediaPipe's limb joints [12, D] with hips where annotators mark them."""
    limbs = np.array(limbs, float)
    across = limbs[_R_HIP] - limbs[_L_HIP]
    trunk = limbs[_SHOULDERS].mean(0) - limbs[[_L_HIP, _R_HIP]].mean(0)
    limbs[_L_HIP] += _HIPS_UP * trunk - _HIPS_OUT * across
    limbs[_R_HIP] += _HIPS_UP * trunk + _HIPS_OUT * across
    return limbs


def mean_pose_mm(poses: list[np.ndarray]) -> np.ndarray | None:
    """Return the mean [16, 3] of poses, mm, made equally large, the pelvis at 0.

    None where they do not agree, or are too few to tell.
    """
    if len(poses) < _FEWEST_LOOKS:
        return None
    start, end = map(list, zip(*BONES, strict=True))
    stacked = np.stack(poses)
    sizes = np.linalg.norm(stacked[:, start] - stacked[:, end], axis=-1).sum(axis=1)
    stacked = (stacked - stacked[:, [PELVIS]]) * (sizes.mean() / sizes)[:, np.newaxis, np.newaxis]
    mean = stacked.mean(axis=0)
    return mean if np.linalg.norm(stacked - mean, axis=-1).mean() <= _MOST_SPREAD else None


def pose_mm(world: np.ndarray) -> np.ndarray:
    """Return joints [16, 3] mm of MediaPipe's landmarks [33, 3] m."""
    joints = np.zeros((len(JOINT_NAMES), 3))
    joints[_OURS] = _as_annotated(world[_LIMB_LANDMARKS])
    for middle, ends in MIDDLES.items():
        joints[middle] = joints[ends].mean(0)
    neck = world[list(_EARS)].mean(0) - joints[THORAX]
    joints[UPPER_NECK] = joints[THORAX] + _UPPER_NECK_AT * neck
    joints[_HEAD_TOP] = joints[THORAX] + _HEAD_TOP_AT * neck
    return joints * 1000
