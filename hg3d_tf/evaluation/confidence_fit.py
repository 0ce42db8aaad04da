"""Fit of the map from heat maps' peaks to confidences: isotonic regression of few bins."""

import numpy as np

from hg3d_tf.evaluation.protocols import inputs
from hg3d_tf.evaluation.protocols.inputs import Predictions
from hg3d_tf.network.confidence import UNMEASURED, Knots

# Of the longer side of the person's box: how near a joint must be to be right.
RIGHT_WITHIN = 0.1
_BINS = 6  # with the ends that makes 8 knots
# How many joints, of which as many are right as the map before says, each bin is given.
_PRIOR_JOINTS = 10
# Peaks and shares are rounded to it, which keeps them apart.
_STEP = 1e-4
# Nobody is as sure as this of being wrong or right.
_LEAST, _MOST = 0.001, 0.998


def fit_to(predictions: Predictions, size: int) -> Knots | None:
    """Return the knots that labelled predictions tell; None where no joint is labelled.

    Args:
      predictions: from `scoring.predict_split` of a network without knots, its confidences being
        the peaks.
      size: px of the crop that the labels refer to.
    """
    peaks, right, _ = labelled(predictions, size)
    return fit(peaks, right) if peaks.size else None


def labelled(predictions: Predictions, size: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return of all labelled joints [N]: confidence, whether it is right, its person's row."""
    error_px = inputs.error_2d_norm(predictions) * size / 2
    right = error_px <= RIGHT_WITHIN * predictions["person_side"][:, np.newaxis]
    row, joint = np.nonzero(predictions["visible"])
    return predictions["confidence"][row, joint], right[row, joint], row


def fit(peaks: np.ndarray, right: np.ndarray, prior: Knots = UNMEASURED) -> Knots:
    """Return at most 8 knots (peak, share), of which both rise.

    Peaks are cut into bins of as many joints each; bins of which a higher one is right less often
    are joined (pool adjacent violators). The ends, 0 and 1 or what lies beyond, go on as the bins
    beside them.

    Args:
      peaks: [N] heights of peaks; those that are not finite are left out.
      right: [N] bool.
      prior: what is believed of few joints.
    """
    kept = np.isfinite(peaks)
    peaks, right = np.asarray(peaks, float)[kept], np.asarray(right, float)[kept]
    if not peaks.size:
        return prior
    order = np.argsort(peaks, kind="stable")
    bins = [part for part in np.array_split(order, _BINS) if part.size]
    means = np.array([peaks[part].mean() for part in bins])
    believed = np.interp(means, *np.transpose(prior)) * _PRIOR_JOINTS
    sums = np.array([right[part].sum() for part in bins]) + believed
    counts = np.array([part.size for part in bins]) + _PRIOR_JOINTS
    means, shares = _rising(means, sums / counts, counts.astype(float))
    ends = min(0.0, peaks.min()), max(1.0, peaks.max())
    return _with_ends(means, shares, ends, len(peaks))


def _rising(means, shares, weights) -> tuple[np.ndarray, np.ndarray]:
    """Return means and shares of blocks, joined until both rise."""
    blocks: list[np.ndarray] = []  # mean, share, weight
    for block in np.stack([means, shares, weights], axis=1):
        while blocks and (block[1] <= blocks[-1][1] or block[0] - blocks[-1][0] < 10 * _STEP):
            last = blocks.pop()
            weight = last[2] + block[2]
            block = np.append((last[:2] * last[2] + block[:2] * block[2]) / weight, weight)
        blocks.append(block)
    means, shares, _ = np.transpose(blocks)
    return means, shares


def _with_ends(means, shares, ends: tuple[float, float], count: int) -> Knots:
    """Return the knots of blocks and of the ends, apart by what rounding leaves."""
    if len(means) > 1:
        slopes = np.diff(shares)[[0, -1]] / np.diff(means)[[0, -1]]
    else:  # all bins are right as often: a peak tells nothing, unless there are few
        slopes = np.full(2, _BINS * _PRIOR_JOINTS / (_BINS * _PRIOR_JOINTS + count))
    low, high = (
        shares[place] + slope * (end - means[place])
        for place, slope, end in zip((0, -1), slopes, ends, strict=True)
    )
    inside = (means > ends[0] + 10 * _STEP) & (means < ends[1] - 10 * _STEP)
    peaks = np.round([ends[0], *means[inside], ends[1]], 4)
    shares = np.clip([low, *shares[inside], high], _LEAST, _MOST)
    shares = np.round(shares, 4) + _STEP * np.arange(len(shares))
    return tuple(zip(peaks.tolist(), np.round(shares, 4).tolist(), strict=True))
