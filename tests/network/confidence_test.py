"""The map from peaks to confidences as TensorFlow computes it, and what knots may be."""

import json

import numpy as np
import pytest

from hg3d_tf.network import confidence, joint_decoding
from hg3d_tf.network.pose_model import ModelConfig

KNOTS = ((0.0, 0.1), (0.2, 0.5), (0.3, 0.52), (1.2, 0.95))


def test_it_is_linear_between_knots_and_constant_beyond():
    peaks = np.random.default_rng(0).uniform(-0.5, 2, (3, 5, 16)).astype(np.float32)
    expected = np.interp(peaks, *np.transpose(KNOTS))
    np.testing.assert_allclose(confidence.from_peaks(peaks, KNOTS), expected, atol=1e-6)
    at_knots = confidence.from_peaks(np.float32([peak for peak, _ in KNOTS]), KNOTS)
    np.testing.assert_allclose(at_knots, [share for _, share in KNOTS], atol=1e-6)


def test_without_knots_it_is_the_peak():
    peaks = np.float32([[-0.1, 0.5, 3]])
    np.testing.assert_array_equal(confidence.from_peaks(peaks, ()), peaks)


def test_decoding_maps_the_peaks_and_leaves_the_joints():
    heatmaps = np.random.default_rng(0).random((2, 24, 24, 16), np.float32) ** 3
    plain, peaks = joint_decoding.decode_heatmaps(heatmaps, "softmax")
    joints, mapped = joint_decoding.decode_heatmaps(heatmaps, "softmax", KNOTS)
    np.testing.assert_array_equal(joints, plain)
    np.testing.assert_allclose(peaks, heatmaps.max(axis=(1, 2)))
    np.testing.assert_allclose(mapped, np.interp(peaks, *np.transpose(KNOTS)), atol=1e-6)


def test_knots_survive_json_and_older_files_have_those_of_nobody():
    config = ModelConfig(confidence_knots=KNOTS)
    read = ModelConfig(confidence_knots=json.loads(json.dumps(KNOTS)))
    assert read == config and hash(read) == hash(config)
    assert ModelConfig(1, 8, 1, 64).confidence_knots == confidence.UNMEASURED
    assert ModelConfig(confidence_knots=[]).confidence_knots == ()


@pytest.mark.parametrize(
    "knots",
    [
        ((0, 0.5),),
        ((0, 0.5), (1, 0.5)),
        ((0.5, 0.1), (0.5, 0.9)),
        ((0, -0.1), (1, 0.9)),
        ((0, 0.1), (1, 1.1)),
        (0.5, 1),
        ((0, 0.1, 0.2), (1, 0.9, 1)),
    ],
)
def test_what_is_no_rising_map_is_refused(knots):
    with pytest.raises(ValueError, match="confidence_knots"):
        ModelConfig(confidence_knots=knots)
