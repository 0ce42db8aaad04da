"""The table of confidences: an exact case."""

import sys

import numpy as np
from support.commands import ROOT

sys.path.insert(0, str(ROOT / "experiments"))
import confidences


def test_each_tenth_counts_its_own_joints():
    confidence = np.array([0.05, 0.31, 0.39, 0.95, 1.0])
    right = np.array([False, True, False, True, True])
    rows = confidences.table(confidence, right)
    assert list(rows) == ["0.0 to 0.1", "0.3 to 0.4", "0.9 to 1.0"]
    assert [row["joints"] for row in rows.values()] == [1, 2, 2]
    assert [row["within 0.1 box"] for row in rows.values()] == [0, 0.5, 1]
    np.testing.assert_allclose(
        [row["mean confidence"] for row in rows.values()], [0.05, 0.35, 0.975]
    )
