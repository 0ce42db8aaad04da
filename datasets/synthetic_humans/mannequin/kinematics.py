"""The mannequin's bones: names, joint limits, forward kinematics.

Body frame, mm: x to the person's LEFT, y up, z to the front, origin at the pelvis. In the rest pose
the person stands upright with hanging arms, palms towards the thighs.

A pose is an array [..., 15, 3] of angles in degrees, anatomical: flexion, abduction (side bend to
the left for the trunk and head) and inward twist (to the left for the trunk and head). Equal
numbers on both sides make a symmetric pose.
"""

import numpy as np

from hg3d_tf.skeleton import JOINT_NAMES, joint_index
from synthetic_humans.mannequin.bones import BONE_NAMES, bone_index, split_side
from synthetic_humans.mannequin.proportions import Skeleton
from synthetic_humans.rotations import axis_rotations

_PARENT = {"chest": "pelvis", "head": "chest", "upper_arm": "chest", "forearm": "upper_arm"}
_PARENT |= {"hand": "forearm", "thigh": "pelvis", "shank": "thigh", "foot": "shank"}
# Bones of equal depth, parents first: forward kinematics takes one step for each row.
_LEVELS = (
    ("chest", "l_thigh", "r_thigh"),
    ("head", "l_upper_arm", "r_upper_arm", "l_shank", "r_shank"),
    ("l_forearm", "r_forearm", "l_foot", "r_foot"),
    ("l_hand", "r_hand"),
)


def parent_name(name: str) -> str:
    """Return the bone that carries the bone called `name`."""
    side, bone = split_side(name)
    parent = _PARENT[bone]
    return parent if parent in BONE_NAMES else side + parent


_LEVEL_INDICES = tuple(
    (
        np.array([bone_index(name) for name in names]),
        np.array([bone_index(parent_name(name)) for name in names]),
    )
    for names in _LEVELS
)
# Degrees (lowest, highest) for flexion, abduction, twist. The forearm's pronation is in the hand.
_LIMITS = {
    "pelvis": ((0, 0), (0, 0), (0, 0)),
    "chest": ((-25, 60), (-25, 25), (-35, 35)),
    "head": ((-40, 45), (-30, 30), (-65, 65)),
    "upper_arm": ((-45, 175), (-30, 95), (-60, 70)),
    "forearm": ((0, 145), (0, 0), (0, 0)),
    "hand": ((-20, 25), (-50, 50), (-75, 75)),
    "thigh": ((-25, 125), (-18, 50), (-35, 35)),
    "shank": ((0, 150), (0, 0), (0, 0)),
    "foot": ((-20, 45), (-10, 10), (-15, 15)),
}
LIMITS_DEG = np.array([_LIMITS[split_side(name)[1]] for name in BONE_NAMES], np.float64)
# Flexion lifts arms and thighs to the front; trunk, shanks and soles turn the other way about x.
_FLEXION_SIGN = {"upper_arm": -1, "forearm": -1, "hand": -1, "thigh": -1}
_SIGNS = np.array(
    [
        (
            _FLEXION_SIGN.get(bone, 1),
            1 if side == "l_" else -1,
            -1 if side == "l_" else 1,
        )
        for side, bone in map(split_side, BONE_NAMES)
    ],
    np.float64,
)
# The bone that carries each joint of the 16.
_CARRIERS = {"ankle": "shank", "knee": "thigh", "hip": "pelvis", "pelvis": "pelvis"}
_CARRIERS |= {"thorax": "chest", "upper_neck": "chest", "head_top": "head"}
_CARRIERS |= {"wrist": "forearm", "elbow": "upper_arm", "shoulder": "chest"}


def _carrier(joint: str) -> int:
    side, name = split_side(joint)
    carrier = _CARRIERS[name]
    return bone_index(carrier if carrier in BONE_NAMES else side + carrier)


JOINT_CARRIERS = np.array([_carrier(name) for name in JOINT_NAMES])
MIRRORED_BONES = np.array(
    [
        bone_index({"l_": "r_", "r_": "l_"}.get(side, "") + bone)
        for side, bone in map(split_side, BONE_NAMES)
    ]
)


def mirror_pose(angles: np.ndarray) -> np.ndarray:
    """Return the pose [..., 15, 3] in a mirror: left and right limbs change places."""
    middle = np.array([not side for side, _ in map(split_side, BONE_NAMES)])
    return angles[..., MIRRORED_BONES, :] * np.where(middle[:, None], [1, -1, -1], 1)


def forward_kinematics(
    angles: np.ndarray, root: np.ndarray, pivots: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Pose the bones.

    Args:
      angles: [..., 15, 3] degrees; see the module's docstring.
      root: [..., 3, 3] rotation of the pelvis.
      pivots: [15, 3] rest pivots, mm.

    Returns:
      Rotations [..., 15, 3, 3] and posed pivots [..., 15, 3], the pelvis at the origin. A rest
      point p of bone b moves to rotation_b (p - pivot_b) + posed_pivot_b.
    """
    flexion, abduction, twist = np.moveaxis(np.radians(angles) * _SIGNS, -1, 0)
    local = axis_rotations(flexion, 0) @ axis_rotations(abduction, 2) @ axis_rotations(twist, 1)
    rotations = np.zeros(local.shape)
    positions = np.zeros(local.shape[:-1])
    rotations[..., 0, :, :] = root
    for bones, parents in _LEVEL_INDICES:
        rotations[..., bones, :, :] = rotations[..., parents, :, :] @ local[..., bones, :, :]
        offsets = (pivots[bones] - pivots[parents])[..., None]
        positions[..., bones, :] = (
            positions[..., parents, :] + (rotations[..., parents, :, :] @ offsets)[..., 0]
        )
    return rotations, positions


def posed_joints(skeleton: Skeleton, rotations: np.ndarray, positions: np.ndarray) -> np.ndarray:
    """Return the 16 joints [..., 16, 3] in MPII order, mm, of a pose from `forward_kinematics`."""
    offsets = skeleton.joints - skeleton.pivots[JOINT_CARRIERS]
    turned = rotations[..., JOINT_CARRIERS, :, :] @ offsets[..., None]
    joints = turned[..., 0] + positions[..., JOINT_CARRIERS, :]
    middle = {"pelvis": "hip", "thorax": "shoulder"}
    for name, pair in middle.items():
        sides = [joint_index(f"l_{pair}"), joint_index(f"r_{pair}")]
        joints[..., joint_index(name), :] = joints[..., sides, :].mean(axis=-2)
    return joints
