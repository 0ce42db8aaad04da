"""The mannequin's mesh: stacks of ellipses along the bones, shaped for a person, then posed.

In the rest pose (kinematics.py) every limb hangs along y, so that each body part is a stack of
horizontal ellipses. `along` runs over a part's chain of joints: 0 at the first joint, 1 at the
second, 2 at the third.
"""

from typing import NamedTuple

import numpy as np

from hg3d_tf.skeleton import NUM_JOINTS, joint_index
from synthetic_humans.mannequin.body_parts import PARTS, Part
from synthetic_humans.mannequin.bones import NUM_BONES, bone_index
from synthetic_humans.mannequin.proportions import NUM_LENGTHS, Skeleton, rest_skeleton
from synthetic_humans.parts import PART_NAMES


class Template(NamedTuple):
    """The mesh before it is shaped, V vertices and F triangles."""

    anchors: np.ndarray  # [V, 16] weights of the rest joints
    offsets: np.ndarray  # [V, 3] mm from the anchor, at canonical size
    skinning: np.ndarray  # [V, 15] weights of the bones
    along: np.ndarray  # [V]
    faces: np.ndarray  # [F, 3] int32
    vertex_parts: np.ndarray  # [V]
    face_parts: np.ndarray  # [F]


# Parts whose joints and bones have no side.
_MIDDLE = ("torso", "neck", "head", "long_hair", "nose", "ear")


def _chain_anchors(part: Part, along: np.ndarray, side: str) -> np.ndarray:
    """Return the weights [rings, 16] of the joints, which lie on (or beyond) the chain."""
    joints = [joint_index(n if part.name in _MIDDLE else side + n) for n in part.chain]
    anchors = np.zeros((len(along), NUM_JOINTS))
    if len(joints) == 1:
        anchors[:, joints] = 1
        return anchors
    stretch = np.clip(np.floor(along), 0, len(joints) - 2).astype(int)
    rows, fraction = np.arange(len(along)), along - stretch
    anchors[rows, np.take(joints, stretch)] = 1 - fraction
    anchors[rows, np.take(joints, stretch + 1)] = fraction
    return anchors


# Where the second bone of a part takes over, and over which stretch.
_BLENDS = {"torso": (0.3, 0.5), "neck": (0.7, 0.9), "arm": (1.0, 0.24), "leg": (1.0, 0.24)}


def _skinning(part: Part, along: np.ndarray, side: str) -> np.ndarray:
    bones = [bone_index(n if part.name in _MIDDLE else side + n) for n in part.bones]
    weights = np.zeros((len(along), NUM_BONES))
    weights[:, bones[0]] = 1
    if len(bones) == 2:
        centre, width = _BLENDS[part.name]
        step = np.clip((along - centre) / width + 0.5, 0, 1)
        second = step * step * (3 - 2 * step)
        weights[:, bones[0]], weights[:, bones[1]] = 1 - second, second
    return weights


def _ring_faces(rings: int, segments: int) -> np.ndarray:
    ring, segment = np.meshgrid(np.arange(rings - 1), np.arange(segments), indexing="ij")
    a = ring * segments + segment
    b = ring * segments + (segment + 1) % segments
    c, d = a + segments, b + segments
    return np.stack([a, b, c, b, d, c], axis=-1).reshape(-1, 3)


_CANONICAL_JOINTS = rest_skeleton(1.0, np.ones(NUM_LENGTHS)).joints


def _build_part(part: Part, side: str) -> tuple[np.ndarray, ...]:
    rings = np.array(part.rings, np.float64)
    sign = -1 if side == "r_" else 1
    turn = np.arange(part.segments) * 2 * np.pi / part.segments
    first, half_x, half_z, shift_x, shift_z = (column[:, None] for column in rings.T)
    hangs = len(part.chain) == 1
    offsets = np.stack(
        [
            sign * (half_x * np.sin(turn) + shift_x),
            first * hangs + 0 * turn,
            half_z * np.cos(turn) + shift_z,
        ],
        axis=-1,
    ).reshape(-1, 3)
    repeat = np.repeat(rings[:, 0], part.segments)
    faces = _ring_faces(len(rings), part.segments)
    anchors, skinning = _chain_anchors(part, repeat, side), _skinning(part, repeat, side)
    heights = anchors @ _CANONICAL_JOINTS[:, 1] + offsets[:, 1]
    if (heights[-1] > heights[0]) != (sign > 0):  # triangles must run round outward normals
        faces = faces[:, ::-1]
    return anchors, offsets, skinning, repeat, faces


def build_template() -> Template:
    """Return the mesh of all parts."""
    built = [
        _build_part(part, side)
        for part in PARTS
        for side in (("l_", "r_") if part.sided else ("",))
    ]
    anchors, offsets, skinning, along, faces = zip(*built, strict=True)
    counts = [len(part) for part in offsets]
    starts = np.cumsum([0, *counts[:-1]])
    return Template(
        np.concatenate(anchors),
        np.concatenate(offsets),
        np.concatenate(skinning),
        np.concatenate(along),
        np.concatenate([f + s for f, s in zip(faces, starts, strict=True)]).astype(np.int32),
        np.repeat(np.arange(len(built)), counts),
        np.repeat(np.arange(len(built)), [len(f) for f in faces]),
    )


TEMPLATE = build_template()
_PART_OF = np.array(PART_NAMES)[TEMPLATE.vertex_parts]
_IS_TORSO = _PART_OF == "torso"
_IS_LIMB = np.isin(_PART_OF, ["l_arm", "r_arm", "l_leg", "r_leg", "neck"])


class Build(NamedTuple):
    """How thick a person is: factors, and mm at canonical size."""

    scale: float = 1.0
    torso_width: float = 1.0
    torso_depth: float = 1.0
    limb_girth: float = 1.0
    belly_mm: float = 0.0
    bust_mm: float = 0.0


def shape_rest_mesh(skeleton: Skeleton, build: Build) -> np.ndarray:
    """Return the naked rest vertices [V, 3] of one person, mm in the body frame."""
    offsets = TEMPLATE.offsets.copy()
    along = TEMPLATE.along[_IS_TORSO]
    offsets[_IS_TORSO] *= [build.torso_width, 1, build.torso_depth]
    front = np.clip(offsets[_IS_TORSO, 2] / 80, 0, 1)
    bulge = build.belly_mm * np.exp(-(((along - 0.28) / 0.2) ** 2))
    bulge += build.bust_mm * np.exp(-(((along - 0.72) / 0.11) ** 2))
    offsets[_IS_TORSO, 2] += front * bulge
    offsets[_IS_LIMB] *= [build.limb_girth, 1, build.limb_girth]
    return TEMPLATE.anchors @ skeleton.joints + build.scale * offsets


def skin(
    rest: np.ndarray,
    normals: np.ndarray,
    pivots: np.ndarray,
    rotations: np.ndarray,
    positions: np.ndarray,
) -> tuple[np.ndarray, np.ndarray]:
    """Pose a shaped mesh by linear blend skinning.

    Args:
      rest: [V, 3] rest vertices; normals: [V, 3] rest normals.
      pivots: [15, 3]; rotations, positions: of one pose, from `forward_kinematics`.

    Returns:
      Posed vertices [V, 3] and unit normals [V, 3].
    """
    shifts = positions - (rotations @ pivots[..., None])[..., 0]
    turns = (TEMPLATE.skinning @ rotations.reshape(NUM_BONES, 9)).reshape(-1, 3, 3)
    vertices = (turns @ rest[..., None])[..., 0] + TEMPLATE.skinning @ shifts
    posed_normals = (turns @ normals[..., None])[..., 0]
    lengths = np.linalg.norm(posed_normals, axis=-1, keepdims=True)
    return vertices, posed_normals / np.maximum(lengths, 1e-9)
