"""What experiments/confidences.py counts: joints by tenths of confidence."""

import numpy as np

from hg3d_tf.evaluation import confidence_fit

_BINS = 10


def mapped(peaks: np.ndarray, knots) -> np.ndarray:
    """Return the confidences of peaks [N]."""
    return np.interp(peaks, *np.transpose(knots)) if knots else peaks


def fitted_to_others(peaks: np.ndarray, right: np.ndarray, person: np.ndarray) -> np.ndarray:
    """Return confidences [N] by two maps, each fitted to the joints of every other person."""
    confidence = np.zeros(len(peaks))
    for half in (0, 1):
        ours = person % 2 == half
        confidence[ours] = mapped(peaks[ours], confidence_fit.fit(peaks[~ours], right[~ours]))
    return confidence


def table(confidence: np.ndarray, right: np.ndarray) -> dict[str, dict[str, float]]:
    """Return a row for each tenth of confidence in which there are joints, and one of all.

    Args:
      confidence: [N]; what is above 1 counts as 1.
      right: [N] bool.
    """
    confidence = np.minimum(confidence, 1)
    tenth = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    rows = {}
    for number in np.unique(tenth):
        rows[f"{number / _BINS:.1f} to {(number + 1) / _BINS:.1f}"] = _row(
            confidence[tenth == number], right[tenth == number]
        )
    off = sum(row["joints"] * row["off"] for row in rows.values()) / len(right)
    return rows | {"all": _row(confidence, right) | {"off": off}}


def _row(confidence: np.ndarray, right: np.ndarray) -> dict[str, float]:
    return {
        "joints": float(len(right)),
        "mean confidence": float(confidence.mean()),
        "within 0.1 box": float(right.mean()),
        "off": float(abs(confidence.mean() - right.mean())),
    }
