"""Fit of the map from heat maps' peaks to confidences: isotonic regression of few bins."""

import numpy as np

from hg3d_tf.evaluation.protocols import inputs
from hg3d_tf.evaluation.protocols.inputs import Predictions
from hg3d_tf.network.confidence import UNMEASURED, Knots

# Of the longer side of the person's box: how near a joint must be to be right.
RIGHT_WITHIN = 0.1
_BINS = 6  # with the ends that makes 8 knots
# How many joints, of which as many are right as the map before says, each bin is given.
_PRIOR_JOINTS = 4
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
    beside them. Of few joints it is near the map before, of very few it is that map.

    Args:
      peaks: [N] heights of peaks; those that are not finite are left out.
      right: [N] bool.
      prior: what is believed of few joints.
    """
    kept = np.isfinite(peaks)
    peaks, right = np.asarray(peaks, float)[kept], np.asarray(right, float)[kept]
    if peaks.size < _BINS * _PRIOR_JOINTS:  # straight lines between so few would be worse
        return prior
    order = np.argsort(peaks, kind="stable")
    bins = [part for part in np.array_split(order, _BINS) if part.size]
    means = np.array([peaks[part].mean() for part in bins])
    before = np.transpose(prior)
    sums = np.array([right[part].sum() for part in bins])
    sums += _PRIOR_JOINTS * np.interp(means, *before)
    counts = np.array([part.size for part in bins]) + _PRIOR_JOINTS
    means, shares = _rising(means, sums / counts, counts)
    ends = np.array([min(0.0, peaks.min()), max(1.0, peaks.max())])
    return _with_ends(means, shares, ends, np.interp(ends, *before), peaks.size / len(bins))


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


def _with_ends(means, shares, ends: np.ndarray, believed: np.ndarray, count: float) -> Knots:
    """Return the knots of blocks and of the ends, apart by what rounding leaves.

    Args:
      means, shares: of the blocks.
      ends: [2] peaks.
      believed: [2] shares there by the map before.
      count: joints in a bin.
    """
    slopes = (np.diff(shares) / np.diff(means))[[0, -1]] if len(means) > 1 else np.zeros(2)
    beyond = shares[[0, -1]] + slopes * (ends - means[[0, -1]])
    low, high = (beyond * count + believed * _PRIOR_JOINTS) / (count + _PRIOR_JOINTS)
    inside = (means > ends[0] + 10 * _STEP) & (means < ends[1] - 10 * _STEP)
    peaks = np.round([ends[0], *means[inside], ends[1]], 4)
    shares = [min(low, shares[0]), *shares[inside], max(high, shares[-1])]
    shares = np.round(np.clip(shares, _LEAST, _MOST), 4) + _STEP * np.arange(len(shares))
    return tuple(zip(peaks.tolist(), np.round(shares, 4).tolist(), strict=True))
