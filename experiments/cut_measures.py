"""What experiments/cut_bodies.py and cut_sizes.py measure: people whom a photo cuts."""

import numpy as np
from whole_lspet import LIMBS

from hg3d_tf.data.joint_orders import LSP_14_NAMES
from hg3d_tf.prediction.photos import Photo
from hg3d_tf.skeleton import (
    CANONICAL_BONE_SUM_MM,
    PELVIS,
    SEEN_CONFIDENCE,
    THORAX,
    UPPER_NECK,
    bone_lengths,
    joint_index,
)

MARGIN = 0.06  # of a box round joints, in longer sides of all joints' box
_LIMBS = [joint_index(name) for name in LIMBS]
_ARMS = np.array([name.endswith(("wrist", "elbow", "shoulder")) for name in LIMBS])
_KNEES = [joint_index("r_knee"), joint_index("l_knee")]
_UPRIGHT = 0.7  # of the trunk's length in the picture, along y
LOST = {
    "not cut": (),
    "cut above the knees": ("ankle", "knee"),
    "cut above the hips": ("ankle", "knee", "hip"),
}


def look_at_cut(photo, joints, lost: tuple[str, ...], look):
    """Cut a photo to who is left without the joints `lost`, and look at all of it.

    Args:
      photo: whole.
      joints: [14, 2] px, in the order of LSP_14_NAMES.
      lost: how their names end.
      look: see `predictors.Predictor`.

    Returns:
      of each limb joint [12]: the error in longer sides of the box of all joints, the confidence,
      and whether it is outside of what is left.
    """
    left = joints[[not name.endswith(lost) for name in LSP_14_NAMES]]
    longer = np.ptp(joints, axis=0).max()
    size = np.array(photo.pixels.shape[1::-1])
    low = np.clip(left.min(0) - MARGIN * longer, 0, size - 2).astype(int)
    high = np.clip(left.max(0) + MARGIN * longer, low + 2, size).astype(int)
    (x, y), (end_x, end_y) = low, high
    pose = look(Photo(photo.name, photo.pixels[y:end_y, x:end_x]), None)
    places = pose["joints_2d"][_LIMBS] + low
    outside = ((joints[:12] < low) | (joints[:12] > high)).any(axis=1)
    errors = np.linalg.norm(places - joints[:12], axis=1) / longer
    return errors, pose["confidence"][_LIMBS], outside


def row(errors, confidences, outside) -> dict[str, float]:
    """Return the shares, percent, of what `look_at_cut` returned [N, 12] of N photos."""
    arms = ~outside & _ARMS
    clear = confidences > SEEN_CONFIDENCE
    return {
        "arms @0.1": 100 * float((errors[arms] < 0.1).mean()),
        "arms @0.05": 100 * float((errors[arms] < 0.05).mean()),
        "arms clear": 100 * float(clear[arms].mean()),
        "clear, wrong": 100 * float((errors[arms & clear] > 0.1).mean()),
        "outside clear": 100 * float(clear[outside].mean()) if outside.any() else 0.0,
    }


def cut_rows(px: np.ndarray, size: int) -> dict[str, float] | None:
    """Return where pictures of `size` px end, y px, of who stands, joints [16, 2] px; else None."""
    trunk = px[PELVIS] - px[UPPER_NECK]
    if trunk[1] < _UPRIGHT * np.linalg.norm(trunk):
        return None
    knees, pelvis, thorax = px[_KNEES, 1].min(), px[PELVIS, 1], px[THORAX, 1]
    return {
        "not cut": float(size),
        "cut at the knees": knees,
        "cut at the hips": pelvis + 0.1 * (knees - pelvis),
        "cut at the trunk": thorax + 0.55 * (pelvis - thorax),
    }


def errors_mm(pose: dict, truth: np.ndarray, left: np.ndarray) -> dict[str, float]:
    """Return the mean error of the joints `left` [16] by how a pose is scaled."""
    truth = truth * CANONICAL_BONE_SUM_MM / bone_lengths(truth).sum()
    truth = (truth - truth[THORAX])[left]
    joints = pose["joints_3d"] - pose["joints_3d"][THORAX]
    by_all = CANONICAL_BONE_SUM_MM / bone_lengths(joints).sum()
    seen = joints[left]
    scales = {
        "by all bones": by_all,
        "by seen bones": 1.0,
        "by the truth": (seen * truth).sum() / np.square(seen).sum(),
    }
    return {
        name: float(np.linalg.norm(seen * scale - truth, axis=1).mean())
        for name, scale in scales.items()
    }
