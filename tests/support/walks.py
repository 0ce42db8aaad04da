"""A mannequin that walks: joints, and the angles that it was posed with."""

from typing import NamedTuple

import numpy as np

from hg3d_tf.pose_files.sequence import PoseSequence, Space, empty_rows
from synthetic_humans.mannequin.bones import NUM_BONES, bone_index
from synthetic_humans.mannequin.kinematics import forward_kinematics, posed_joints
from synthetic_humans.mannequin.proportions import NUM_LENGTHS, rest_skeleton
from synthetic_humans.rotations import axis_rotations

FOCAL_PX, SIZE_PX, RATE = 1000.0, (1280, 960), 30.0


class Walk(NamedTuple):
    """Truth, axes x right, y down, z forwards, mm from the camera."""

    joints_3d: np.ndarray  # [N, 16, 3]
    joints_2d: np.ndarray  # [N, 16, 2] px
    seconds: np.ndarray  # [N]
    angles: dict[str, np.ndarray]  # by the columns of pose_files.angles, degrees
    stature_m: float


def strides(seconds) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return a walker's pose [N, 15, 3] and its angles [N] by the columns of pose_files.angles."""
    phase = 2 * np.pi * 0.9 * seconds
    angles = {}
    pose = np.zeros((len(seconds), NUM_BONES, 3))
    for side, start in (("l", 0), ("r", np.pi)):
        angles[f"hip_flexion_{side}"] = 5 + 25 * np.sin(phase + start)
        angles[f"knee_angle_{side}"] = 32 + 30 * np.sin(phase + start + 1.3)
        angles[f"arm_flex_{side}"] = -20 * np.sin(phase + start)
        angles[f"elbow_flex_{side}"] = 40 - 15 * np.sin(phase + start)
        for bone, name in (("thigh", "hip_flexion"), ("shank", "knee_angle")):
            pose[:, bone_index(f"{side}_{bone}"), 0] = angles[f"{name}_{side}"]
        for bone, name in (("upper_arm", "arm_flex"), ("forearm", "elbow_flex")):
            pose[:, bone_index(f"{side}_{bone}"), 0] = angles[f"{name}_{side}"]
    return pose, angles


def walk(count=90, turn_deg=40.0, scale=1.05, distance_mm=4500.0) -> Walk:
    """Return a walk of 1.2 m/s, `turn_deg` away from the camera, arms swinging, elbows bent."""
    seconds = np.arange(count) / RATE
    pose, angles = strides(seconds)
    skeleton = rest_skeleton(scale, np.ones(NUM_LENGTHS))
    root = axis_rotations(np.radians(np.full(count, turn_deg)), 1)
    joints = posed_joints(skeleton, *forward_kinematics(pose, root, skeleton.pivots))
    joints = joints + root[:, None, :, 2] * (1200 * (seconds - seconds[-1] / 2))[:, None, None]
    joints_3d = joints * (1, -1, -1) + (0, 0, distance_mm)
    joints_2d = joints_3d[..., :2] / joints_3d[..., 2:] * FOCAL_PX + np.array(SIZE_PX) / 2
    # The ankle's 82 mm are of the mannequin's own canonical size.
    stature = scale * (82 + 452.125519758 + 456.008604234 + 421.517337247)
    stature += scale * (77.938555657 + 182.550526846)
    return Walk(joints_3d, joints_2d, seconds, angles, stature / 1000)


def as_film(walk: Walk, **changed) -> PoseSequence:
    """Return a walk as poses; `changed` fields replace its rows'."""
    rows = empty_rows(len(walk.seconds))
    rows["frame"], rows["seconds"] = np.arange(len(rows)), walk.seconds
    rows["joints_2d"], rows["joints_3d"] = walk.joints_2d, walk.joints_3d
    rows["confidence"], rows["image_size_px"] = 0.9, SIZE_PX
    for name, values in changed.items():
        rows[name] = values
    return PoseSequence(rows, ("walk.mp4",), Space("metric", "camera", "camera"), "walk")
