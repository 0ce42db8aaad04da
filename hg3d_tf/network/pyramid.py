"""A phone-sized member of the family: a pretrained encoder, one pass from coarse to fine, depth.

Beyond the paper: depth is regressed from where the heat maps see the joints, corrected by the
features found there, not from the whole map. So the input size may change between stages, and
poses without pictures teach depth as well (`virtual_views`).
"""

import functools

import numpy as np
import tensorflow as tf

from hg3d_tf.network import efficientnet
from hg3d_tf.network.keras_api import keras
from hg3d_tf.network.layers import batch_norm_relu, conv, head_dtype
from hg3d_tf.skeleton import NUM_JOINTS

layers = keras.layers

_LIFT_UNITS = 512
_SEEN_UNITS = 128
_JOINT_UNITS = 16  # of the features found at each joint


def outputs(image, num_features: int) -> tuple[list, tf.Tensor]:
    """Return the heat maps' logits [[B, S/4, S/4, 16]] and the depth [B, 16], float32.

    Args:
      image: [B, S, S, 3] in [0, 1].
      num_features: channels of the pyramid.
    """
    x = _coarse_to_fine(efficientnet.encode(image), num_features)
    logits = conv(x, NUM_JOINTS, 1, "pyramid_heatmaps", dtype=head_dtype())
    return [logits], _depth(x, logits)


def _coarse_to_fine(features: list, filters: int):
    x = None
    for level, lateral in reversed(list(enumerate(features))):
        lateral = conv(lateral, filters, 1, f"pyramid_{level}_lateral")
        if x is not None:
            x = layers.UpSampling2D(interpolation="bilinear", name=f"pyramid_{level}_up")(x)
            lateral = layers.Add(name=f"pyramid_{level}_add")([lateral, x])
        x = batch_norm_relu(lateral, f"pyramid_{level}_bn1")
        x = conv(x, filters, 3, f"pyramid_{level}_conv")
        x = batch_norm_relu(x, f"pyramid_{level}_bn2")
    return x


def _depth(features, logits):
    where, there = AttendJoints(name="depth_attend", dtype=head_dtype())([features, logits])
    lifted, unit = Lifter(name="lifter", dtype=head_dtype())(where)
    there = layers.Dense(_JOINT_UNITS, activation="relu", name="depth_joint_features")(there)
    there = layers.Flatten(name="depth_flatten")(there)
    there = layers.Dense(_SEEN_UNITS, activation="relu", name="depth_seen")(there)
    # Zero at first: what is lifted is right before what is seen says more.
    seen = layers.Dense(
        NUM_JOINTS, kernel_initializer="zeros", dtype=head_dtype(), name="depth_correction"
    )(there)
    seen = layers.Multiply(name="depth_scale", dtype=head_dtype())([seen, unit])
    return layers.Add(name="depth", dtype=head_dtype())([lifted, seen])


class Lifter(layers.Layer):
    """Places of joints [B, 16, 2] -> their depth [B, 16] and its unit [B, 1], both in their unit.

    What a pose's picture alone says of its depth (Martinez et al., ICCV 2017). Places are moved
    to their middle and scaled to their spread, so that size and place of the person do not matter.
    """

    def __init__(self, **kwargs):
        super().__init__(**kwargs)
        dense = functools.partial(layers.Dense, dtype=self.dtype)
        self._first = dense(_LIFT_UNITS, activation="relu", name="first")
        self._blocks = [
            (
                dense(_LIFT_UNITS, activation="relu", name=f"block{i}_inner"),
                dense(_LIFT_UNITS, name=f"block{i}_outer"),
            )
            for i in range(2)
        ]
        self._last = dense(NUM_JOINTS, kernel_initializer="zeros", name="last")

    def call(self, where):
        centered = where - tf.reduce_mean(where, axis=1, keepdims=True)
        unit = tf.sqrt(tf.reduce_mean(tf.square(centered), axis=[1, 2]) + 1e-6)[:, tf.newaxis]
        x = self._first(tf.reshape(centered, [-1, NUM_JOINTS * 2]) / unit)
        for inner, outer in self._blocks:
            # A relu of this sum would stop TensorFlow's optimiser for the whole graph on a CPU
            # (findings/); LiteRT's converter makes one of it.
            x = tf.maximum(x + outer(inner(x)), 0.0)
        return self._last(x) * unit, unit


class AttendJoints(layers.Layer):
    """Features [B, H, W, F] and logits [B, H, W, 16] -> [B, 16, 2] and [B, 16, F].

    The means, weighted by the softmax of each joint's map, of the place in [-1, 1] and of the
    features. The maps are taken as they are: depth does not teach them where joints are.
    """

    def call(self, inputs):
        features, logits = inputs
        height, width, filters = features.shape[1:]
        weights = tf.transpose(tf.reshape(logits, [-1, height * width, NUM_JOINTS]), [0, 2, 1])
        weights = tf.stop_gradient(tf.nn.softmax(weights))
        grid = tf.constant(_grid(height, width), weights.dtype)
        features = tf.reshape(features, [-1, height * width, filters])
        where = tf.reshape(tf.reshape(weights, [-1, height * width]) @ grid, [-1, NUM_JOINTS, 2])
        return where, weights @ tf.cast(features, weights.dtype)


def _grid(height: int, width: int) -> np.ndarray:
    """Return the cells' centres [H * W, 2], x and y in [-1, 1]."""
    y, x = np.mgrid[:height, :width]
    return np.stack([(x + 0.5) * 2 / width - 1, (y + 0.5) * 2 / height - 1], -1).reshape(-1, 2)
