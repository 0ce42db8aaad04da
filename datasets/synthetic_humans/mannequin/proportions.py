"""The lengths of the mannequin's bones in the rest pose."""

from typing import NamedTuple

import numpy as np

from hg3d_tf.skeleton import CANONICAL_LENGTHS_MM, JOINT_NAMES
from synthetic_humans.mannequin.bones import BONE_NAMES, split_side


class Skeleton(NamedTuple):
    """Rest pose of one person: joints [16, 3] and the bones' pivots [15, 3], mm, body frame."""

    joints: np.ndarray
    pivots: np.ndarray


# Lengths that vary between people, in the order of `rest_skeleton`'s `ratios`.
_LENGTHS = (
    ("ankle", "knee"),
    ("knee", "hip"),
    ("hip", "pelvis"),
    ("pelvis", "thorax"),
    ("thorax", "upper_neck"),
    ("upper_neck", "head_top"),
    ("wrist", "elbow"),
    ("elbow", "shoulder"),
)
NUM_LENGTHS = len(_LENGTHS)
ANKLE_HEIGHT_MM = 82.0
CANONICAL_STATURE_MM = ANKLE_HEIGHT_MM + sum(
    CANONICAL_LENGTHS_MM[frozenset(ends)] for ends in (*_LENGTHS[:2], *_LENGTHS[3:6])
)


def rest_skeleton(scale: float, ratios: np.ndarray) -> Skeleton:
    """Return the rest pose of a symmetric person around the canonical lengths.

    Args:
      scale: overall size; 1 is the canonical stature of 1.67 m.
      ratios: [8] factors on single lengths, in the order of `_LENGTHS`.
    """
    canonical = np.array([CANONICAL_LENGTHS_MM[frozenset(ends)] for ends in _LENGTHS])
    shin, thigh, hip, trunk, neck, head, forearm, upper_arm = scale * ratios * canonical
    across = CANONICAL_LENGTHS_MM[frozenset(("shoulder", "upper_neck"))]
    shoulder = scale * ratios[2] * np.sqrt(across**2 - canonical[4] ** 2)
    left = {
        "hip": (hip, 0, 0),
        "knee": (hip, -thigh, 0),
        "ankle": (hip, -thigh - shin, 0),
        "shoulder": (shoulder, trunk, 0),
        "elbow": (shoulder, trunk - upper_arm, 0),
        "wrist": (shoulder, trunk - upper_arm - forearm, 0),
    }
    points = {"pelvis": (0, 0, 0), "chest": (0, 0.3 * trunk, -0.03 * trunk)}
    points |= {"thorax": (0, trunk, 0), "upper_neck": (0, trunk + neck, 0)}
    points["head_top"] = (0, trunk + neck + head, 0.05 * head)
    for name, (x, y, z) in left.items():
        points |= {f"l_{name}": (x, y, z), f"r_{name}": (-x, y, z)}
    pivots = {"head": "upper_neck", "upper_arm": "shoulder", "forearm": "elbow", "hand": "wrist"}
    pivots |= {"thigh": "hip", "shank": "knee", "foot": "ankle"}
    return Skeleton(
        np.array([points[name] for name in JOINT_NAMES], np.float64),
        np.array(
            [points[(s if s else "") + pivots.get(b, b)] for s, b in map(split_side, BONE_NAMES)],
            np.float64,
        ),
    )
