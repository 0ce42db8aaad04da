"""Which joints are hidden from the camera."""

from typing import Protocol

import numpy as np

from hg3d_tf.skeleton import JOINT_NAMES
from synthetic_humans.camera import Camera
from synthetic_humans.parts import PART_NAMES


class PartTracer(Protocol):
    """Casts rays from a camera at a person and what is round it."""

    def parts_and_depths(self, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the row of PART_NAMES [n] that rays [n, 3] meet first, -1 off it; its depth."""


# The parts in whose flesh a joint lies, and how deep (mm at canonical size, seen from any side).
_OWN_PARTS = {
    "ankle": (("leg", "foot"), 75),
    "knee": (("leg",), 95),
    "hip": (("leg", "torso"), 175),
    "pelvis": (("torso", "l_leg", "r_leg"), 190),
    "thorax": (("torso", "neck"), 175),
    "upper_neck": (("torso", "neck", "head", "long_hair", "nose", "l_ear", "r_ear"), 140),
    "head_top": (("head", "long_hair", "nose", "l_ear", "r_ear"), 110),
    "wrist": (("hand", "arm", "thumb"), 70),
    "elbow": (("arm",), 75),
    "shoulder": (("arm", "torso"), 110),
}
_FOREIGN_MM = 20.0


def _allowances() -> np.ndarray:
    """Return how far before a joint [16, parts + 1] each part may be met; the last: no part."""
    allowed = np.full((len(JOINT_NAMES), len(PART_NAMES) + 1), _FOREIGN_MM)
    for row, joint in enumerate(JOINT_NAMES):
        sided = joint[1] == "_"
        names, depth = _OWN_PARTS[joint[2:] if sided else joint]
        for name in names:
            own = joint[:2] + name if sided and joint[:2] + name in PART_NAMES else name
            allowed[row, PART_NAMES.index(own)] = depth
    return allowed


_ALLOWANCES_MM = _allowances()


def occluded_joints(
    tracer: PartTracer, camera: Camera, joints: np.ndarray, scale: float
) -> np.ndarray:
    """Return which joints [16] are hidden: another limb or an object is clearly in front of them.

    Args:
      tracer: of the scene and the camera.
      camera: where from.
      joints: [16, 3] camera frame, mm.
      scale: the person's, 1 at canonical size.
    """
    distances = np.linalg.norm(joints, axis=-1)
    directions = (joints / distances[:, None] @ camera.rotation).astype(np.float32)
    parts, depths = tracer.parts_and_depths(directions)
    allowed = scale * _ALLOWANCES_MM[np.arange(len(joints)), parts]
    return distances - depths > allowed
