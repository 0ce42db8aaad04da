"""A phone-sized member of the family: a pretrained encoder, one pass from coarse to fine, depth.

Beyond the paper: depth is regressed from where the heat maps see the joints and from the features
found there, not from the whole map, so that the input size may change between stages.
"""

import numpy as np
import tensorflow as tf

from hg3d_tf import efficientnet
from hg3d_tf.keras_api import keras
from hg3d_tf.layers import batch_norm_relu, conv, head_dtype
from hg3d_tf.skeleton import NUM_JOINTS

layers = keras.layers

_DEPTH_UNITS = 512
_JOINT_UNITS = 16


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
    there = layers.Dense(_JOINT_UNITS, activation="relu", name="depth_joint_features")(there)
    x = layers.Concatenate(name="depth_concat")(
        [layers.Flatten(name="depth_where")(where), layers.Flatten(name="depth_there")(there)]
    )
    x = layers.Dense(_DEPTH_UNITS, name="depth_dense1")(x)
    x = batch_norm_relu(x, "depth_bn1")
    y = layers.Dense(_DEPTH_UNITS, name="depth_dense2")(x)
    y = batch_norm_relu(y, "depth_bn2")
    x = layers.Add(name="depth_add")([x, y])
    return layers.Dense(NUM_JOINTS, dtype=head_dtype(), name="depth")(x)


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
