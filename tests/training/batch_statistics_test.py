import numpy as np
import pytest
from support.small_network import random_batch

from hg3d_tf.network.keras_api import keras
from hg3d_tf.training import batch_statistics

pytestmark = pytest.mark.slow


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
