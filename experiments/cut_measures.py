"""What experiments/cut_bodies.py counts: joints of people whom a photo cuts."""

import numpy as np
from whole_lspet import LIMBS

from hg3d_tf.data.joint_orders import LSP_14_NAMES
from hg3d_tf.prediction.photos import Photo
from hg3d_tf.skeleton import SEEN_CONFIDENCE, joint_index

_MARGIN = 0.06  # of a box round joints, in longer sides of all joints' box
_LIMBS = [joint_index(name) for name in LIMBS]
_ARMS = np.array([name.endswith(("wrist", "elbow", "shoulder")) for name in LIMBS])
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
    low = np.clip(left.min(0) - _MARGIN * longer, 0, size - 2).astype(int)
    high = np.clip(left.max(0) + _MARGIN * longer, low + 2, size).astype(int)
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
