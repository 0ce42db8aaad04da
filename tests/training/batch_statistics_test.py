"""A network that learns one batch, and the statistics of its batch normalisation."""

import numpy as np
import pytest
import tensorflow as tf
from support.small_network import random_batch, shrunk

from hg3d_tf.network.keras_api import keras
from hg3d_tf.network.pose_model import LossConfig
from hg3d_tf.training import batch_statistics

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def learned():
    """A network that has learned one batch by heart, and its losses at first and after 41 steps."""
    keras.utils.set_random_seed(0)
    model = shrunk()
    model.compile(keras.optimizers.Adam(3e-3), LossConfig(depth_weight=0.1, geometry_weight=0.01))
    model.optimizer.build(model.trainable_variables)  # else the step is traced twice
    batches = tf.data.Dataset.from_tensors(random_batch()).repeat()

    def fit(steps):
        return model.fit(batches, steps_per_epoch=steps, verbose=0).history

    first, _, last, _ = (fit(steps) for steps in (1, 40, 1, 58))
    return model, first, last


@pytest.fixture
def trained(learned):
    """A network that has learned one batch by heart."""
    return learned[0]


def difference(model, image) -> float:
    """Return how far training and inference mode are apart, in standard deviations of depth."""
    moving = [layer.get_weights() for layer in model.layers]
    trained = model(image, training=True)["depth"].numpy()
    for layer, weights in zip(model.layers, moving, strict=True):
        layer.set_weights(weights)
    inferred = model(image, training=False)["depth"].numpy()
    return float(np.abs(trained - inferred).max() / trained.std())


def test_training_makes_the_losses_smaller(learned):
    _, first, last = learned
    for name in ("heatmap_loss", "depth_loss", "geometry_loss"):
        assert last[name][0] < 0.7 * first[name][0], name


def test_training_and_inference_mode_agree_on_a_trained_net(trained):
    # The field's known collapse: good in training mode, useless in inference mode.
    assert difference(trained, random_batch()["image"]) < 0.5


def test_recalibrated_statistics_are_those_of_the_batches(trained):
    image = random_batch()["image"]
    for layer in trained.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            layer.moving_mean.assign(layer.moving_mean + 1.0)
    assert difference(trained, image) > 0.1
    batch_statistics.recalibrate(trained, [image, image])
    assert difference(trained, image) < 1e-3
    norm = trained.get_layer("stem_bn")
    assert norm.momentum == 0.9
    x = trained.get_layer("stem_conv")(trained.get_layer("stem_pad")(image)).numpy()
    np.testing.assert_allclose(norm.moving_mean, x.mean((0, 1, 2)), atol=1e-5)
    np.testing.assert_allclose(norm.moving_variance, x.var((0, 1, 2)), rtol=1e-3)
