"""Random poses: captured ones, mixes of them within the joints' limits, and templates.

A pose is the rotations [31, 3, 3] of the motion files' bones in their parents.
"""

from typing import NamedTuple

import numpy as np
from scipy.spatial.transform import Rotation

from synthetic_humans.characters import everyday
from synthetic_humans.characters.bones import BONES, SIDES, bone, both, sided
from synthetic_humans.characters.motion import MotionPool, heading
from synthetic_humans.characters.overlaps import overlap_mm
from synthetic_humans.characters.retarget import Posed, Rest, pose_bones
from synthetic_humans.rotations import angles_rad, axis_rotations, random_rotation

_NOISE_DEG = {
    "Arm": 10,
    "UpLeg": 10,
    "Spine": 4,
    "Spine1": 4,
    "LowerBack": 4,
    "Neck1": 4,
    "Head": 4,
}
_HINGE_NOISE = 0.15
_LARGEST_OVERLAP_MM = 24.0
_ATTEMPTS = 8


class Pose(NamedTuple):
    """A pose and how it stands in the world (y up, mm)."""

    rotations: np.ndarray  # [31, 3, 3] in the parents; the hips' in the world
    kind: str  # "upright", "jump", "lying" or "any"
    lift_mm: float = 0.0  # the lowest point's height above the floor
    seated: bool = False


def _rows(*patterns: str) -> list[int]:
    return [row for pattern in patterns for row in both(pattern)]


# Rows of the left and of the right limb.
_ARMS = np.array(_rows("{}Shoulder", "{}Arm", "{}ForeArm", "{}Hand")).reshape(-1, 2).T
_LEGS = np.array(_rows("{}HipJoint", "{}UpLeg", "{}Leg", "{}Foot", "{}ToeBase")).reshape(-1, 2).T
_NOISE = np.radians(
    [_NOISE_DEG.get(n.removeprefix("Left").removeprefix("Right"), 0) for n in BONES]
)
_HINGES = _rows("{}Leg", "{}ForeArm")


def mix(rng: np.random.Generator, pool: MotionPool) -> np.ndarray:
    """Put limbs of several captured poses together and vary them."""
    local = pool.draw(rng)
    for (left, right), same_share in ((_ARMS, 0.3), (_LEGS, 0.5)):
        other = pool.draw(rng)
        local[left] = other[left]
        local[right] = (other if rng.random() < same_share else pool.draw(rng))[right]
    return vary(rng, local)


def vary(rng: np.random.Generator, local: np.ndarray, strength: float = 1.0) -> np.ndarray:
    """Turn the bones of a pose a little, each within its way of moving."""
    noise = strength * rng.normal(size=(len(local), 3)) * _NOISE[:, None]
    local = local @ Rotation.from_rotvec(noise).as_matrix()
    bends = Rotation.from_matrix(local[_HINGES]).as_rotvec()
    bends *= 1 + strength * _HINGE_NOISE * rng.normal(size=(len(bends), 1))
    local[_HINGES] = Rotation.from_rotvec(bends).as_matrix()
    return local


def fold(rng: np.random.Generator, local: np.ndarray) -> np.ndarray:
    """Bend hips, back and knees further than people do who walk and dance."""
    local = local.copy()
    thighs = np.array(both("{}UpLeg"))
    flexions = np.radians(rng.uniform(-30, 80, 2))
    if rng.random() < 0.75:
        flexions[1] = flexions[0]
    local[thighs] = axis_rotations(-flexions, 0) @ local[thighs]
    if rng.random() < 0.3:
        back = [bone(name) for name in ("LowerBack", "Spine", "Spine1")]
        local[back] = axis_rotations(np.radians(rng.uniform(-30, 45)) / 3, 0) @ local[back]
    if rng.random() < 0.2:
        knees = both("{}Leg")
        bends = Rotation.from_matrix(local[knees]).as_rotvec() * rng.uniform(0, 0.3)
        local[knees] = Rotation.from_rotvec(bends).as_matrix()
    return local


def bend_legs(local: np.ndarray, hips_deg: float, knees_deg: float, apart_deg: float) -> np.ndarray:
    """Return the pose with both legs bent alike: a tuck (bent knees) or a pike (straight ones)."""
    local = local.copy()
    for side, sign in zip(SIDES, (1, -1), strict=True):
        thigh, knee = bone(sided("{}UpLeg", side)), bone(sided("{}Leg", side))
        local[thigh] = axis_rotations(np.radians(-hips_deg), 0) @ axis_rotations(
            sign * np.radians(apart_deg - 20), 2
        )
        tilt = np.radians(20)
        axis = np.array([np.cos(tilt), sign * np.sin(tilt), 0])
        local[knee] = Rotation.from_rotvec(np.radians(knees_deg) * axis).as_matrix()
    return local


def within_limits(local: np.ndarray) -> bool:
    """Tell whether knees and hips can bend like that."""
    knees = angles_rad(local[both("{}Leg")])
    tilt = np.radians(20)
    for sign, thigh in zip((1, -1), both("{}UpLeg"), strict=True):
        x, y, z = local[thigh] @ [sign * np.sin(tilt), -np.cos(tilt), 0]
        backwards = np.degrees(np.arctan2(-z, -y))
        if (backwards > 55 and sign * x < 0.5 and z < 0) or sign * x < -0.45:
            return False
    return bool(knees.max() < np.radians(155))


def _facing_anywhere(rng: np.random.Generator, local: np.ndarray) -> np.ndarray:
    local = local.copy()
    turn = rng.uniform(0, 2 * np.pi) - heading(local[0])
    local[0] = axis_rotations(turn, 1) @ local[0]
    return local


def _captured(rng: np.random.Generator, pool: MotionPool) -> Pose:
    local = pool.draw(rng, by_cell=rng.random() < 0.6)
    return Pose(_facing_anywhere(rng, vary(rng, local, 0.4)), "upright")


def _mixed_upright(rng: np.random.Generator, pool: MotionPool) -> Pose:
    local = mix(rng, pool)
    if rng.random() < 0.2:
        local = fold(rng, local)
    return Pose(_facing_anywhere(rng, local), "upright")


def _mixed_any(rng: np.random.Generator, pool: MotionPool) -> Pose:
    local = mix(rng, pool)
    pick = rng.random()
    if pick < 0.1:
        knees = rng.uniform(110, 150) if rng.random() < 0.6 else rng.uniform(0, 30)
        local = bend_legs(local, rng.uniform(100, 145), knees, rng.uniform(0, 12))
    elif pick < 0.45:
        local = fold(rng, local)
    local[0] = random_rotation(rng)
    return Pose(local, "any", rng.uniform(0, 400))


def _template(wild: bool):
    def draw(rng: np.random.Generator, pool: MotionPool) -> Pose:
        del pool
        local, pose = everyday.draw(rng, wild)
        return Pose(local, pose.kind, pose.lift_mm, pose.seated)

    return draw


# With the templates' own shares, half of all are upright.
_OF_ANY_ORIENTATION = {
    _template(True): 0.25,
    _captured: 0.15,
    _mixed_upright: 0.2,
    _mixed_any: 0.4,
}
_SHARES = {
    "studio": {_template(False): 0.5, _captured: 0.35, _mixed_upright: 0.15},
    "wild": _OF_ANY_ORIENTATION,
    "sport": _OF_ANY_ORIENTATION,
    # As people are met: six in seven upright.
    "street": {
        _template(False): 0.3,
        _template(True): 0.1,
        _captured: 0.25,
        _mixed_upright: 0.25,
        _mixed_any: 0.1,
    },
}


def random_pose(
    rng: np.random.Generator, pool: MotionPool, rest: Rest, turns: np.ndarray, domain: str
) -> tuple[Pose, Posed]:
    """Draw a pose whose limbs do not stick in each other (or, after some attempts, the last drawn).

    Args:
      rng: source of randomness.
      pool: captured poses.
      rest, turns: the body and its alignments.
      domain: "studio" (upright everyday poses), "wild" or "sport" (half upright), or "street"
        (six in seven upright).
    """
    shares = _SHARES[domain]
    draw = rng.choice(list(shares), p=list(shares.values()))
    scale = (rest.head_top[1] - rest.heads[both("{}Foot"), 1].mean()) / 1620
    for _ in range(_ATTEMPTS):
        pose = draw(rng, pool)
        posed = pose_bones(pose.rotations, rest, turns)
        fits = overlap_mm(posed, scale) < _LARGEST_OVERLAP_MM * scale
        if fits and within_limits(pose.rotations):
            break
    return pose, posed
