"""The map from peaks to confidences, fitted to draws from curves that are known."""

import itertools

import numpy as np
import pytest

from hg3d_tf.evaluation import confidence_fit
from hg3d_tf.network.confidence import UNMEASURED


def mapped(peaks, knots):
    """The map as a plain loop over its pieces."""
    shares = []
    for peak in peaks:
        peak = min(max(peak, knots[0][0]), knots[-1][0])
        (p0, s0), (p1, s1) = next(pair for pair in itertools.pairwise(knots) if peak <= pair[1][0])
        shares.append(s0 + (s1 - s0) * (peak - p0) / (p1 - p0))
    return np.array(shares)


def calibration_error(confidence, right):
    """Mean over joints of how far the share of each of 20 bins is from its mean confidence."""
    order = np.argsort(confidence)
    parts = np.array_split(order, 20)
    return np.mean([abs(confidence[part].mean() - right[part].mean()) for part in parts])


CURVES = {
    # Peaks of broad maps of distributions: right far more often than they are high.
    "too low": (lambda rng, n: rng.beta(2.5, 3.5, n), lambda p: 1 - 0.8 * np.exp(-4 * p)),
    # Of maps of squared errors, as an early network draws them.
    "all small": (lambda rng, n: rng.uniform(0.02, 0.25, n), lambda p: 0.3 + 2.4 * p),
    "too sure": (lambda rng, n: rng.beta(8, 1, n), lambda p: 0.6 * p**3),
    "say nothing": (lambda rng, n: rng.beta(6, 1, n), lambda p: np.full_like(p, 0.6)),
    "right": (lambda rng, n: rng.uniform(0, 1, n), lambda p: p),
}


@pytest.mark.parametrize("name", CURVES)
def test_on_fresh_joints_a_confidence_is_a_probability(name):
    draw, probability = CURVES[name]
    rng = np.random.default_rng(0)
    peaks = draw(rng, 5000)
    knots = confidence_fit.fit(peaks, rng.random(5000) < probability(peaks))
    fresh = draw(rng, 20000)
    right = rng.random(20000) < probability(fresh)
    assert calibration_error(mapped(fresh, knots), right) < 0.025
    assert np.abs(mapped(fresh, knots) - probability(fresh)).mean() < 0.02
    if name != "right":
        assert calibration_error(fresh, right) > 0.1


def test_the_fewer_joints_the_nearer_to_what_was_believed():
    rng = np.random.default_rng(0)
    grid = np.linspace(0, 1, 50)
    off = []
    for count in (0, 1, 20, 70, 200, 1000, 10000):
        knots = confidence_fit.fit(rng.random(count), np.zeros(count, bool))
        off.append(np.abs(mapped(grid, knots) - mapped(grid, UNMEASURED)).mean())
    assert off[:3] == [0, 0, 0] and all(a < b for a, b in itertools.pairwise(off[2:]))
    assert mapped(grid, knots).max() < 0.02


@pytest.mark.parametrize(
    ("peaks", "right"),
    [
        (np.linspace(0, 1, 999), np.ones(999)),
        (np.linspace(0, 1, 999), np.zeros(999)),
        (np.linspace(0, 1, 999), np.linspace(0, 1, 999) < 0.5),  # the higher, the worse
        (np.zeros(99), np.arange(99) % 2),
        (np.ones(99), np.arange(99) % 2),
        (np.full(99, 0.3), np.arange(99) % 2),
        (-np.linspace(0, 0.01, 99), np.arange(99) % 2),
        (np.linspace(0.5, 6, 99), np.arange(99) % 2),
        (np.array([0.2, np.nan, 0.7]), np.array([1, 1, 0])),
        (np.array([np.nan]), np.array([1])),
    ],
)
def test_knots_rise_whatever_the_joints_are(peaks, right):
    knots = confidence_fit.fit(peaks, right.astype(bool))
    assert 2 <= len(knots) <= 8
    for (p0, s0), (p1, s1) in itertools.pairwise(knots):
        assert p0 < p1 and s0 < s1
    assert knots[0][1] > 0 and knots[-1][1] < 1
    assert knots[0][0] <= min(0, *peaks[np.isfinite(peaks)], 0) and knots[-1][0] >= 1


def test_only_labelled_joints_count_and_none_are_no_map():
    rng = np.random.default_rng(0)
    # Crops of 200 px, half of whose side is 1; people of 100 px, who may be 10 px off.
    off_px = rng.uniform(0, 20, (50, 16))
    predictions = {
        "joints_2d_norm": np.zeros((50, 16, 2)),
        "predicted_2d_norm": np.stack([off_px / 100, np.zeros((50, 16))], axis=-1),
        "person_side": np.full(50, 100.0),
        "confidence": rng.random((50, 16)),
        "visible": rng.random((50, 16)) < 0.5,
    }
    peaks, right, row = confidence_fit.labelled(predictions, 200)
    expected = [
        (predictions["confidence"][i, j], off_px[i, j] <= 10, i)
        for i in range(50)
        for j in range(16)
        if predictions["visible"][i, j]
    ]
    np.testing.assert_array_equal(np.transpose([peaks, right, row]), expected)
    assert confidence_fit.fit_to(predictions, 200) == confidence_fit.fit(peaks, right)
    unlabelled = predictions | {"visible": np.zeros((50, 16), bool)}
    assert confidence_fit.fit_to(unlabelled, 200) is None
