"""A film's poses with one thing about them made right: what experiments/causes.py compares."""

import numpy as np
from finding_measures import LIMBS, as_large

from hg3d_tf import line_of_sight

_OTHER_SIDE = [LIMBS.index({"l": "r", "r": "l"}[name[0]] + name[1:]) for name in LIMBS]


def answers(
    found: np.ndarray, true: np.ndarray, off_middle: np.ndarray, assumed: float, focal: float
) -> dict[str, np.ndarray]:
    """Return what was found [N, 12, 3], and found with one thing made right, by its name.

    Args:
      found: limb joints in the camera's frame, as predictors give them.
      true: [N, 12, 3] mm, the hips' middle at 0.
      off_middle: [N, 2] px of the boxes' middles from the pictures'.
      assumed, focal: focal lengths, px: which the predictors assume, and the camera's.
    """
    in_crop = _turned(found, -off_middle / assumed)
    as_found = as_large(found, true)
    exchanged = as_large(found[:, _OTHER_SIDE], true)
    right_sides = _nearer(as_found, exchanged, true)
    right_places = np.concatenate([true[..., :2], as_found[..., 2:]], axis=-1)
    right_depth = np.concatenate([as_found[..., :2], true[..., 2:]], axis=-1)
    return {
        "in the crop's frame": as_large(in_crop, true),
        "as found": as_found,
        "true focal length": as_large(_turned(in_crop, off_middle / focal), true),
        "true sides": right_sides,
        "true places": right_places,
        "true depth": right_depth,
    }


def _turned(joints: np.ndarray, off_axis: np.ndarray) -> np.ndarray:
    x_y_z = np.moveaxis(joints, -1, 0)
    return np.stack(line_of_sight.turned(x_y_z, off_axis.T[..., np.newaxis]), axis=-1)


def _nearer(one: np.ndarray, other: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Return of each frame that of two poses [N, 12, 3] which is nearer to the truth."""
    errors = [np.linalg.norm(pose - true, axis=-1).mean(axis=1) for pose in (one, other)]
    return np.where((errors[0] <= errors[1])[:, np.newaxis, np.newaxis], one, other)
