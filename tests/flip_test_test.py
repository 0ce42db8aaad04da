"""The flip test."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from support.small_network import shrunk

from hg3d_tf.evaluation import scoring
from hg3d_tf.network.pose_model import ModelConfig
from hg3d_tf.skeleton import JOINT_NAMES, MIRROR, mirrored_name

CONFIG = ModelConfig(num_stacks=2, num_features=8, num_residuals=1, input_size=64)


@pytest.fixture(scope="module")
def model():
    tf.random.set_seed(0)
    return shrunk(dataclasses.replace(CONFIG, flip_test=True))


@pytest.fixture(scope="module")
def images():
    return np.random.default_rng(0).random((3, 64, 64, 3), np.float32)


@pytest.mark.slow
def test_outputs_are_the_mean_of_both_by_hand(model, images):
    found = model.infer(images)
    plain, mirrored = model(images, training=False), model(images[:, :, ::-1], training=False)
    for joint, name in enumerate(JOINT_NAMES):
        other = JOINT_NAMES.index(mirrored_name(name))
        depth = (plain["depth"][:, joint] + mirrored["depth"][:, other]) / 2
        np.testing.assert_allclose(found["depth"][:, joint], depth, atol=1e-5)
        for maps, one, two in zip(
            found["heatmaps"], plain["heatmaps"], mirrored["heatmaps"], strict=True
        ):
            mean = (one.numpy()[..., joint] + two.numpy()[:, :, ::-1, other]) / 2
            np.testing.assert_allclose(maps[..., joint], mean, atol=1e-5)


def test_the_mirror_image_has_the_mirrored_pose(model, images):
    one, two = model.infer(images), model.infer(images[:, :, ::-1])
    np.testing.assert_allclose(two["depth"].numpy()[:, MIRROR], one["depth"], atol=1e-5)
    back = two["heatmaps"][-1].numpy()[:, :, ::-1][..., MIRROR]
    np.testing.assert_allclose(back, one["heatmaps"][-1], atol=1e-5)


@pytest.mark.slow
def test_it_is_made_where_the_network_has_it_or_on_demand(model, images):
    plain = shrunk(CONFIG)
    plain.set_weights(model.get_weights())
    expected = plain(images, training=False)["depth"]
    np.testing.assert_allclose(plain.infer(images)["depth"], expected, atol=1e-6)
    found = scoring.prediction_function(model, flip_test=False)(images)
    np.testing.assert_allclose(found["predicted_depth"], expected, atol=1e-5)
    found = scoring.prediction_function(plain, flip_test=True)(images)
    np.testing.assert_allclose(found["predicted_depth"], model.infer(images)["depth"], atol=1e-5)
    assert np.abs(found["predicted_depth"] - expected).max() > 1e-4
