"""Boxes of people out of the finder's three maps (see `network.finding`), in NumPy."""

import numpy as np

from hg3d_tf.network.finding import (
    LEAST_COUNTED_SCORE,
    MOST_BOXES,
    MOST_OVERLAP,
    STRIDE_PX,
    UNIT_PX,
)
from hg3d_tf.prediction import boxes


def decode(
    centre: np.ndarray, box: np.ndarray, quality: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return boxes [N, 4] px of the finder's input and their scores [N], the best first.

    A score is the geometric mean of how sure a middle is and of how well the box is said to fit.

    Args:
      centre: [h, w, 1] logit that a box has its middle in the cell.
      box: [h, w, 4] log of the distances from the cell's middle to the box's left, top, right and
        bottom, in 16 px.
      quality: [h, w, 1] logit of the box's intersection over union with the true one.
    """
    heat = _probability(centre[..., 0])
    height, width = heat.shape
    score = np.sqrt(heat * _probability(quality[..., 0]))
    y, x = np.nonzero((heat >= _highest_around(heat)) & (score >= LEAST_COUNTED_SCORE))
    order = np.argsort(-score[y, x], kind="stable")[: 4 * MOST_BOXES]
    y, x = y[order], x[order]
    sides = np.exp(np.clip(box[y, x].astype(np.float32), -6, 5)) * UNIT_PX
    middles = (np.stack([x, y], axis=1) + 0.5) * STRIDE_PX
    found = np.concatenate([middles - sides[:, :2], middles + sides[:, 2:]], axis=1)
    found = np.clip(found, 0, np.tile([width, height], 2) * STRIDE_PX)
    kept = boxes.distinct(found, MOST_OVERLAP)[:MOST_BOXES]
    return found[kept].astype(np.float32), score[y, x][kept]


def _probability(logit: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-np.clip(logit.astype(np.float32), -30, 30)))


def _highest_around(heat: np.ndarray) -> np.ndarray:
    """Return for each cell the highest of it and its eight neighbours."""
    padded = np.pad(heat, 1, constant_values=-1)
    windows = np.lib.stride_tricks.sliding_window_view(padded, (3, 3))
    return windows.max(axis=(2, 3))
