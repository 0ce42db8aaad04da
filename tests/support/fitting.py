"""Joints where moving skeletons must have them, by the bones' lengths and directions alone."""

import numpy as np

from hg3d_tf.pose_files import markers, rig, turns
from hg3d_tf.pose_files.sequence import PoseSequence
from hg3d_tf.skeleton import PELVIS, joint_index


def fitted_joints(film: PoseSequence) -> np.ndarray:
    """Return joints [N, 16, 3] (y up, mm) with the bones' directions, but constant lengths."""
    joints, lengths = markers.y_up(film.rows["joints_3d"]), rig.fitted_lengths_mm(film)
    fitted = np.full(joints.shape, np.nan)
    fitted[:, PELVIS] = joints[:, PELVIS]
    right, left = joint_index("r_hip"), joint_index("l_hip")
    hips = lengths["hip"] * turns.unit(joints[:, left] - joints[:, right])
    fitted[:, left], fitted[:, right] = fitted[:, PELVIS] + hips, fitted[:, PELVIS] - hips
    for bone in rig.BONES:
        if bone.target:
            ends = (bone.joint, bone.target)
            start, end = map(joint_index, ends)
            length = next(lengths[name] for name, pairs in rig.LENGTHS.items() if ends in pairs)
            direction = turns.unit(joints[:, end] - joints[:, start])
            fitted[:, end] = fitted[:, start] + length * direction
    return fitted
