"""Poses upright: the camera's tilt taken out, and feet on the floor."""

import math

import numpy as np

from hg3d_tf.cli import UserError
from hg3d_tf.pose_files import angles, smoothing, turns
from hg3d_tf.pose_files.sequence import PoseSequence, Space, canonical_scales, seen
from hg3d_tf.skeleton import ANKLE_HEIGHT, UPPER_NECK, canonical_stature_mm, joint_index

# Who stands: knees, hips and the trunk's side lean less than this.
_STANDING_DEG = 25.0
_FEWEST_STANDING = 5
_ANKLES = [joint_index("l_ankle"), joint_index("r_ankle")]


def stand(poses: PoseSequence, pitch_deg: float | None, level: bool, ground: bool) -> PoseSequence:
    """Turn poses so that y points to the ground, and put their lower foot on the floor.

    Args:
      poses: in the camera's axes.
      pitch_deg: how far the camera looks down, or None.
      level: find that, and its roll, from the frames in which somebody stands.
      ground: whether the lower ankle shall be as high above y = 0 as ankles are.

    Raises:
      UserError: where nobody stands.
    """
    if pitch_deg is not None or level:
        if poses.space.axes == "level":
            raise UserError(f"{poses.name}: its axes are level already")
        turn = _pitch(pitch_deg) if pitch_deg is not None else _turn_of_standing(poses)
        space = Space(poses.space.size, poses.space.origin, "level")
        poses = poses.changed(lambda block: _turned(block, turn), space=space)
    return _on_the_floor(poses) if ground else poses


def _turned(block: np.ndarray, turn: np.ndarray) -> np.ndarray:
    block["joints_3d"] = block["joints_3d"] @ turn.T
    return block


def _pitch(degrees: float) -> np.ndarray:
    """Return the turn [3, 3] from the camera's axes to level ones: its axis goes down."""
    sine, cosine = math.sin(math.radians(degrees)), math.cos(math.radians(degrees))
    return np.array([[1, 0, 0], [0, cosine, sine], [0, -sine, cosine]])


def _turn_of_standing(poses: PoseSequence) -> np.ndarray:
    """Return the shortest turn [3, 3] that makes the median axis of standing people vertical."""
    axes = np.concatenate([_standing_axes(block) for block in poses.blocks()])
    if len(axes) < _FEWEST_STANDING:
        where = "frames" if poses.is_film else "pictures"
        raise UserError(
            f"{poses.name}: nobody stands upright and clear in {_FEWEST_STANDING} {where}, as that"
            " takes: give --camera_pitch"
        )
    up = np.median(axes, axis=0)
    turn = turns.shortest(turns.unit(up), np.array([[0.0, -1.0, 0.0]]))[0]
    pitch, roll = np.degrees(np.arcsin(turn[1, [2, 0]]))
    print(
        f"{poses.name}: the camera looks {_degrees(pitch, 'down', 'up')} and leans"
        f" {_degrees(roll, 'right', 'left')}, as those who stand in {len(axes)} poses tell"
    )
    return turn


def _degrees(angle: float, way: str, other: str) -> str:
    return f"{abs(angle):.1f} degrees {way if angle >= 0 else other}"


def _standing_axes(block: np.ndarray) -> np.ndarray:
    """Return the axis [S, 3] from the ankles to the neck of those who stand, unit vectors."""
    joints = block["joints_3d"]
    table = dict(zip(angles.COLUMNS, angles.joint_angles(joints, seen(block)).T, strict=True))
    names = ("knee_angle_r", "knee_angle_l", "hip_flexion_r", "hip_flexion_l")
    stands = np.all([np.abs(table[name]) < _STANDING_DEG for name in names], axis=0)
    axis = joints[:, UPPER_NECK] - joints[:, _ANKLES].mean(axis=1)
    axis = axis[stands]
    return axis / np.linalg.norm(axis, axis=-1, keepdims=True)


def _on_the_floor(poses: PoseSequence) -> PoseSequence:
    """Shift each pose along y; where no ankle is clear as the frames round it."""
    lowest = np.concatenate([_lowest_ankles(block) for block in poses.blocks()])
    if np.isnan(lowest).all():
        raise UserError(f"{poses.name}: no ankle is clear: --ground cannot be")
    persons = np.array(poses.rows["person"])
    if poses.is_film:
        for person in poses.persons:
            places = np.flatnonzero(persons == person)
            seconds = poses.rows["seconds"][places]
            lowest[places] = smoothing.gaussian(lowest[places], seconds, 0)
    scales = canonical_scales(poses)
    scales[np.isnan(scales)] = 1  # who is nowhere seen whole
    above = ANKLE_HEIGHT * canonical_stature_mm() / scales

    def change(block, shift):
        block["joints_3d"][..., 1] -= shift[:, None]
        return block

    space = Space(poses.space.size, "floor", poses.space.axes)
    return poses.changed(change, lowest + above, space=space)


def _lowest_ankles(block: np.ndarray) -> np.ndarray:
    ankles = np.where(seen(block)[:, _ANKLES], block["joints_3d"][:, _ANKLES, 1], -np.inf)
    lowest = ankles.max(axis=1)
    return np.where(np.isfinite(lowest), lowest, np.nan)
