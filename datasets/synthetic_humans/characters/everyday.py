"""The mannequin's template poses (standing, sitting, reaching, ...) on the motion files' bones."""

import numpy as np
from scipy.spatial.transform import Rotation

from synthetic_humans.characters.bones import NUM_BONES, SIDES, bone, both, sided
from synthetic_humans.characters.retarget import relative
from synthetic_humans.mannequin import poses
from synthetic_humans.mannequin.bones import bone_index
from synthetic_humans.mannequin.kinematics import forward_kinematics
from synthetic_humans.mannequin.proportions import NUM_LENGTHS, rest_skeleton
from synthetic_humans.rotations import axis_rotations

_SKELETON = rest_skeleton(1.0, np.ones(NUM_LENGTHS))
_LIMBS = {
    "{}Arm": "upper_arm",
    "{}ForeArm": "forearm",
    "{}Hand": "hand",
    "{}FingerBase": "hand",
    "{}HandIndex1": "hand",
    "{}Thumb": "hand",
    "{}UpLeg": "thigh",
    "{}Leg": "shank",
    "{}Foot": "foot",
    "{}ToeBase": "foot",
}
# How far from the mannequin's bone to its next one up a bone of the spine has turned.
_SPINE = {"LowerBack": 1 / 3, "Spine": 2 / 3, "Spine1": 1.0}
_NECK = {"Neck": 1 / 3, "Neck1": 2 / 3, "Head": 1.0}
# A level face in the motion files' neck, degrees accumulated (see retarget.py).
_FACE_PITCHES = axis_rotations(np.radians([-16, 5, 16]), 0)  # of Neck, Neck1, Head


def _limb_zero(pattern: str, sign: int) -> np.ndarray:
    """Return the motion file's zero pose of a limb in the mannequin's, where all limbs hang."""
    if pattern in ("{}UpLeg", "{}Leg", "{}Foot", "{}ToeBase"):
        return axis_rotations(np.radians(-20 * sign), 2)
    hanging = axis_rotations(np.radians(-90 * sign), 2)
    # The elbow's flexion goes to the front.
    return hanging @ axis_rotations(np.radians(30), 0) if pattern.endswith("Arm") else hanging


def _between(start: np.ndarray, end: np.ndarray, shares: dict[str, float]) -> np.ndarray:
    """Return rotations [n, 3, 3] on the way from `start` to `end`, each after its share of it."""
    way = Rotation.from_matrix(start.T @ end).as_rotvec()
    return start @ Rotation.from_rotvec(np.outer(list(shares.values()), way)).as_matrix()


def to_motion(angles: np.ndarray, root: np.ndarray) -> np.ndarray:
    """Return the rotations [31, 3, 3] of the bones in their parents.

    Args:
      angles: [15, 3] degrees of the mannequin's bones, see kinematics.py.
      root: [3, 3] rotation of the pelvis.
    """
    turned, _ = forward_kinematics(angles, root, _SKELETON.pivots)
    pelvis, chest, head = (turned[bone_index(name)] for name in ("pelvis", "chest", "head"))
    rotations = np.tile(pelvis, (NUM_BONES, 1, 1))
    rotations[[bone(name) for name in _SPINE]] = _between(pelvis, chest, _SPINE)
    rotations[[bone(name) for name in _NECK]] = _between(chest, head, _NECK) @ _FACE_PITCHES
    rotations[both("{}Shoulder")] = chest
    for side, sign in zip(SIDES, (1, -1), strict=True):
        for pattern, name in _LIMBS.items():
            turn = turned[bone_index(f"{side[0].lower()}_{name}")]
            rotations[bone(sided(pattern, side))] = turn @ _limb_zero(pattern, sign)
    return relative(rotations)


def draw(rng: np.random.Generator, wild: bool) -> tuple[np.ndarray, poses.Pose]:
    """Draw a template pose: rotations [31, 3, 3] of the bones in their parents, and its frame."""
    pose = poses.random_pose(rng, _SKELETON, 1.0, wild)
    return to_motion(pose.angles, pose.root), pose
