"""The table of confidences: an exact case, and people who chose nothing."""

import sys

import numpy as np
from support.commands import ROOT

sys.path.insert(0, str(ROOT / "experiments"))
import confidence_tables


def test_each_tenth_counts_its_own_joints():
    confidence = np.array([0.05, 0.31, 0.39, 0.95, 1.2])
    right = np.array([False, True, False, True, True])
    rows = confidence_tables.table(confidence, right)
    assert list(rows) == ["0.0 to 0.1", "0.3 to 0.4", "0.9 to 1.0", "all"]
    assert [row["joints"] for row in rows.values()] == [1, 2, 2, 5]
    assert [row["within 0.1 box"] for row in rows.values()] == [0, 0.5, 1, 0.6]
    means = [row["mean confidence"] for row in rows.values()]
    np.testing.assert_allclose(means, [0.05, 0.35, 0.975, 0.54])
    # In all, one joint is off by 0.05, two by 0.15, and two by 0.025.
    off = [row["off"] for row in rows.values()]
    np.testing.assert_allclose(off, [0.05, 0.15, 0.025, 0.08])


def test_nobody_has_chosen_the_map_that_they_are_measured_by():
    rng = np.random.default_rng(0)
    person = np.repeat(np.arange(400), 10)
    peaks = rng.uniform(0, 1, 4000)
    # Whom an odd number names is always right, the others never.
    confidence = confidence_tables.fitted_to_others(peaks, person % 2 == 1, person)
    assert confidence[person % 2 == 1].max() < 0.05 and confidence[person % 2 == 0].min() > 0.9
