"""Layers that the networks share, as functions on Keras tensors."""

import tensorflow as tf

from hg3d_tf.network.keras_api import keras

layers = keras.layers


def torch_init():
    """Return the initialisation of Torch's convolutions and dense layers."""
    # U(-1/sqrt(fan_in), 1/sqrt(fan_in)). With Keras's larger default the sums over residual
    # modules make the first heat maps and depths so large that training starts by undoing them.
    return keras.initializers.VarianceScaling(1 / 3, mode="fan_in", distribution="uniform")


def head_dtype() -> str:
    """Return the precision of the variables: outputs are not rounded under mixed precision."""
    return keras.mixed_precision.global_policy().variable_dtype


def conv(x, filters: int, kernel_size: int, name: str, **kwargs):
    """Convolve with bias, keeping the resolution."""
    return layers.Conv2D(
        filters, kernel_size, padding="same", kernel_initializer=torch_init(), name=name, **kwargs
    )(x)


def batch_norm_relu(x, name: str):
    """Normalise, then rectify."""
    return layers.ReLU(name=f"{name}_relu")(batch_norm(name, epsilon=1e-5)(x))


def batch_norm(name: str, epsilon: float) -> keras.layers.Layer:
    """Return a layer that normalises with the statistics of all replicas."""
    # Torch's momentum 0.1 is the weight of the new batch, Keras's 0.9 that of the old average.
    # Synchronized only where it must be: Keras has no fused kernel for it.
    norm = layers.BatchNormalization(
        momentum=0.9, epsilon=epsilon, synchronized=_num_replicas() > 1, name=name
    )
    # The fused kernel averages the unbiased variance, the synchronized one the biased. Take the
    # biased in both, so that the result does not depend on the number of replicas.
    norm._bessels_correction_test_only = False
    return norm


def _num_replicas() -> int:
    return tf.distribute.get_strategy().num_replicas_in_sync
