import numpy as np
import pytest
import tensorflow as tf
from support.small_network import random_batch, shrunk

from hg3d_tf.network import layers
from hg3d_tf.network.keras_api import keras


@pytest.mark.slow
def test_statistics_of_all_replicas_are_computed_as_those_of_one(monkeypatch):
    # Float32's kernels differ: the synchronized one subtracts squares that are almost equal.
    images, found, weights = tf.cast(random_batch()["image"], tf.float64), [], None
    for replicas in (1, 2):
        monkeypatch.setattr(layers, "_num_replicas", lambda count=replicas: count)
        network = shrunk(policy="float64")
        norms = [m for m in network.layers if isinstance(m, keras.layers.BatchNormalization)]
        assert norms and all(norm.synchronized == (replicas > 1) for norm in norms)
        weights = weights or network.get_weights()
        network.set_weights(weights)
        outputs = network(images, training=True)
        found.append([outputs["heatmaps"][-1], outputs["depth"], *network.get_weights()])
    for one, two in zip(*found, strict=True):
        np.testing.assert_allclose(two, one, rtol=1e-6, atol=1e-9)
