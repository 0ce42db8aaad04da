"""Left and right that a network exchanges for some frames of a film: found and mended.

From a frame to the next a limb moves little. Where the left one lies nearer to where the right one
was, and the other way round, they have been exchanged; so have all frames up to the next such
place. Arms with shoulders and legs with hips may be exchanged apart from each other. Which frames
are wrong the way of least cost says (Viterbi's algorithm over the four states of a frame). It
counts movement; a trunk that would be wrung, hips one way and shoulders the other; and a little for
each exchanged frame, so that the network is mostly right.
"""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from hg3d_tf.skeleton import MIRROR, joint_index

_LIMBS = {"legs": ("hip", "knee", "ankle"), "arms": ("shoulder", "elbow", "wrist")}
_GROUPS = [
    [joint_index(f"{side}_{name}") for side in "rl" for name in names] for names in _LIMBS.values()
]
_ACROSS = [[joint_index(f"{side}_{name}") for side in "rl"] for name in ("hip", "shoulder")]
_MIRROR = np.array(MIRROR)
# Which groups are exchanged in each state of a frame.
_STATES = np.array([(False, False), (True, False), (False, True), (True, True)])
_BETWEEN = _STATES[:, np.newaxis] != _STATES  # [from, to, group]: exchanged between two frames
# Millimetres that count as much as the person's longer side in the picture.
_LENGTH_MM = 1700.0
# In that length, summed over a group's joints: what each exchanged group of a frame, each exchange
# between two frames, and a wrung trunk cost.
_COST_OF_FRAME, _COST_OF_EXCHANGE, _COST_OF_WRUNG = 0.04, 0.2, 0.2


class Step(NamedTuple):
    """What the way of a frame's states costs.

    Attributes:
      moved: [2, 2] by group, as it is and exchanged; how far since the frame before, in the
        person's length and summed over the joints, of which unclear ones count less.
      wrung: whether hips and shoulders point opposite ways.
    """

    moved: np.ndarray
    wrung: bool


def step(last: dict[str, np.ndarray] | None, pose: dict[str, np.ndarray]) -> Step:
    """Return the step from the pose before, if there is one, to a pose."""
    hips, shoulders = (
        pose["joints_3d"][right] - pose["joints_3d"][left] for right, left in _ACROSS
    )
    wrung = bool(hips @ shoulders < 0)
    if last is None:
        return Step(np.zeros((2, 2)), wrung)
    length = max(np.ptp(one["joints_2d"], axis=0).max() for one in (last, pose))
    before, after = (
        np.concatenate([one["joints_2d"] / max(length, 1.0), one["joints_3d"] / _LENGTH_MM], 1)
        for one in (last, pose)
    )
    moved = []
    for order in (np.arange(len(_MIRROR)), _MIRROR):
        clear = np.minimum(last["confidence"], pose["confidence"][order])
        distances = clear * np.linalg.norm(after[order] - before, axis=1)
        moved.append([distances[group].sum() for group in _GROUPS])
    return Step(np.transpose(moved), wrung)


def states(steps: Sequence[Step], first: np.ndarray | None = None) -> np.ndarray:
    """Return which groups, legs and arms, are exchanged in which frames: [N, 2] bool.

    Args:
      steps: of N frames, each since the one before.
      first: [2] bool of the first frame if that is settled.
    """
    costs = _costs_of_frame(steps[0])
    if first is not None:
        costs = np.where((first == _STATES).all(axis=1), 0.0, np.inf)
    origins = []
    for one in steps[1:]:
        same, exchanged = one.moved[:, 0], one.moved[:, 1] + _COST_OF_EXCHANGE
        ways = costs[:, np.newaxis] + np.where(_BETWEEN, exchanged, same).sum(axis=2)
        origins.append(ways.argmin(axis=0))
        costs = ways.min(axis=0) + _costs_of_frame(one)
    path = [int(costs.argmin())]
    for origin in reversed(origins):
        path.append(int(origin[path[-1]]))
    return _STATES[path[::-1]]


def _costs_of_frame(one: Step) -> np.ndarray:
    wrung = one.wrung ^ _STATES[:, 0] ^ _STATES[:, 1]
    return _COST_OF_FRAME * _STATES.sum(axis=1) + _COST_OF_WRUNG * wrung


def mended(pose: dict[str, np.ndarray], exchanged: np.ndarray) -> dict[str, np.ndarray]:
    """Return a pose with those groups, [2] bool, exchanged back."""
    order = np.arange(len(_MIRROR))
    for group, is_exchanged in zip(_GROUPS, exchanged, strict=True):
        if is_exchanged:
            order[group] = _MIRROR[group]
    names = ("joints_2d", "joints_3d", "confidence")
    return pose | {name: pose[name][order] for name in names}
