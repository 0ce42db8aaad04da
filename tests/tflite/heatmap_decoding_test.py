"""Decoding in NumPy is decoding in TensorFlow, and empty maps give a place and no confidence."""

import numpy as np
import pytest

from hg3d_tf.network import joint_decoding
from hg3d_tf.tflite import heatmap_decoding


@pytest.mark.parametrize("kind", ["linear", "softmax"])
def test_it_is_what_tensorflow_decodes(kind):
    rng = np.random.default_rng(0)
    heatmaps = rng.random((24, 20, 16), np.float32) ** 8
    if kind == "linear":
        heatmaps -= 0.01
    depth = rng.normal(0, 0.3, 16).astype(np.float32)
    found = heatmap_decoding.decode(heatmaps, depth, 96)
    outputs = {"heatmaps": [heatmaps[np.newaxis]], "depth": depth[np.newaxis]}
    expected = joint_decoding.decode_outputs(outputs, kind)
    joints_2d = (expected["joints_3d_crop"][0, :, :2] + 1) * 48
    np.testing.assert_allclose(found["joints_2d"], joints_2d, atol=1e-3)
    np.testing.assert_allclose(found["joints_3d"], expected["joints_3d"][0], atol=0.05)
    np.testing.assert_allclose(found["confidence"], expected["confidence"][0])


def test_an_empty_map_gives_a_finite_place_that_nobody_trusts():
    heatmaps = np.zeros((24, 24, 16), np.float32)
    heatmaps[12, 7, :8] = 1
    found = heatmap_decoding.decode(heatmaps, np.zeros(16, np.float32), 96)
    assert all(np.isfinite(value).all() for value in found.values())
    assert (found["confidence"][8:] == 0).all() and (found["confidence"][:8] == 1).all()
    np.testing.assert_allclose(found["joints_2d"][:8], [[30, 50]] * 8)
    joints, confidence = joint_decoding.decode_heatmaps(heatmaps[np.newaxis], "softmax")
    assert np.isfinite(joints).all() and (confidence.numpy()[0, 8:] == 0).all()
