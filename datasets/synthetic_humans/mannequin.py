"""The mannequin's mesh: stacks of ellipses along the bones, shaped for a person, then posed.

In the rest pose (kinematics.py) every limb hangs along y, so that each body part is a stack of
horizontal ellipses. `along` runs over a part's chain of joints: 0 at the first joint, 1 at the
second, 2 at the third.
"""

from typing import NamedTuple

import numpy as np

from hg3d_tf.skeleton import NUM_JOINTS, joint_index
from synthetic_humans.kinematics import (
    NUM_BONES,
    NUM_LENGTHS,
    Skeleton,
    bone_index,
    rest_skeleton,
)

# Rows: along the chain, then mm at canonical size: half width in x and z, shift of the centre in
# x (outwards on the left side) and z.
_TORSO = (
    (-0.24, 10, 10, 0, -5),
    (-0.22, 55, 50, 0, -8),
    (-0.15, 112, 88, 0, -16),
    (-0.05, 148, 108, 0, -22),
    (0.06, 158, 108, 0, -18),
    (0.18, 148, 98, 0, -10),
    (0.35, 130, 88, 0, -2),
    (0.5, 132, 94, 0, 2),
    (0.66, 146, 106, 0, 6),
    (0.8, 156, 106, 0, 6),
    (0.92, 150, 88, 0, -4),
    (1.0, 122, 68, 0, -10),
    (1.06, 78, 56, 0, -10),
    (1.11, 50, 46, 0, -8),
    (1.13, 10, 10, 0, -6),
)
_NECK = ((-0.4, 40, 40, 0, -8), (-0.2, 58, 54, 0, -8), (0.5, 52, 52, 0, -4), (1.3, 46, 48, 0, 4))
_HEAD = (
    (-0.27, 8, 8, 0, 56),
    (-0.24, 22, 20, 0, 56),
    (-0.16, 42, 44, 0, 42),
    (-0.04, 56, 68, 0, 26),
    (0.12, 64, 82, 0, 16),
    (0.3, 71, 92, 0, 10),
    (0.5, 75, 97, 0, 6),
    (0.7, 72, 92, 0, 4),
    (0.85, 60, 76, 0, 4),
    (0.95, 38, 50, 0, 6),
    (1.0, 8, 10, 0, 8),
)
_LONG_HAIR = (
    (0.9, 20, 20, 0, -50),
    (0.7, 66, 40, 0, -60),
    (0.4, 76, 40, 0, -66),
    (0.0, 78, 36, 0, -66),
    (-0.4, 76, 32, 0, -62),
    (-0.9, 70, 28, 0, -64),
    (-1.1, 20, 10, 0, -64),
)
_NOSE = ((0.1, 3, 3, 0, 88), (0.13, 15, 18, 0, 96), (0.2, 13, 15, 0, 98), (0.36, 5, 6, 0, 96))
_EAR = ((0.08, 3, 4, 66, -2), (0.16, 9, 14, 72, -4), (0.32, 10, 20, 74, -8), (0.4, 3, 8, 72, -8))
_ARM = (
    (-0.2, 6, 6, -8, 0),
    (-0.17, 28, 30, -6, 0),
    (-0.1, 42, 46, -6, 0),
    (0.0, 51, 55, -4, 0),
    (0.15, 51, 56, -1, 0),
    (0.35, 48, 54, 0, 2),
    (0.6, 43, 48, 0, 2),
    (0.85, 39, 42, 0, 0),
    (0.95, 38, 41, 0, -2),
    (1.0, 38, 41, 0, -3),
    (1.05, 39, 41, 0, -2),
    (1.2, 41, 43, 0, 2),
    (1.45, 37, 40, 0, 2),
    (1.75, 28, 32, 0, 0),
    (2.0, 23, 29, 0, 0),
    (2.06, 6, 8, 0, 0),
)
_LEG = (
    (-0.16, 10, 10, -30, -6),
    (-0.12, 60, 62, -34, -10),
    (-0.02, 86, 90, -38, -12),
    (0.12, 92, 96, -32, -8),
    (0.3, 86, 90, -22, -2),
    (0.55, 73, 77, -10, 2),
    (0.8, 60, 62, -3, 4),
    (0.93, 54, 57, 0, 6),
    (1.0, 52, 57, 0, 6),
    (1.07, 51, 54, 0, 2),
    (1.25, 53, 57, 2, -10),
    (1.42, 51, 55, 2, -14),
    (1.65, 42, 44, 0, -10),
    (1.88, 34, 37, 0, -6),
    (2.0, 34, 38, 0, -4),
    (2.08, 10, 10, 0, -2),
)
# The extremities hang on one joint: their first column is mm above it.
_HAND = (
    (8, 20, 26, 0, 0),
    (-15, 20, 32, 0, 2),
    (-50, 18, 42, 0, 2),
    (-90, 16, 42, 0, 0),
    (-120, 14, 37, -2, 0),
    (-155, 11, 30, -6, 0),
    (-178, 4, 14, -8, 0),
)
_THUMB = ((-8, 6, 6, 0, 18), (-35, 12, 12, 0, 38), (-65, 11, 11, -2, 54), (-98, 4, 4, -4, 62))
_FOOT = (
    (14, 26, 32, 0, -2),
    (-10, 36, 48, 0, 4),
    (-32, 42, 82, 0, 32),
    (-52, 47, 116, 0, 56),
    (-70, 50, 128, 0, 64),
    (-80, 48, 126, 0, 64),
    (-82, 20, 60, 0, 60),
)


class _Part(NamedTuple):
    name: str
    rings: tuple
    chain: tuple[str, ...]  # joints that `along` passes
    bones: tuple[str, ...]  # one for each stretch of the chain, blended at the joint between
    segments: int = 14
    sided: bool = False


_PARTS = (
    _Part("torso", _TORSO, ("pelvis", "thorax"), ("pelvis", "chest"), 20),
    _Part("neck", _NECK, ("thorax", "upper_neck"), ("chest", "head"), 12),
    _Part("head", _HEAD, ("upper_neck", "head_top"), ("head",), 18),
    _Part("long_hair", _LONG_HAIR, ("upper_neck", "head_top"), ("head",), 12),
    _Part("nose", _NOSE, ("upper_neck", "head_top"), ("head",), 6),
    _Part("ear", _EAR, ("upper_neck", "head_top"), ("head",), 6, True),
    _Part("arm", _ARM, ("shoulder", "elbow", "wrist"), ("upper_arm", "forearm"), 12, True),
    _Part("hand", _HAND, ("wrist",), ("hand",), 10, True),
    _Part("thumb", _THUMB, ("wrist",), ("hand",), 6, True),
    _Part("leg", _LEG, ("hip", "knee", "ankle"), ("thigh", "shank"), 14, True),
    _Part("foot", _FOOT, ("ankle",), ("foot",), 14, True),
)
PART_NAMES = tuple(
    side + part.name for part in _PARTS for side in (("l_", "r_") if part.sided else ("",))
)


def part_index(name: str) -> int:
    """Return the place of the part called `name`, e.g. "torso" or "l_arm"."""
    return PART_NAMES.index(name)


class Template(NamedTuple):
    """The mesh before it is shaped, V vertices and F triangles."""

    anchors: np.ndarray  # [V, 16] weights of the rest joints
    offsets: np.ndarray  # [V, 3] mm from the anchor, at canonical size
    skinning: np.ndarray  # [V, 15] weights of the bones
    along: np.ndarray  # [V]
    faces: np.ndarray  # [F, 3] int32
    vertex_parts: np.ndarray  # [V]
    face_parts: np.ndarray  # [F]


def _chain_anchors(part: _Part, along: np.ndarray, side: str) -> np.ndarray:
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


_MIDDLE = ("torso", "neck", "head", "long_hair", "nose", "ear")
# Where the second bone of a part takes over, and over which stretch.
_BLENDS = {"torso": (0.3, 0.5), "neck": (0.7, 0.9), "arm": (1.0, 0.24), "leg": (1.0, 0.24)}


def _skinning(part: _Part, along: np.ndarray, side: str) -> np.ndarray:
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


def _build_part(part: _Part, side: str) -> tuple[np.ndarray, ...]:
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
        for part in _PARTS
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


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return the area-weighted unit normals [V, 3] of a mesh."""
    corners = vertices[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    flat = faces.ravel()
    summed = np.stack(
        [np.bincount(flat, np.repeat(axis, 3), len(vertices)) for axis in normals.T], axis=-1
    )
    return summed / np.maximum(np.linalg.norm(summed, axis=-1, keepdims=True), 1e-9)


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
