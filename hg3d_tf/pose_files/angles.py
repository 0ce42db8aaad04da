"""Angles of knees, elbows, hips, shoulders and trunk from 16 joints, in degrees.

All are 0 for a person who stands upright with hanging arms. `COLUMNS` names them, as OpenSim's
full-body models name the same angles; `angles.md` beside this file says planes, signs and ranges,
and what 16 joints cannot tell.
"""

from collections.abc import Iterator

import numpy as np

from hg3d_tf.pose_files.sequence import PoseSequence, seen
from hg3d_tf.pose_files.turns import unit
from hg3d_tf.skeleton import PELVIS, THORAX, joint_index

COLUMNS = (
    *(f"knee_angle_{side}" for side in "rl"),
    *(f"elbow_flex_{side}" for side in "rl"),
    *(f"hip_{name}_{side}" for side in "rl" for name in ("flexion", "abduction")),
    *(f"arm_{name}_{side}" for side in "rl" for name in ("flex", "abduction", "elevation")),
    *("trunk_lean_forward", "trunk_lean_left"),
)
# Within this of the axis about which flexion turns there is no flexion.
_NO_PLANE_DEG = 10.0
# Across a gap that is filled an angle changes by no more.
_FILLED_CHANGE_DEG = 60.0
# Flexion of an arm is from 180 above this to 180 below it: no arm passes there.
_ARM_BEHIND_DEG = 90.0


def joint_angles(joints_3d: np.ndarray, clear: np.ndarray | None = None) -> np.ndarray:
    """Return the angles [N, len(COLUMNS)] in degrees; NaN where they cannot be told.

    Args:
      joints_3d: [N, 16, 3] in any unit, y down (the camera's or level axes).
      clear: [N, 16] bool, which joints count; an angle needs all of its own. None: all finite ones.
    """
    joints = np.asarray(joints_3d, np.float64)
    finite = np.isfinite(joints).all(axis=-1)
    clear = finite if clear is None else clear & finite
    joints = np.where(clear[..., np.newaxis], joints, np.nan)
    angles = {}
    with np.errstate(invalid="ignore"):
        for side in "rl":
            knee, elbow = (_bend(joints, side, names) for names in (_LEG, _ARM))
            angles |= {f"knee_angle_{side}": knee, f"elbow_flex_{side}": elbow}
            angles |= _limb_angles(joints, side)
        angles |= _trunk_angles(joints)
    return np.stack([angles[name] for name in COLUMNS], axis=-1)


_LEG, _ARM = ("hip", "knee", "ankle"), ("shoulder", "elbow", "wrist")


def _along(joints: np.ndarray, start: str, end: str) -> np.ndarray:
    vector = joints[:, joint_index(end)] - joints[:, joint_index(start)]
    return unit(vector)


def _dot(one: np.ndarray, other: np.ndarray) -> np.ndarray:
    return (one * other).sum(axis=-1)


def _bend(joints: np.ndarray, side: str, names: tuple[str, str, str]) -> np.ndarray:
    """Return the angle [N] between the two bones of a limb: 0 straight, to 180."""
    first, middle, last = (f"{side}_{name}" for name in names)
    upper, lower = _along(joints, first, middle), _along(joints, middle, last)
    across = np.linalg.norm(np.cross(upper, lower), axis=-1)
    return np.degrees(np.arctan2(across, _dot(upper, lower)))


def _frame(up: np.ndarray, left: np.ndarray, keep: str) -> tuple[np.ndarray, ...]:
    """Return unit vectors left, up, front [N, 3] at right angles; the one to `keep` stays."""
    if keep == "left":
        up = unit(up - _dot(up, left)[:, np.newaxis] * left)
    else:
        left = unit(left - _dot(left, up)[:, np.newaxis] * up)
    return left, up, np.cross(left, up)


def _limb_angles(joints: np.ndarray, side: str) -> dict[str, np.ndarray]:
    outwards = 1.0 if side == "l" else -1.0
    up = unit(joints[:, THORAX] - joints[:, PELVIS])
    hips = _frame(up, _along(joints, "r_hip", "l_hip"), keep="left")
    shoulders = _frame(up, _along(joints, "r_shoulder", "l_shoulder"), keep="up")
    thigh = _along(joints, f"{side}_hip", f"{side}_knee")
    arm = _along(joints, f"{side}_shoulder", f"{side}_elbow")
    hip_flexion, hip_abduction = _flexion_and_abduction(thigh, hips, outwards)
    arm_flexion, arm_abduction = _flexion_and_abduction(arm, shoulders, outwards)
    behind = arm_flexion < -_ARM_BEHIND_DEG
    return {
        f"hip_flexion_{side}": hip_flexion,
        f"hip_abduction_{side}": hip_abduction,
        f"arm_flex_{side}": np.where(behind, arm_flexion + 360, arm_flexion),
        f"arm_abduction_{side}": arm_abduction,
        f"arm_elevation_{side}": np.degrees(
            np.arctan2(np.linalg.norm(np.cross(arm, up), axis=-1), -_dot(arm, up))
        ),
    }


def _flexion_and_abduction(bone, frame, outwards: float) -> tuple[np.ndarray, np.ndarray]:
    """Return the bone's angle in the sagittal plane, front positive, and out of it."""
    left, up, front = frame
    sideways = outwards * _dot(bone, left)
    forwards, down = _dot(bone, front), -_dot(bone, up)
    in_plane = np.hypot(forwards, down)
    flexion = np.degrees(np.arctan2(forwards, down))
    flexion = np.where(in_plane < np.sin(np.radians(_NO_PLANE_DEG)), np.nan, flexion)
    return flexion, np.degrees(np.arctan2(sideways, in_plane))


def _trunk_angles(joints: np.ndarray) -> dict[str, np.ndarray]:
    """Return the lean of the line from pelvis to thorax, against the vertical."""
    trunk = unit(joints[:, THORAX] - joints[:, PELVIS])
    left = _along(joints, "r_hip", "l_hip")
    vertical = np.broadcast_to(np.array([0.0, -1.0, 0.0]), trunk.shape)
    left, _, front = _frame(vertical, left, keep="up")
    upwards = _dot(trunk, vertical)
    return {
        "trunk_lean_forward": np.degrees(np.arctan2(_dot(trunk, front), upwards)),
        "trunk_lean_left": np.degrees(np.arctan2(_dot(trunk, left), upwards)),
    }


def of_film(poses: PoseSequence, fill_gaps_s: float = 0.0) -> Iterator[tuple]:
    """Yield blocks of one person's film: rows, and their angles [N, len(COLUMNS)].

    Args:
      poses: of one person.
      fill_gaps_s: gaps up to so many seconds from number to number are filled in a straight line.
    """
    seconds = np.array(poses.rows["seconds"])
    angles = [joint_angles(block["joints_3d"], seen(block)) for block in poses.blocks()]
    angles = np.concatenate(angles)
    if fill_gaps_s > 0:
        for column in angles.T:
            fill_gaps(column, seconds, fill_gaps_s)
    yield from poses.blocks_with(angles)


def fill_gaps(values: np.ndarray, seconds: np.ndarray, longest_s: float) -> None:
    """Fill NaN in angles [N], in place, where the numbers round a gap are so near in time.

    Gaps across which the angle changes much stay: a flexion may come back on the other side.
    """
    known = np.flatnonzero(np.isfinite(values))
    if len(known) < 2:
        return
    gaps = np.flatnonzero(np.isnan(values))
    gaps = gaps[(gaps > known[0]) & (gaps < known[-1])]
    after = np.searchsorted(known, gaps)
    length = seconds[known[after]] - seconds[known[after - 1]]
    change = np.abs(values[known[after]] - values[known[after - 1]])
    gaps = gaps[(length <= longest_s + 1e-9) & (change <= _FILLED_CHANGE_DEG)]
    values[gaps] = np.interp(seconds[gaps], seconds[known], values[known])
