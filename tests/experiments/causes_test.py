"""What causes an error is told by making it right, each cause alone."""

import sys

import numpy as np
import pytest
from support import reference
from support.commands import ROOT

sys.path.insert(0, str(ROOT / "experiments"))
from cause_measures import answers

RNG = np.random.default_rng(0)
TRUE = RNG.uniform(-500, 500, (3, 12, 3))
TRUE -= TRUE[:, :2].mean(axis=1, keepdims=True)
ASSUMED, FOCAL = 1000.0, 600.0
OFF_MIDDLE = np.array([[300.0, -200], [0, 0], [-500, 400]])


def seen_by(focal):
    """The truth as a predictor tells it that takes the camera's focal length for another."""
    in_crop = [
        reference.line_of_sight([*off / FOCAL, 1]).inv().apply(pose)
        for off, pose in zip(OFF_MIDDLE, TRUE, strict=True)
    ]
    return np.stack(
        [
            reference.line_of_sight([*off / focal, 1]).apply(pose)
            for off, pose in zip(OFF_MIDDLE, in_crop, strict=True)
        ]
    )


def errors(found):
    made = answers(found, TRUE, OFF_MIDDLE, ASSUMED, FOCAL)
    return {name: np.linalg.norm(pose - TRUE, axis=-1).mean(axis=1) for name, pose in made.items()}


def test_a_focal_length_that_is_not_the_cameras():
    off = errors(2.5 * seen_by(ASSUMED) + 70)
    np.testing.assert_allclose(off["true focal length"], 0, atol=1e-6)
    assert (off["as found"][[0, 2]] > 20).all() and off["as found"][1] < 1e-6
    assert (off["in the crop's frame"] >= off["as found"] - 1e-6).all()


@pytest.mark.parametrize(
    ("wrong", "mended"), [([0, 1], "true places"), ([2], "true depth")], ids=["places", "depth"]
)
def test_places_and_depth(wrong, mended):
    found = TRUE.copy()
    found[:, 2:, wrong] += RNG.normal(0, 1, found[:, 2:, wrong].shape)
    off = errors(found)
    assert (off["as found"] > 0.5).all() and (off[mended] < 0.5 * off["as found"]).all()


def test_sides_that_are_exchanged_in_one_frame():
    found = TRUE.copy()
    found[1] = found[1][[1, 0, 3, 2, 5, 4, 7, 6, 9, 8, 11, 10]]
    off = errors(found)
    np.testing.assert_allclose(off["true sides"], 0, atol=1e-6)
    assert off["as found"][1] > 100
