"""Batch normalisation's statistics of fixed weights, measured anew."""

from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from hg3d_tf.network.keras_api import keras
from hg3d_tf.network.pose_model import PoseModel


def recalibrate(model: PoseModel, images: Iterable[tf.Tensor]) -> None:
    """Set the moving means and variances to the averages over batches.

    While training they trail behind the weights, most of all where batches are small or the
    learning rate is high; averaged weights have never seen a batch.

    Args:
      model: not distributed; its weights stay as they are.
      images: [B, S, S, 3] each, preprocessed as for training.
    """
    norms = [layer for layer in model.layers if isinstance(layer, keras.layers.BatchNormalization)]
    statistics = [value for norm in norms for value in (norm.moving_mean, norm.moving_variance)]
    momenta = [norm.momentum for norm in norms]
    for norm in norms:
        norm.momentum = 0.0  # a step then leaves the statistics of its own batch

    @tf.function(autograph=False)
    def measure(batch):
        model(batch, training=True)

    try:
        sums, count = [np.zeros(value.shape) for value in statistics], 0
        for batch in images:
            measure(batch)
            sums = [s + value.numpy() for s, value in zip(sums, statistics, strict=True)]
            count += 1
        for value, s in zip(statistics, sums, strict=True):
            value.assign(s / count)
    finally:
        for norm, momentum in zip(norms, momenta, strict=True):
            norm.momentum = momentum
