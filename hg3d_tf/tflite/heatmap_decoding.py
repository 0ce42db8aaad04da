"""Joints out of heat maps and depth, in NumPy: as `network.joint_decoding`, without TensorFlow.

For files that have no signature `joints`, such as the int8 ones of earlier versions, whose maps of
distributions are rounded to 1/256: what is left of a broad one can be nothing at all. Their
confidences are the peaks of the maps, as those versions gave them.
"""

import numpy as np

from hg3d_tf.skeleton import PELVIS, canonical_scale

_MEAN_REACH = 1 / 8  # see `joint_decoding`


def decode(heatmaps: np.ndarray, depth: np.ndarray, size: int) -> dict[str, np.ndarray]:
    """Return joints_2d [16, 2] px of the crop, joints_3d [16, 3] mm, confidence [16].

    Args:
      heatmaps: [H, W, 16]; distributions are nowhere negative, maps of squared errors are.
      depth: [16] half sides of the crop.
      size: of the crop, px.
    """
    height, width, _ = heatmaps.shape
    flat = heatmaps.reshape(height * width, -1)
    y, x = np.divmod(flat.argmax(axis=0), width)
    if flat.min() < 0:
        cells = _towards_higher_neighbours(heatmaps, x, y)
    else:
        cells = _mean_around(heatmaps, x, y)
    norm = cells * 2 / [width, height] - 1
    joints = np.concatenate([norm, depth[:, np.newaxis]], axis=1)
    confidence = flat.max(axis=0)
    return {
        "joints_2d": (norm + 1) * size / 2,
        "joints_3d": (joints - joints[PELVIS]) * canonical_scale(joints, confidence),
        "confidence": confidence,
    }


def _towards_higher_neighbours(heatmaps: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    height, width, count = heatmaps.shape
    joints = np.arange(count)

    def value(x, y):
        return heatmaps[np.clip(y, 0, height - 1), np.clip(x, 0, width - 1), joints]

    x_shift = np.sign(value(x + 1, y) - value(x - 1, y)) * ((x > 0) & (x < width - 1))
    y_shift = np.sign(value(x, y + 1) - value(x, y - 1)) * ((y > 0) & (y < height - 1))
    return np.stack([x + 0.5 + 0.25 * x_shift, y + 0.5 + 0.25 * y_shift], axis=1)


def _mean_around(heatmaps: np.ndarray, x: np.ndarray, y: np.ndarray) -> np.ndarray:
    """Return the mean place [16, 2] in cells round cell x, y; that cell where a map is empty."""
    height, width, _ = heatmaps.shape
    reach = _MEAN_REACH * max(height, width)
    columns, rows = np.arange(width)[:, np.newaxis], np.arange(height)[:, np.newaxis]
    inside = heatmaps * (abs(rows - y) <= reach)[:, np.newaxis] * (abs(columns - x) <= reach)
    total = inside.sum(axis=(0, 1))
    x_sum = (inside.sum(axis=0) * (columns + 0.5)).sum(axis=0)
    y_sum = (inside.sum(axis=1) * (rows + 0.5)).sum(axis=0)
    mean = np.stack([x_sum, y_sum], axis=1) / np.maximum(total, 1e-9)[:, np.newaxis]
    return np.where(total[:, np.newaxis] > 0, mean, np.stack([x, y], axis=1) + 0.5)
