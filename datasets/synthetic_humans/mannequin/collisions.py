"""Whether a pose pushes limbs through each other, with spheres in place of flesh."""

import numpy as np

from synthetic_humans.mannequin.bones import BONE_NAMES, NUM_BONES, bone_index
from synthetic_humans.mannequin.kinematics import forward_kinematics
from synthetic_humans.mannequin.proportions import Skeleton

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
