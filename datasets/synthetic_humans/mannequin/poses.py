"""Random poses: everyday ones from a few templates, and any within the joint limits."""

from typing import NamedTuple

import numpy as np

from synthetic_humans.mannequin import pose_templates
from synthetic_humans.mannequin.bones import BONE_NAMES, NUM_BONES, bone_index, split_side
from synthetic_humans.mannequin.collisions import penetration_mm
from synthetic_humans.mannequin.kinematics import LIMITS_DEG, mirror_pose
from synthetic_humans.mannequin.proportions import Skeleton
from synthetic_humans.rotations import axis_rotations, random_rotation


class Pose(NamedTuple):
    """A pose and how it stands in the world (y up, mm)."""

    angles: np.ndarray  # [15, 3] degrees
    root: np.ndarray  # [3, 3]
    lift_mm: float  # the lowest point's height above the floor
    kind: str  # "upright", "jump", "lying" or "any"
    seated: bool = False  # something is needed to sit on


def _apply_template(angles: np.ndarray, template: dict) -> None:
    for name, values in template.items():
        sides = [name] if name in BONE_NAMES else [f"l_{name}", f"r_{name}"]
        if name != "root":
            angles[[bone_index(side) for side in sides]] = values


_NOISE_DEG = np.array([pose_templates.NOISE_DEG[split_side(name)[1]] for name in BONE_NAMES])


def _choose(rng: np.random.Generator, shares: dict) -> str:
    return str(rng.choice(list(shares), p=list(shares.values())))


def _template_angles(
    rng: np.random.Generator, legs: dict, arms: dict = pose_templates.WILD_ARMS
) -> tuple[np.ndarray, float, str]:
    """Return angles [15, 3] with noise, the pitch of the pelvis and the name of the legs."""
    angles = np.zeros((NUM_BONES, 3))
    name, left, right = _choose(rng, legs), _choose(rng, arms), _choose(rng, arms)
    if rng.random() < 0.35:
        right = left
    if name == "stride" and rng.random() < 0.6:
        left, right = "swing_back", "swing_front"
    for side, arm in (("l_", left), ("r_", right)):
        template = pose_templates.ARMS[arm]
        _apply_template(angles, {side + bone: values for bone, values in template.items()})
    _apply_template(angles, pose_templates.LEGS[name])
    angles += rng.normal(size=angles.shape) * _NOISE_DEG * rng.uniform(0.4, 1.3)
    pitch = pose_templates.LEGS[name].get("root", (0,))[0] + rng.normal() * 4
    return angles, pitch, name


def _level_soles(angles: np.ndarray, pitch: float) -> None:
    """Turn the feet so that their soles are level, as far as the ankles can."""
    for side in "lr":
        thigh, shank, foot = (bone_index(f"{side}_{n}") for n in ("thigh", "shank", "foot"))
        angles[foot, 0] = angles[thigh, 0] - angles[shank, 0] - pitch
        if angles[shank, 0] > 85 and angles[thigh, 0] < 30:  # a kneeling foot lies on its back
            angles[foot, 0] = 45


def _finish(rng: np.random.Generator, angles: np.ndarray) -> np.ndarray:
    angles = np.clip(angles, LIMITS_DEG[..., 0], LIMITS_DEG[..., 1])
    return mirror_pose(angles) if rng.random() < 0.5 else angles


def _heading(rng: np.random.Generator, pitch_deg=0.0, roll_deg=0.0) -> np.ndarray:
    turn, pitch, roll = np.radians([rng.uniform(0, 360), pitch_deg, roll_deg])
    return axis_rotations(turn, 1) @ axis_rotations(roll, 2) @ axis_rotations(pitch, 0)


def _upright(rng: np.random.Generator, legs: dict, arms: dict) -> Pose:
    angles, pitch, name = _template_angles(rng, legs, arms)
    _level_soles(angles, pitch)
    root = _heading(rng, pitch, rng.normal() * 3)
    return Pose(_finish(rng, angles), root, 0.0, "upright", name.startswith("sit"))


def _jump(rng: np.random.Generator) -> Pose:
    angles, pitch, _ = _template_angles(rng, pose_templates.JUMP_LEGS)
    root = _heading(rng, pitch + rng.normal() * 18, rng.normal() * 14)
    return Pose(_finish(rng, angles), root, rng.uniform(100, 700), "jump")


def _lying(rng: np.random.Generator) -> Pose:
    angles, _, _ = _template_angles(rng, pose_templates.LYING_LEGS)
    flat = axis_rotations(np.radians(rng.choice([-90, 90]) + rng.normal() * 6), 0)
    rolled = axis_rotations(np.radians(rng.choice([0, 0, 90, -90]) + rng.normal() * 10), 2)
    return Pose(_finish(rng, angles), _heading(rng) @ rolled @ flat, 0.0, "lying")


def _any(rng: np.random.Generator) -> Pose:
    if rng.random() < 0.5:
        wild, jump = pose_templates.WILD_LEGS, pose_templates.JUMP_LEGS
        angles, _, _ = _template_angles(rng, wild if rng.random() < 0.6 else jump)
    else:
        low, high = LIMITS_DEG[..., 0], LIMITS_DEG[..., 1]
        angles = low + (high - low) * rng.beta(1.2, 1.5, size=low.shape)
    return Pose(_finish(rng, angles), random_rotation(rng), rng.uniform(0, 400), "any")


def _everyday(rng: np.random.Generator) -> Pose:
    return _upright(rng, pose_templates.STUDIO_LEGS, pose_templates.STUDIO_ARMS)


def _lively(rng: np.random.Generator) -> Pose:
    return _upright(rng, pose_templates.WILD_LEGS, pose_templates.WILD_ARMS)


_KINDS = {"upright": _lively, "jump": _jump, "lying": _lying, "any": _any}
_KIND_SHARES = {"upright": 0.6, "jump": 0.1, "lying": 0.08, "any": 0.22}
# Flesh gives way a little; mm at canonical size.
_TOUCH_MM = 25.0


def random_pose(
    rng: np.random.Generator, skeleton: Skeleton, scale: float, wild: bool, attempts: int = 8
) -> Pose:
    """Draw a pose whose limbs do not stick in each other (or, after `attempts`, the last drawn).

    Args:
      rng: source of randomness.
      skeleton, scale: of the person.
      wild: any pose, else upright everyday ones.
      attempts: how often to draw at most; the kind of pose is drawn once.
    """
    draw = _KINDS[_choose(rng, _KIND_SHARES)] if wild else _everyday
    for _ in range(attempts):
        pose = draw(rng)
        if penetration_mm(pose.angles, skeleton, scale) < _TOUCH_MM * scale:
            break
    return pose
