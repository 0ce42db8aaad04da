"""Motion capture's rotations on a body of another build.

A motion file's bones point along the axes of a T pose; the body stands as it was modelled. The
skinning rotation of a bone (rest to posed) is G = G_motion A, where A turns the rest bone into the
motion file's T pose. The hinges of knees and elbows are matched too, or limbs would be twisted.
"""

import itertools
from typing import NamedTuple

import numpy as np

from hg3d_tf.skeleton import JOINT_NAMES, joint_index
from synthetic_humans.characters.body import KNUCKLES
from synthetic_humans.characters.bones import LEVELS, NUM_BONES, SIDES, bone, both, sided
from synthetic_humans.rotations import axis_rotations

_SPLAY = np.radians(20)  # of the thighs in the motion files' zero pose
_HINGE = np.array([0, np.sin(np.radians(30)), np.cos(np.radians(30))])  # way of an elbow's flexion
# The first frame of CMU's clips shows a level face with these rotations accumulated, degrees.
_FACE_PITCH_DEG = {"Neck": 16, "Neck1": -5, "Head": -16}
_JOINT_BONES = {"ankle": "{}Foot", "knee": "{}Leg", "hip": "{}UpLeg"}
_JOINT_BONES |= {"wrist": "{}Hand", "elbow": "{}ForeArm", "shoulder": "{}Arm"}


class Rest(NamedTuple):
    """A body's joints before it is posed, mm in the body frame."""

    heads: np.ndarray  # [31, 3] of the bones
    knuckles: np.ndarray  # [6, 3] KNUCKLES
    head_top: np.ndarray  # [3]


class Posed(NamedTuple):
    """A rest point p of bone b moves to rotation_b (p - head_b) + position_b."""

    rotations: np.ndarray  # [..., 31, 3, 3]
    positions: np.ndarray  # [..., 31, 3] mm, the hips' at their rest place


def accumulate(local: np.ndarray) -> np.ndarray:
    """Return the bones' rotations [..., 31, 3, 3] in the body frame from those in their parents."""
    rotations = np.array(local)
    for rows, parents in LEVELS:
        rotations[..., rows, :, :] = rotations[..., parents, :, :] @ local[..., rows, :, :]
    return rotations


def relative(rotations: np.ndarray) -> np.ndarray:
    """Return the bones' rotations in their parents: the inverse of `accumulate`."""
    local = np.array(rotations)
    for rows, parents in LEVELS:
        local[..., rows, :, :] = (
            np.swapaxes(rotations[..., parents, :, :], -1, -2) @ rotations[..., rows, :, :]
        )
    return local


def frame(direction: np.ndarray, hint: np.ndarray) -> np.ndarray:
    """Return the rotation whose columns are `direction`, `hint` made orthogonal, their product."""
    first = direction / np.linalg.norm(direction)
    second = hint - (hint @ first) * first
    second = second / np.linalg.norm(second)
    return np.stack([first, second, np.cross(first, second)], axis=-1)


def alignments(rest: Rest) -> np.ndarray:
    """Return the rotations A [31, 3, 3] from the rest pose to the motion files' T pose."""
    turns = np.tile(np.eye(3), (NUM_BONES, 1, 1))
    for name, degrees in _FACE_PITCH_DEG.items():
        turns[bone(name)] = axis_rotations(np.radians(degrees), 0)
    for side, sign in zip(SIDES, (1, -1), strict=True):
        _align_leg(turns, rest.heads, side, sign)
        _align_arm(turns, rest, side, sign)
    return turns


def _align_leg(turns: np.ndarray, heads: np.ndarray, side: str, sign: int) -> None:
    rows = [bone(sided(name, side)) for name in ("{}UpLeg", "{}Leg", "{}Foot", "{}ToeBase")]
    sine, cosine = np.sin(_SPLAY), np.cos(_SPLAY)
    motion = frame(np.array([sign * sine, -cosine, 0]), np.array([cosine, sign * sine, 0]))
    for row, end in itertools.pairwise(rows[:3]):
        own = frame(heads[end] - heads[row], np.array([1.0, 0, 0]))
        turns[row] = motion @ own.T
    toe = heads[rows[3]] - heads[rows[2]]
    # The sole stays level: CMU's toes lie at another height.
    turns[rows[2:]] = axis_rotations(sign * _SPLAY, 2) @ axis_rotations(
        -np.arctan2(toe[0], toe[2]), 1
    )


def _align_arm(turns: np.ndarray, rest: Rest, side: str, sign: int) -> None:
    arm, forearm, hand = (bone(sided(name, side)) for name in ("{}Arm", "{}ForeArm", "{}Hand"))
    upper, lower = np.diff(rest.heads[[arm, forearm, hand]], axis=0)
    outwards = np.array([sign, 0.0, 0.0])
    motion = frame(outwards, np.cross(outwards, _HINGE))
    hinge = np.cross(upper, lower)
    turns[arm] = motion @ frame(upper, hinge).T
    turns[forearm] = motion @ frame(lower, hinge).T
    index, middle, little = rest.knuckles[:3] if side == "Left" else rest.knuckles[3:]
    own = frame(middle - rest.heads[hand], index - little)
    rows = [hand, *(bone(sided(n, side)) for n in ("{}FingerBase", "{}HandIndex1", "{}Thumb"))]
    turns[rows] = frame(outwards, np.array([0.0, 0, 1])) @ own.T


def pose_bones(local: np.ndarray, rest: Rest, turns: np.ndarray) -> Posed:
    """Pose a body.

    Args:
      local: [..., 31, 3, 3] rotations of a motion file's bones in their parents.
      rest: the body.
      turns: its `alignments`.
    """
    motion = accumulate(local)
    rotations = motion @ turns
    _lift_shoulders(rotations, motion)
    positions = np.zeros(rotations.shape[:-1])
    positions[..., 0, :] = rest.heads[0]
    for rows, parents in LEVELS:
        offsets = (rest.heads[rows] - rest.heads[parents])[..., None]
        moved = (rotations[..., parents, :, :] @ offsets)[..., 0]
        positions[..., rows, :] = positions[..., parents, :] + moved
    return Posed(rotations, positions)


def _lift_shoulders(rotations: np.ndarray, motion: np.ndarray) -> None:
    """Let the collar bones, which motion files leave at rest, follow raised arms."""
    chest = rotations[..., bone("Spine1"), :, :]
    for sign, shoulder, arm in zip((1, -1), both("{}Shoulder"), both("{}Arm"), strict=True):
        direction = np.swapaxes(chest, -1, -2) @ (sign * motion[..., arm, :, :1])
        _, y, z = np.moveaxis(direction[..., 0], -1, 0)
        raised = np.degrees(np.arccos(np.clip(-y, -1, 1)))
        up = np.radians(np.clip(0.22 * (raised - 40), -5, 30))
        forward = np.radians(np.clip(12 * z, -8, 12))
        rotations[..., shoulder, :, :] = (
            chest @ axis_rotations(sign * up, 2) @ axis_rotations(-sign * forward, 1)
        )


def _joint_bone(joint: str) -> int:
    side, name = joint[:2], joint[2:]
    return bone(sided(_JOINT_BONES[name], "Left" if side == "l_" else "Right"))


_LIMBS = [row for row, name in enumerate(JOINT_NAMES) if name[2:] in _JOINT_BONES]
_LIMB_BONES = [_joint_bone(JOINT_NAMES[row]) for row in _LIMBS]
_MIDDLES = {"pelvis": "{}UpLeg", "thorax": "{}Arm"}


def mpii_joints(posed: Posed, rest: Rest) -> np.ndarray:
    """Return the 16 joints [..., 16, 3], mm, of a posed body."""
    head = bone("Head")
    joints = np.zeros((*posed.positions.shape[:-2], len(JOINT_NAMES), 3))
    joints[..., _LIMBS, :] = posed.positions[..., _LIMB_BONES, :]
    for name, pattern in _MIDDLES.items():
        joints[..., joint_index(name), :] = posed.positions[..., both(pattern), :].mean(axis=-2)
    joints[..., joint_index("upper_neck"), :] = posed.positions[..., bone("Neck"), :]
    offset = rest.head_top - rest.heads[head]
    joints[..., joint_index("head_top"), :] = (
        posed.rotations[..., head, :, :] @ offset + posed.positions[..., head, :]
    )
    return joints


def rest_of(marks: np.ndarray, head_top: np.ndarray) -> Rest:
    """Return the rest joints from a body's marks [37, 3] and the top of its head."""
    return Rest(marks[:NUM_BONES], marks[NUM_BONES : NUM_BONES + len(KNUCKLES)], head_top)
