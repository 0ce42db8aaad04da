"""Joints as the markers of motion laboratories: names, axes, one rate.

Names are those of Pose2Sim's HALPE_26 where a joint has one, which OpenSim's models of Pose2Sim
know. Axes of the files: x as the camera's, y up, z towards the camera (right-handed).
"""

import dataclasses

import numpy as np

from hg3d_tf.cli import UserError
from hg3d_tf.pose_files.sequence import (
    BLOCK,
    EVEN,
    MOST_ADDED,
    ROW,
    PoseSequence,
    empty_rows,
    film_clock,
    spooled,
)
from hg3d_tf.skeleton import JOINT_NAMES

# HALPE's neck lies between the shoulders, its head on top.
_MIDDLE = {"pelvis": "Hip", "thorax": "Neck", "upper_neck": "UpperNeck", "head_top": "Head"}
UNITS_PER_MM = {"m": 1e-3, "cm": 1e-1, "mm": 1.0}


def marker_name(joint: str) -> str:
    """Return the marker of a joint, as RKnee of r_knee."""
    return _MIDDLE.get(joint) or joint[0].upper() + joint[2:].capitalize()


MARKERS = tuple(map(marker_name, JOINT_NAMES))


def y_up(joints_3d: np.ndarray) -> np.ndarray:
    """Return joints [..., 3] of the camera's axes (y down, z forwards) with y up, z backwards."""
    return joints_3d * (1.0, -1.0, -1.0)


def units_per_mm(unit: str) -> float:
    """Return how much of a unit, m, cm or mm, a millimetre is. Raises UserError for others."""
    if unit not in UNITS_PER_MM:
        raise UserError(f"unit {unit!r} is unknown: there are {', '.join(UNITS_PER_MM)}")
    return UNITS_PER_MM[unit]


def evenly_timed(poses: PoseSequence) -> tuple[PoseSequence, float, int]:
    """Return the poses of one person at one rate, the seconds of a step, and the frames before.

    A film of one rate stays as it is. Of another the joints are interpolated in a straight line
    between its frames, at its usual rate; where frames are missing joints are missing. The frames
    before are those of the film until the person comes.

    Raises:
      UserError: where pauses would make it many times as long.
    """
    rows = poses.rows
    seconds, (usual, start) = np.array(rows["seconds"]), film_clock(poses)
    before = round((seconds[0] - start) / usual)
    if np.abs(np.diff(seconds) - usual).max() <= EVEN * usual:
        return poses, usual, before
    count = round((seconds[-1] - seconds[0]) / usual) + 1
    if count > MOST_ADDED * len(seconds):
        raise UserError(
            f"{poses.name}: its pauses are too long for a format of one rate: take trc or glb"
        )
    places = (np.arange(low, min(low + BLOCK, count)) for low in range(0, count, BLOCK))
    even = spooled(_between(rows, seconds, usual, place) for place in places)
    return dataclasses.replace(poses, rows=even), usual, before


def _between(rows: np.ndarray, seconds: np.ndarray, step: float, places: np.ndarray) -> np.ndarray:
    """Return rows at the times step * places after the first."""
    times = seconds[0] + step * places
    after = np.clip(np.searchsorted(seconds, times - 1e-9), 1, len(seconds) - 1)
    low, high = np.array(rows[after - 1]), np.array(rows[after])
    width = seconds[after] - seconds[after - 1]
    weight = np.clip((times - seconds[after - 1]) / width, 0, 1)
    made = empty_rows(len(places))
    for name in ("person", "image", "image_size_px"):
        made[name] = low[name]
    made["frame"], made["seconds"] = places, times
    at_low, at_high = weight < 1e-6, weight > 1 - 1e-6
    lost = (width > (2 + EVEN) * step) & ~at_low & ~at_high
    for name in ("joints_2d", "joints_3d", "confidence", "box_px"):
        share = weight.reshape(-1, *[1] * len(ROW[name].shape))
        made[name] = low[name] * (1 - share) + high[name] * share
        # Also where the other one is missing.
        made[name][at_low], made[name][at_high] = low[name][at_low], high[name][at_high]
        made[name][lost] = np.nan
    return made
