"""Rotations of the rig's bones from joints.

16 points tell where a bone points, and less about how it is turned about itself. The rule:

- Hips: x along the line from the right to the left hip, y as near to the trunk as that allows.
- Spine: y along the trunk, x as near to the line of the shoulders as that allows.
- All others turn the shortest way from their direction at rest in the parent.
- Arms and UpLegs besides turn about themselves, so that elbow and knee bend about their hinges, as
  far as the bend shows the hinge: not below 10 degrees of bend, wholly from 25 on, in between and
  through time (Gaussian, 0.3 s) blended with no twist. Hinges that no joint can have (a knee that
  bends sideways or forwards) do not count.
- Hands and feet keep the turn of forearm and shin.

A joint that is missing moves in a straight line from where it was to where it is seen again. A bone
whose two joints are in one place is not turned.
"""

from collections.abc import Iterator
from typing import NamedTuple

import numpy as np

from hg3d_tf.pose_files import markers, rig, smoothing, turns
from hg3d_tf.pose_files.sequence import PoseSequence
from hg3d_tf.skeleton import PELVIS, joint_index

_BEND_DEG = (10.0, 25.0)  # where a hinge begins to show, and is clear
SIGMA_S = 0.3
_NO_TWIST = 0.25  # weight of no twist where no hinge shows
_HINGE_DEG = {"Arm": (130.0, 170.0), "UpLeg": (60.0, 90.0)}  # twist that counts, that does not


class Block(NamedTuple):
    """Frames of the rig.

    Attributes:
      seconds: [N].
      root_mm: [N, 3] of the Hips.
      turns: [N, B, 3, 3] of the bones in their parents.
    """

    seconds: np.ndarray
    root_mm: np.ndarray
    turns: np.ndarray


def blocks(poses: PoseSequence) -> Iterator[Block]:
    """Yield a film of one person as frames of the rig; axes are the rig's: y up."""
    poses = _filled(poses)
    for block, twists in poses.blocks_with(_twists(poses)):
        joints = markers.y_up(block["joints_3d"])
        yield Block(block["seconds"], joints[:, PELVIS], _local(_global(joints, twists)))


def _filled(poses: PoseSequence) -> PoseSequence:
    """Return poses without missing joints; rig.fitted_lengths_mm has made sure each is there."""
    if all(np.isfinite(block["joints_3d"]).all() for block in poses.blocks()):
        return poses
    joints = np.concatenate([block["joints_3d"] for block in poses.blocks()])
    filled = smoothing.gaussian(joints.reshape(len(joints), -1), poses.rows["seconds"], 0)

    def change(block, joints):
        block["joints_3d"] = joints
        return block

    return poses.changed(change, filled.reshape(joints.shape))


def _frames(joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the turns [N, 3, 3] of hips and spine."""
    point = {name: joints[:, joint_index(name)] for name in ("l_hip", "r_hip", "pelvis", "thorax")}
    point |= {name: joints[:, joint_index(name)] for name in ("l_shoulder", "r_shoulder")}
    trunk = turns.unit(point["thorax"] - point["pelvis"])
    hips = turns.unit(point["l_hip"] - point["r_hip"])
    front = turns.unit(np.cross(hips, trunk))
    hips_turn = np.stack([hips, np.cross(front, hips), front], axis=-1)
    shoulders = point["l_shoulder"] - point["r_shoulder"]
    front = turns.unit(np.cross(shoulders, trunk))
    spine_turn = np.stack([np.cross(trunk, front), trunk, front], axis=-1)
    return _or_none(hips_turn), _or_none(spine_turn)


def _or_none(found: np.ndarray) -> np.ndarray:
    """Return turns [N, 3, 3], those that points in one place do not tell being none."""
    return np.where(np.isfinite(found).all(axis=(1, 2), keepdims=True), found, np.eye(3))


def _aim(joints: np.ndarray, bone: rig.Bone, parent: np.ndarray) -> np.ndarray:
    """Return the shortest turn [N, 3, 3], in the parent, from a bone's rest to where it points."""
    direction = joints[:, joint_index(bone.target)] - joints[:, joint_index(bone.joint)]
    local = (np.swapaxes(parent, -1, -2) @ turns.unit(direction)[..., None])[..., 0]
    return _or_none(turns.shortest(_rest(bone), local))


def _rest(bone: rig.Bone) -> np.ndarray:
    """Return where a bone points at rest, [3]."""
    place = rig.BONES.index(bone)
    ahead = next((b.offset for b in rig.BONES if b.parent == place), bone.end)
    return np.array(ahead, np.float64)


def _global(joints: np.ndarray, twists: np.ndarray | None) -> np.ndarray:
    """Return the bones' turns [N, B, 3, 3]; twists [N, 4] of `HINGED`, None for none."""
    found = np.empty((len(joints), len(rig.BONES), 3, 3))
    found[:, 0], found[:, 1] = _frames(joints)
    for place, bone in enumerate(rig.BONES[2:], 2):
        parent = found[:, bone.parent]
        if bone.target is None:
            found[:, place] = parent
            continue
        turn = _aim(joints, bone, parent)
        if twists is not None and place in HINGED:
            turn = turn @ turns.about(_rest(bone), twists[:, HINGED.index(place)])
        found[:, place] = parent @ turn
    return found


def _local(found: np.ndarray) -> np.ndarray:
    parents = [bone.parent for bone in rig.BONES[1:]]
    local = np.array(found)
    local[:, 1:] = np.swapaxes(found[:, parents], -1, -2) @ found[:, 1:]
    return local


HINGED = [i for i, bone in enumerate(rig.BONES) if bone.name.endswith(("tArm", "UpLeg"))]


def hinge_at_rest(bone: rig.Bone) -> np.ndarray:
    """Return the axis of a T pose's elbow, which bends forwards, or knee, which bends backwards."""
    if bone.name.endswith("UpLeg"):
        return np.array([1.0, 0, 0])
    return np.array([0, -1.0 if bone.name.startswith("Left") else 1.0, 0])


def _twists(poses: PoseSequence) -> np.ndarray:
    """Return the twists [N, 4] of `HINGED`, radians."""
    shown = [_shown_twists(markers.y_up(block["joints_3d"])) for block in poses.blocks()]
    smooth = smoothing.gaussian(np.concatenate(shown), poses.rows["seconds"], SIGMA_S)
    return np.angle(smooth)


def _shown_twists(joints: np.ndarray) -> np.ndarray:
    """Return [N, 4] complex: direction of the twist that the hinge shows, long where it does."""
    found = _global(joints, None)
    shown = []
    for place in HINGED:
        bone, lower = rig.BONES[place], rig.BONES[place + 1]
        start, middle, end = (joint_index(name) for name in (bone.joint, lower.joint, lower.target))
        upper = turns.unit(joints[:, middle] - joints[:, start])
        hinge = np.cross(upper, turns.unit(joints[:, end] - joints[:, middle]))
        hinge = np.where(np.isfinite(hinge), hinge, 0)
        sine = np.linalg.norm(hinge, axis=-1)
        # In the parent's frame swung, without the twist; the bone's own turn then is `aim`.
        swung = (np.swapaxes(found[:, place], -1, -2) @ hinge[..., None])[..., 0]
        rest, zero = _rest(bone), hinge_at_rest(bone)
        angle = np.arctan2(swung @ np.cross(rest, zero), swung @ zero)
        limits = next(v for name, v in _HINGE_DEG.items() if bone.name.endswith(name))
        weight = _ramp(sine, *np.sin(np.radians(_BEND_DEG)))
        weight *= 1 - _ramp(np.abs(np.degrees(angle)), *limits)
        shown.append(weight * np.exp(1j * angle) + _NO_TWIST * (1 - weight))
    return np.stack(shown, axis=-1)


def _ramp(values: np.ndarray, low: float, high: float) -> np.ndarray:
    """Return 0 below `low`, 1 above `high`, smoothly in between."""
    share = np.clip((values - low) / (high - low), 0, 1)
    return share * share * (3 - 2 * share)
