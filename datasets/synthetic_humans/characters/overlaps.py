"""Whether a posed body's limbs stick in each other: beads along the bones stand for flesh."""

import numpy as np

from synthetic_humans.characters.bones import SIDES, bone, sided
from synthetic_humans.characters.retarget import Posed

# Beads: bone, the bone at the other end, shares of the way, radius and sideways shift in mm for a
# stature of 1.7 m.
_LIMB_BEADS = (
    ("{}Arm", "{}ForeArm", (0.4, 0.6, 0.8, 1.0), 42, 0),
    ("{}ForeArm", "{}Hand", (0.25, 0.5, 0.75, 1.0), 38, 0),
    ("{}Hand", "{}HandIndex1", (0.5, 1.0, 1.5), 33, 0),
    ("{}UpLeg", "{}Leg", (0.35, 0.5, 0.65, 0.8, 1.0), 60, 0),
    ("{}Leg", "{}Foot", (0.2, 0.4, 0.6, 0.8, 1.0), 45, 0),
    ("{}Foot", "{}ToeBase", (0.4, 1.0), 36, 0),
)
_TRUNK_BEADS = (
    ("Head", "Head", (0.0,), 85, 0),
    *(("Spine1", "Neck", (0.0, 0.5), 85, shift) for shift in (-75, 75)),
    *(("Hips", "Spine", (0.0, 0.7), 80, shift) for shift in (-75, 75)),
)
_HEAD_MIDDLE_MM = (0.0, 60.0, 20.0)  # from the head's joint
# Parts that touch in the rest pose; the upper arm may lie against the waist.
_MAY_TOUCH = {("Spine1", "Hips"), ("Spine1", "Head")}
_MAY_TOUCH |= {
    (sided(a, side), sided(b, side))
    for side in SIDES
    for a, b in (
        ("{}Arm", "{}ForeArm"),
        ("{}ForeArm", "{}Hand"),
        ("{}UpLeg", "{}Leg"),
        ("{}Leg", "{}Foot"),
    )
} | {
    (trunk, sided(limb, side))
    for side in SIDES
    for trunk, limb in (("Spine1", "{}Arm"), ("Hips", "{}Arm"), ("Hips", "{}UpLeg"))
}


def _beads() -> tuple[np.ndarray, ...]:
    rows = list(_TRUNK_BEADS)
    for start, end, *rest in _LIMB_BEADS:
        rows += [(sided(start, side), sided(end, side), *rest) for side in SIDES]
    spread = [(a, b, share, r, x) for a, b, shares, r, x in rows for share in shares]
    starts, ends, shares, radii, shifts = zip(*spread, strict=True)
    return (
        np.array([bone(name) for name in starts]),
        np.array([bone(name) for name in ends]),
        np.array(shares)[:, None],
        np.array(radii, np.float64),
        np.array(
            [
                _HEAD_MIDDLE_MM if a == "Head" else (x, 0, 0)
                for a, x in zip(starts, shifts, strict=True)
            ]
        ),
    )


_STARTS, _ENDS, _SHARES, _RADII, _SHIFTS = _beads()


def _pairs() -> tuple[np.ndarray, np.ndarray]:
    touching = {(bone(a), bone(b)) for a, b in _MAY_TOUCH}
    touching |= {(b, a) for a, b in touching} | {(a, a) for a in _STARTS}
    first, second = np.triu_indices(len(_STARTS), 1)
    kept = [pair not in touching for pair in zip(_STARTS[first], _STARTS[second], strict=True)]
    return first[kept], second[kept]


_FIRST, _SECOND = _pairs()


def overlap_mm(posed: Posed, scale: float) -> float:
    """Return how deeply the limbs of a posed body stick in each other, mm; negative: nowhere.

    Args:
      posed: one pose.
      scale: the body's stature over 1.7 m.
    """
    ends = posed.positions[_STARTS], posed.positions[_ENDS]
    centres = ends[0] + _SHARES * (ends[1] - ends[0])
    centres += scale * np.einsum("nij,nj->ni", posed.rotations[_STARTS], _SHIFTS)
    distances = np.linalg.norm(centres[_FIRST] - centres[_SECOND], axis=-1)
    return float(np.max(scale * (_RADII[_FIRST] + _RADII[_SECOND]) - distances))
