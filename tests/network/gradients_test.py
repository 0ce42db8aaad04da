"""Gradients of the losses against central differences of the loops in reference.py."""

import numpy as np
import pytest
import tensorflow as tf
from support import reference
from support.small_network import shrunk

from hg3d_tf import losses
from hg3d_tf.network.keras_api import keras
from hg3d_tf.network.pose_model import LossConfig
from hg3d_tf.skeleton import joint_index

STEP = 1e-5


def central_differences(function, x):
    """The gradient of a function of one array to a number."""
    gradient = np.zeros_like(x)
    for index in np.ndindex(x.shape):
        ends = []
        for sign in (1, -1):
            moved = x.copy()
            moved[index] += sign * STEP
            ends.append(function(moved))
        gradient[index] = (ends[0] - ends[1]) / (2 * STEP)
    return gradient


def gradient(function, x):
    x = tf.constant(x, tf.float32)
    with tf.GradientTape() as tape:
        tape.watch(x)
        loss = tf.reduce_sum(function(x))
    return tape.gradient(loss, x).numpy()


def random_pose(batch=3):
    rng = np.random.default_rng(0)
    joints_2d = rng.uniform(-1, 1, (batch, 16, 2)).astype(np.float32).astype(float)
    depth = rng.normal(0, 0.5, (batch, 16)).astype(np.float32).astype(float)
    return joints_2d, depth, rng.random((batch, 16)) < 0.8


@pytest.mark.parametrize("weighting", ["paper_code", "canonical"])
@pytest.mark.parametrize("all_visible", [True, False])
def test_geometry_gradient(weighting, all_visible):
    joints_2d, depth, visible = random_pose()
    visible |= all_visible
    expected = central_differences(
        lambda z: reference.geometry_loss(joints_2d, z, visible, weighting).sum(), depth
    )
    actual = gradient(lambda z: losses.geometry_loss(joints_2d, z, visible, weighting), depth)
    np.testing.assert_allclose(actual, expected, rtol=1e-3, atol=1e-5)
    unused = [joint_index("thorax"), joint_index("head_top")]
    assert not actual[:, unused].any()
    assert not actual[~visible].any()
    assert np.abs(actual).max() > 0.1


def test_geometry_gradient_beside_a_bone_without_length():
    joints_2d, depth, _ = random_pose(1)
    visible = np.ones((1, 16), bool)
    wrist, elbow = joint_index("r_wrist"), joint_index("r_elbow")
    joints_2d[0, wrist], depth[0, wrist] = joints_2d[0, elbow], depth[0, elbow]
    actual = gradient(lambda z: losses.geometry_loss(joints_2d, z, visible), depth)
    assert actual[0, wrist] == 0  # its only bone is left out
    visible[0, wrist] = False  # the same bone left out by its label
    expected = central_differences(
        lambda z: reference.geometry_loss(joints_2d, z, visible).sum(), depth
    )
    np.testing.assert_allclose(actual, expected, rtol=1e-3, atol=1e-5)


def test_depth_gradient():
    rng = np.random.default_rng(0)
    predicted, target = rng.normal(size=(2, 3, 16))
    expected = central_differences(lambda z: reference.depth_loss(z, target).sum(), predicted)
    actual = gradient(lambda z: losses.depth_loss(z, target), predicted)
    np.testing.assert_allclose(actual, expected, rtol=1e-3, atol=1e-6)


def test_heatmap_gradient():
    rng = np.random.default_rng(0)
    predicted, target = rng.normal(size=(2, 2, 3, 3, 16))
    expected = central_differences(lambda h: reference.heatmap_loss(h, target).sum(), predicted)
    actual = gradient(lambda h: losses.heatmap_loss(h, target), predicted)
    np.testing.assert_allclose(actual, expected, rtol=1e-3, atol=1e-6)


def test_geometry_on_3d_gives_all_samples_the_geometry_loss():
    model = shrunk()
    joints_2d, depth, visible = random_pose(4)
    batch = {
        "joints_2d_norm": tf.constant(joints_2d, tf.float32),
        "depth": tf.zeros((4, 16)),
        "visible": tf.constant(visible[:4]),
        "has_depth": tf.constant([True, True, False, False]),
    }
    outputs = {"heatmaps": [tf.zeros((4, 16, 16, 16))], "depth": tf.constant(depth, tf.float32)}
    expected = reference.geometry_loss(joints_2d, depth, visible)
    for on_3d, share in ((False, [0, 0, 1, 1]), (True, [1, 1, 1, 1])):
        model.compile(keras.optimizers.SGD(0.0), LossConfig(0.1, 0.01, geometry_on_3d=on_3d))
        found = model.compute_losses(batch, outputs)
        np.testing.assert_allclose(found["geometry_loss"], expected * share, rtol=1e-4)
        assert not found["depth_loss"][2:].numpy().any()
