"""A skeleton with bones of constant length for the 16 joints: names, rest pose, fitted lengths.

The names are those of Mixamo without its prefix, which Unity's humanoid mapping and the
retargeting add-ons of Blender know. In the rest pose, a T, the person stands with the arms
sideways; axes: x to the person's left, y up, z to the front (right-handed), as in BVH and glTF.
"""

from typing import NamedTuple

import numpy as np

from hg3d_tf.cli import UserError
from hg3d_tf.pose_files.sequence import PoseSequence, seen
from hg3d_tf.skeleton import joint_index


class Bone(NamedTuple):
    """A bone: a node at one joint that points at another.

    Attributes:
      name: of the node.
      parent: place in `BONES`; -1 for the root.
      joint: where the node lies.
      length: name of the length in `LENGTHS` from the parent's joint to this one, or None.
      offset: direction of that at rest, [3].
      target: the joint that it points at, or None: it keeps its parent's turn.
      end: at rest from the node to its tip, in lengths of `end_length`; for the last bones.
    """

    name: str
    parent: int
    joint: str
    length: str | None
    offset: tuple[float, float, float]
    target: str | None
    end: tuple[float, float, float] | None = None
    end_length: str | None = None


_UP, _DOWN, _NONE = (0.0, 1.0, 0.0), (0.0, -1.0, 0.0), (0.0, 0.0, 0.0)


def _limbs(side: str, sign: float, first: int) -> list[Bone]:
    """Return a side's arm and leg; `first` is the place of its first bone."""
    out, j, word = (sign, 0.0, 0.0), side[0].lower() + "_", side
    hand, foot = (0.4 * sign, 0.0, 0.0), (0.0, -0.1, 0.3)  # of the forearm, of the shin
    return [
        Bone(f"{word}Shoulder", 1, "thorax", "spine", _UP, f"{j}shoulder"),
        Bone(f"{word}Arm", first, f"{j}shoulder", "shoulder", out, f"{j}elbow"),
        Bone(f"{word}ForeArm", first + 1, f"{j}elbow", "arm", out, f"{j}wrist"),
        Bone(f"{word}Hand", first + 2, f"{j}wrist", "forearm", out, None, hand, "forearm"),
        Bone(f"{word}UpLeg", 0, f"{j}hip", "hip", out, f"{j}knee"),
        Bone(f"{word}Leg", first + 4, f"{j}knee", "thigh", _DOWN, f"{j}ankle"),
        Bone(f"{word}Foot", first + 5, f"{j}ankle", "shin", _DOWN, None, foot, "shin"),
    ]


BONES = (
    Bone("Hips", -1, "pelvis", None, _NONE, None),
    Bone("Spine", 0, "pelvis", None, _NONE, "thorax"),
    Bone("Neck", 1, "thorax", "spine", _UP, "upper_neck"),
    Bone("Head", 2, "upper_neck", "neck", _UP, "head_top", _UP, "head"),
    *_limbs("Left", 1.0, 4),
    *_limbs("Right", -1.0, 11),
)
NAMES = tuple(bone.name for bone in BONES)
# The pairs of joints whose distance is a length; both sides are measured together.
LENGTHS = {
    "spine": (("pelvis", "thorax"),),
    "neck": (("thorax", "upper_neck"),),
    "head": (("upper_neck", "head_top"),),
    "shoulder": (("thorax", "l_shoulder"), ("thorax", "r_shoulder")),
    "arm": (("l_shoulder", "l_elbow"), ("r_shoulder", "r_elbow")),
    "forearm": (("l_elbow", "l_wrist"), ("r_elbow", "r_wrist")),
    "hip": (("pelvis", "l_hip"), ("pelvis", "r_hip")),
    "thigh": (("l_hip", "l_knee"), ("r_hip", "r_knee")),
    "shin": (("l_knee", "l_ankle"), ("r_knee", "r_ankle")),
}


def fitted_lengths_mm(poses: PoseSequence) -> dict[str, float]:
    """Return each length: the median over the film and both sides, of joints clearly seen.

    Where a bone is never clear the median is of all frames in which both ends are there.

    Raises:
      UserError: for a joint that is never there.
    """
    pairs = [pair for pairs in LENGTHS.values() for pair in pairs]
    starts, ends = (np.array([joint_index(p[i]) for p in pairs]) for i in (0, 1))
    lengths, clear = [], []
    for block in poses.blocks():
        joints, is_clear = block["joints_3d"], seen(block)
        lengths.append(np.linalg.norm(joints[:, ends] - joints[:, starts], axis=-1))
        clear.append(is_clear[:, ends] & is_clear[:, starts])
    lengths, clear = np.concatenate(lengths), np.concatenate(clear)
    fitted, place = {}, 0
    for name, ends_of in LENGTHS.items():
        columns = slice(place, place + len(ends_of))
        place += len(ends_of)
        known = lengths[:, columns][clear[:, columns]]
        known = known if known.size else lengths[:, columns]
        known = known[np.isfinite(known)]
        if not known.size:
            raise UserError(f"{poses.name}: {' and '.join(ends_of[0])} are in no frame together")
        fitted[name] = float(np.median(known))
    return fitted


def offsets_mm(lengths: dict[str, float]) -> np.ndarray:
    """Return where each node lies at rest in its parent, [B, 3] mm."""
    return np.array([np.multiply(b.offset, lengths[b.length] if b.length else 0) for b in BONES])


def tips_mm(lengths: dict[str, float]) -> dict[int, np.ndarray]:
    """Return from the last bones' nodes to their tips at rest, [3] mm, by place in `BONES`."""
    return {
        place: np.multiply(bone.end, lengths[bone.end_length])
        for place, bone in enumerate(BONES)
        if bone.end is not None
    }
