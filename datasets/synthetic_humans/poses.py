"""Random poses: everyday ones from a few templates, and any within the joint limits."""

from typing import NamedTuple

import numpy as np

from synthetic_humans.kinematics import (
    BONE_NAMES,
    LIMITS_DEG,
    NUM_BONES,
    Skeleton,
    axis_rotations,
    bone_index,
    forward_kinematics,
    mirror_pose,
)


class Pose(NamedTuple):
    """A pose and how it stands in the world (y up, mm)."""

    angles: np.ndarray  # [15, 3] degrees
    root: np.ndarray  # [3, 3]
    lift_mm: float  # the lowest point's height above the floor
    kind: str  # "upright", "jump", "lying" or "any"
    seated: bool = False  # something is needed to sit on


# Angles in degrees (flexion, abduction, twist) of the bones that differ from the rest pose. A bone
# without a side stands for both. "root" is the forward pitch of the pelvis.
_LEGS = {
    "stand": {"thigh": (0, -2, -8)},
    "stride": {
        "l_thigh": (28, -4, 0),
        "l_shank": (8, 0, 0),
        "r_thigh": (-14, -4, 0),
        "r_shank": (22, 0, 0),
    },
    "step": {
        "l_thigh": (45, 0, 0),
        "l_shank": (65, 0, 0),
        "r_thigh": (-8, -4, 0),
        "r_shank": (8, 0, 0),
    },
    "straddle": {"thigh": (4, 16, -10)},
    "lunge": {
        "l_thigh": (75, 4, 0),
        "l_shank": (75, 0, 0),
        "r_thigh": (-15, 2, 0),
        "r_shank": (45, 0, 0),
    },
    "squat": {"thigh": (95, 14, -8), "shank": (118, 0, 0), "root": (28, 0, 0)},
    "half_squat": {"thigh": (60, 8, -8), "shank": (70, 0, 0), "root": (24, 0, 0)},
    "kneel": {
        "l_thigh": (88, 2, 0),
        "l_shank": (92, 0, 0),
        "r_thigh": (2, 0, 0),
        "r_shank": (95, 0, 0),
    },
    "bend": {"thigh": (68, 2, 0), "shank": (12, 0, 0), "root": (62, 0, 0), "chest": (30, 0, 0)},
    "kick": {"l_thigh": (70, 8, 0), "l_shank": (25, 0, 0), "r_thigh": (-5, 0, 0)},
    "sit": {"thigh": (84, 4, 0), "shank": (82, 0, 0), "root": (-4, 0, 0)},
    "sit_crossed": {
        "l_thigh": (92, -12, 0),
        "l_shank": (80, 0, 0),
        "r_thigh": (80, 0, 0),
        "r_shank": (85, 0, 0),
    },
    "tuck": {"thigh": (110, 6, 0), "shank": (120, 0, 0), "chest": (30, 0, 0)},
    "split": {
        "l_thigh": (85, 10, 0),
        "l_shank": (15, 0, 0),
        "r_thigh": (-20, 15, 0),
        "r_shank": (30, 0, 0),
    },
    "star": {"thigh": (10, 36, -15), "shank": (10, 0, 0)},
    "arch": {"thigh": (-15, 8, 0), "shank": (60, 0, 0), "chest": (-18, 0, 0)},
}
_ARMS = {
    "hang": {"upper_arm": (2, 7, 10), "forearm": (14, 0, 0)},
    "swing_front": {"upper_arm": (30, 5, 10), "forearm": (40, 0, 0)},
    "swing_back": {"upper_arm": (-28, 8, 10), "forearm": (25, 0, 0)},
    "on_hip": {"upper_arm": (-22, 42, 25), "forearm": (95, 0, 0)},
    "reach": {"upper_arm": (80, 8, 10), "forearm": (18, 0, 0)},
    "carry": {"upper_arm": (18, 8, 8), "forearm": (90, 0, 0)},
    "phone": {"upper_arm": (55, 25, 10), "forearm": (135, 0, 0)},
    "cross": {"upper_arm": (35, 8, 50), "forearm": (95, 0, 0)},
    "wave": {"upper_arm": (5, 80, -55), "forearm": (95, 0, 0)},
    "aside": {"upper_arm": (5, 82, 0), "forearm": (15, 0, 0)},
    "up": {"upper_arm": (162, 12, 0), "forearm": (15, 0, 0)},
    "behind_head": {"upper_arm": (140, 35, 0), "forearm": (125, 0, 0)},
    "on_lap": {"upper_arm": (28, 6, 25), "forearm": (55, 0, 0)},
}
_STUDIO_LEGS = {
    "stand": 0.3,
    "stride": 0.22,
    "step": 0.06,
    "straddle": 0.06,
    "sit": 0.14,
    "sit_crossed": 0.03,
    "half_squat": 0.05,
    "squat": 0.04,
    "bend": 0.06,
    "kneel": 0.04,
}
_WILD_LEGS = {
    "stand": 0.16,
    "stride": 0.17,
    "step": 0.09,
    "straddle": 0.12,
    "lunge": 0.1,
    "sit": 0.09,
    "sit_crossed": 0.02,
    "half_squat": 0.06,
    "squat": 0.05,
    "bend": 0.05,
    "kneel": 0.04,
    "kick": 0.05,
}
_JUMP_LEGS = {"tuck": 0.2, "split": 0.2, "star": 0.2, "arch": 0.15, "step": 0.1, "stand": 0.15}
_LYING_LEGS = {"stand": 0.3, "half_squat": 0.2, "star": 0.2, "tuck": 0.15, "arch": 0.15}

# Standard deviation of the noise on the templates, degrees.
_NOISE_DEG = np.array(
    [
        {"chest": (7, 5, 9), "head": (9, 6, 16), "upper_arm": (14, 9, 16)}.get(
            bone.removeprefix("l_").removeprefix("r_"),
            {"forearm": (16, 0, 0), "hand": (6, 12, 25), "thigh": (8, 4, 7)}.get(
                bone.removeprefix("l_").removeprefix("r_"),
                {"shank": (9, 0, 0), "foot": (6, 3, 4)}.get(bone[2:], (0, 0, 0)),
            ),
        )
        for bone in BONE_NAMES
    ],
    np.float64,
)


def _apply_template(angles: np.ndarray, template: dict) -> None:
    for name, values in template.items():
        sides = [name] if name in BONE_NAMES else [f"l_{name}", f"r_{name}"]
        if name != "root":
            angles[[bone_index(side) for side in sides]] = values


def _template_angles(rng: np.random.Generator, legs: dict) -> tuple[np.ndarray, float, str]:
    """Return angles [15, 3] with noise, the pitch of the pelvis and the name of the legs."""
    angles = np.zeros((NUM_BONES, 3))
    name = rng.choice(list(legs), p=list(legs.values()))
    arms = rng.choice(list(_ARMS), 2)
    if rng.random() < 0.35:
        arms[1] = arms[0]
    if name == "stride" and rng.random() < 0.6:
        arms = ["swing_back", "swing_front"]
    if name in ("stand", "sit") and rng.random() < 0.25:
        arms = ["on_lap" if name == "sit" else "hang"] * 2
    for side, arm in zip("lr", arms, strict=True):
        _apply_template(angles, {f"{side}_{bone}": v for bone, v in _ARMS[arm].items()})
    _apply_template(angles, _LEGS[name])
    angles += rng.normal(size=angles.shape) * _NOISE_DEG * rng.uniform(0.4, 1.3)
    pitch = _LEGS[name].get("root", (0,))[0] + rng.normal() * 4
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


def random_rotation(rng: np.random.Generator) -> np.ndarray:
    """Return a rotation [3, 3] drawn uniformly from all."""
    w, x, y, z = (q := rng.normal(size=4)) / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )


def _heading(rng: np.random.Generator, pitch_deg=0.0, roll_deg=0.0) -> np.ndarray:
    turn, pitch, roll = np.radians([rng.uniform(0, 360), pitch_deg, roll_deg])
    return axis_rotations(turn, 1) @ axis_rotations(roll, 2) @ axis_rotations(pitch, 0)


def _upright(rng: np.random.Generator, legs: dict) -> Pose:
    angles, pitch, name = _template_angles(rng, legs)
    _level_soles(angles, pitch)
    root = _heading(rng, pitch, rng.normal() * 3)
    return Pose(_finish(rng, angles), root, 0.0, "upright", name.startswith("sit"))


def _jump(rng: np.random.Generator) -> Pose:
    angles, pitch, _ = _template_angles(rng, _JUMP_LEGS)
    root = _heading(rng, pitch + rng.normal() * 18, rng.normal() * 14)
    return Pose(_finish(rng, angles), root, rng.uniform(100, 700), "jump")


def _lying(rng: np.random.Generator) -> Pose:
    angles, _, _ = _template_angles(rng, _LYING_LEGS)
    flat = axis_rotations(np.radians(rng.choice([-90, 90]) + rng.normal() * 6), 0)
    rolled = axis_rotations(np.radians(rng.choice([0, 0, 90, -90]) + rng.normal() * 10), 2)
    return Pose(_finish(rng, angles), _heading(rng) @ rolled @ flat, 0.0, "lying")


def _any(rng: np.random.Generator) -> Pose:
    if rng.random() < 0.5:
        angles, _, _ = _template_angles(rng, _WILD_LEGS if rng.random() < 0.6 else _JUMP_LEGS)
    else:
        low, high = LIMITS_DEG[..., 0], LIMITS_DEG[..., 1]
        angles = low + (high - low) * rng.beta(1.2, 1.5, size=low.shape)
    return Pose(_finish(rng, angles), random_rotation(rng), rng.uniform(0, 400), "any")


def _draw(rng: np.random.Generator, wild: bool) -> Pose:
    if not wild:
        return _upright(rng, _STUDIO_LEGS)
    kind = rng.choice(["upright", "jump", "lying", "any"], p=[0.6, 0.1, 0.08, 0.22])
    if kind == "upright":
        return _upright(rng, _WILD_LEGS)
    return {"jump": _jump, "lying": _lying, "any": _any}[kind](rng)


# Spheres that stand for the flesh: bone, mm from its pivot at canonical size (on the left side),
# radius. Neighbouring bones may touch.
_SPHERES = (
    ("pelvis", (70, 0, -10), 95),
    ("pelvis", (-70, 0, -10), 95),
    ("pelvis", (0, 90, 0), 105),
    ("chest", (0, 60, 10), 105),
    ("chest", (70, 170, 10), 95),
    ("chest", (-70, 170, 10), 95),
    ("head", (0, 90, 15), 95),
    ("head", (0, 0, 25), 65),
    *(("upper_arm", (0, -y, 0), 42) for y in (150, 215, 284)),
    *(("forearm", (0, -y, 0), 36) for y in (80, 160, 249)),
    *(("hand", (0, -y, 0), 34) for y in (60, 130)),
    *(("thigh", (-30 + y / 14, -y, 0), 78 - y / 18) for y in (170, 280, 390, 456)),
    *(("shank", (0, -y, -6), 46) for y in (110, 220, 330, 430)),
    *(("foot", (0, -50, z), 42) for z in (10, 70, 130)),
)


def _all_spheres() -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    rows = []
    for bone, centre, radius in _SPHERES:
        if bone in BONE_NAMES:
            rows.append((bone_index(bone), centre, radius))
            continue
        for side, sign in (("l_", 1), ("r_", -1)):
            rows.append((bone_index(side + bone), (sign * centre[0], *centre[1:]), radius))
    bones, centres, radii = zip(*rows, strict=True)
    return np.array(bones), np.array(centres, np.float64), np.array(radii, np.float64)


_SPHERE_BONES, _SPHERE_CENTRES, _SPHERE_RADII = _all_spheres()
_NEIGHBOURS = (
    {("pelvis", "chest"), ("chest", "head")}
    | {("pelvis", f"{s}_thigh") for s in "lr"}
    | {("chest", f"{s}_upper_arm") for s in "lr"}
    | {("pelvis", f"{s}_upper_arm") for s in "lr"}
    | {
        (f"{s}_{a}", f"{s}_{b}")
        for s in "lr"
        for a, b in (
            ("upper_arm", "forearm"),
            ("forearm", "hand"),
            ("thigh", "shank"),
            ("shank", "foot"),
        )
    }
)


def _may_collide() -> np.ndarray:
    allowed = np.ones((NUM_BONES, NUM_BONES), bool)
    np.fill_diagonal(allowed, False)
    for a, b in _NEIGHBOURS:
        allowed[bone_index(a), bone_index(b)] = allowed[bone_index(b), bone_index(a)] = False
    return np.triu(allowed[_SPHERE_BONES][:, _SPHERE_BONES], 1)


_PAIRS = np.nonzero(_may_collide())


def penetration_mm(angles: np.ndarray, skeleton: Skeleton, scale: float) -> np.ndarray:
    """Return how deeply limbs stick in each other [...], mm, for poses [..., 15, 3]."""
    rotations, positions = forward_kinematics(angles, np.eye(3), skeleton.pivots)
    centres = rotations[..., _SPHERE_BONES, :, :] @ (scale * _SPHERE_CENTRES)[..., None]
    centres = centres[..., 0] + positions[..., _SPHERE_BONES, :]
    first, second = _PAIRS
    distances = np.linalg.norm(centres[..., first, :] - centres[..., second, :], axis=-1)
    radii = scale * (_SPHERE_RADII[first] + _SPHERE_RADII[second])
    return np.max(radii - distances, axis=-1)


def random_pose(
    rng: np.random.Generator, skeleton: Skeleton, scale: float, wild: bool, candidates: int = 6
) -> Pose:
    """Draw a pose whose limbs do not stick in each other: the first good one of `candidates`."""
    poses = [_draw(rng, wild) for _ in range(candidates)]
    # Only poses of the first one's kind compete, or rejection would thin out the harder kinds.
    poses = [pose for pose in poses if pose.kind == poses[0].kind]
    depths = penetration_mm(np.stack([pose.angles for pose in poses]), skeleton, scale)
    good = depths < 25 * scale
    return poses[int(np.argmax(good)) if good.any() else int(np.argmin(depths))]
