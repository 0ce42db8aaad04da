"""Poses from CMU's motion files: read, cleaned, and sorted into cells of similar poses.

Credit: mocap.cs.cmu.edu.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np
import pybvh
from scipy.spatial.transform import Rotation

from hg3d_tf import cli
from hg3d_tf.skeleton import PELVIS
from synthetic_humans.characters.bones import BONES, MIRRORED, both, sided
from synthetic_humans.characters.retarget import Rest, alignments, mpii_joints, pose_bones
from synthetic_humans.rotations import angles_rad, axis_rotations

_EVERY = 2  # of 30 frames a second
_CELL_MM = 150.0  # two poses nearer than this, as a mean over the joints, count as the same
# What faulty frames show: a bone turns further than this from one frame to the next, degrees.
_LARGEST_STEP_DEG = 45.0
_AROUND_STEP = (-2, 3)
_LARGEST_TWIST_DEG = 70.0  # of a thigh
_MAJOR = [row for p in ("{}UpLeg", "{}Leg", "{}Arm", "{}ForeArm") for row in both(p)]
_MAJOR += [BONES.index(name) for name in ("Hips", "LowerBack", "Spine", "Spine1")]
_FOOT_CLAMP_DEG, _FOOT_FAULT_DEG, _HAND_CLAMP_DEG = 50.0, 80.0, 80.0


class MotionPool(NamedTuple):
    """Poses by cell: those of cell c are rotations[starts[c]:starts[c + 1]]."""

    rotations: np.ndarray  # [N, 31, 3, 3] of the bones in their parents
    starts: np.ndarray  # [cells + 1]

    def draw(self, rng: np.random.Generator, by_cell: bool = True) -> np.ndarray:
        """Return one pose [31, 3, 3] or its mirror image, all cells alike (or all frames)."""
        low, high = 0, len(self.rotations)
        if by_cell:
            cell = rng.integers(len(self.starts) - 1)
            low, high = self.starts[cell : cell + 2]
        local = self.rotations[rng.integers(low, high)].astype(np.float64)
        return mirror(local) if rng.random() < 0.5 else local


_MIRROR = np.array([[1.0, -1, -1], [-1, 1, 1], [-1, 1, 1]])


def mirror(local: np.ndarray) -> np.ndarray:
    """Return the pose [..., 31, 3, 3] in a mirror: left and right limbs change places."""
    return local[..., MIRRORED, :, :] * _MIRROR


def read_clip(path: Path) -> np.ndarray:
    """Return the rotations [T, 31, 3, 3] of the bones in their parents, in the order of BONES.

    Raises:
      UserError: if it is not a motion file with CMU's bones.
    """
    try:
        clip = pybvh.read_bvh_file(str(path))
    except (ValueError, IndexError, KeyError) as error:
        raise cli.UserError(f"{path}: not a BVH file ({error}); download it anew") from None
    missing = set(BONES) - set(clip.joint_names)
    if missing:
        raise cli.UserError(f"{path}: no bone {min(missing)}; it must have CMU's 31 bones")
    return clip.to_rotmat()[1][:, [clip.joint_names.index(name) for name in BONES]]


def read_pool(paths: list[Path], rest: Rest) -> MotionPool:
    """Read clips, drop faulty frames and sort the rest into cells.

    Args:
      paths: BVH files.
      rest: any body; poses are compared on it.
    """
    clips = [clean(read_clip(path))[::_EVERY] for path in paths]
    rotations = np.concatenate(clips)
    cells = cover(_comparable(rotations, rest), _CELL_MM)
    order = np.argsort(cells, kind="stable")
    return MotionPool(
        rotations[order].astype(np.float32), np.searchsorted(cells[order], range(cells.max() + 2))
    )


def clean(local: np.ndarray) -> np.ndarray:
    """Return the sound frames of a clip [T, 31, 3, 3], with hands and feet within their limits.

    The first frame is no motion but a T pose. Fingers and thumbs are noise: the hand is one piece.
    """
    sound = np.ones(len(local), bool)
    sound[0] = False
    steps = angles_rad(np.swapaxes(local[:-1], -1, -2) @ local[1:])[:, _MAJOR].max(axis=1)
    for shift in range(_AROUND_STEP[0], _AROUND_STEP[1] + 1):
        near = np.flatnonzero(np.degrees(steps[1:]) > _LARGEST_STEP_DEG) + 2 + shift
        sound[near[(near >= 0) & (near < len(local))]] = False
    sound &= np.all(np.abs(_thigh_twists_deg(local)) < _LARGEST_TWIST_DEG, axis=1)
    local = local[sound]
    for side in ("Left", "Right"):
        _clean_ends(local, side)
    return local


def _clean_ends(local: np.ndarray, side: str) -> None:
    hand, base, foot = (
        BONES.index(sided(name, side)) for name in ("{}Hand", "{}FingerBase", "{}Foot")
    )
    local[:, hand] = _clamped(local[:, hand] @ local[:, base], _HAND_CLAMP_DEG)
    faulty = np.degrees(angles_rad(local[:, foot])) > _FOOT_FAULT_DEG
    local[:, foot] = np.where(
        faulty[:, None, None], np.eye(3), _clamped(local[:, foot], _FOOT_CLAMP_DEG)
    )
    for name in ("{}FingerBase", "{}HandIndex1", "{}Thumb"):
        local[:, BONES.index(sided(name, side))] = np.eye(3)


def _clamped(rotations: np.ndarray, largest_deg: float) -> np.ndarray:
    vectors = Rotation.from_matrix(rotations).as_rotvec()
    angles = np.linalg.norm(vectors, axis=-1, keepdims=True)
    scale = np.minimum(1, np.radians(largest_deg) / np.maximum(angles, 1e-9))
    return Rotation.from_rotvec(vectors * scale).as_matrix()


def _thigh_twists_deg(local: np.ndarray) -> np.ndarray:
    """Return how far each thigh is turned about its own axis [T, 2]."""
    tilt = np.radians(20)
    axes = np.array([[s * np.sin(tilt), -np.cos(tilt), 0] for s in (1, -1)])
    thighs = local[:, both("{}UpLeg")]
    quaternions = Rotation.from_matrix(thighs.reshape(-1, 3, 3)).as_quat().reshape(-1, 2, 4)
    twists = 2 * np.arctan2(np.sum(quaternions[..., :3] * axes, axis=-1), quaternions[..., 3])
    return np.degrees((twists + np.pi) % (2 * np.pi) - np.pi)


def heading(root: np.ndarray) -> np.ndarray:
    """Return which way [...] the hips' rotations [..., 3, 3] face, radians from z towards x."""
    return np.arctan2(root[..., 0, 2], root[..., 2, 2])


def _comparable(local: np.ndarray, rest: Rest) -> np.ndarray:
    """Return the poses' joints [N, 16, 3], mm, from the pelvis, all facing the same way."""
    turned = local.copy()
    turned[:, 0] = axis_rotations(-heading(local[:, 0]), 1) @ local[:, 0]
    joints = mpii_joints(pose_bones(turned, rest, alignments(rest)), rest)
    return (joints - joints[:, PELVIS : PELVIS + 1]).astype(np.float32)


def cover(points: np.ndarray, radius: float) -> np.ndarray:
    """Return the cell [N] of each of points [N, J, 3]: farthest-point sampling.

    Centres are added, always the point farthest from those there are, until every point lies
    within `radius` of one (mean distance of its J places).
    """
    nearest, cells, centre = np.full(len(points), np.inf), np.zeros(len(points), int), 0
    for cell in range(len(points)):
        distances = np.linalg.norm(points - points[centre], axis=-1).mean(axis=-1)
        closer = distances < nearest
        cells[closer], nearest[closer] = cell, distances[closer]
        centre = int(np.argmax(nearest))
        if nearest[centre] < radius:
            break
    return cells
