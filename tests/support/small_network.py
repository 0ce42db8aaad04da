"""The smallest network of two stacks, and batches for it."""

import numpy as np
import tensorflow as tf

from hg3d_tf.network.pose_model import ModelConfig

SMALL = ModelConfig(num_stacks=2, num_features=8, num_residuals=1, input_size=64)


def random_batch(size=4, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "image": tf.constant(rng.random((size, 64, 64, 3)), tf.float32),
        "joints_2d_norm": tf.constant(rng.uniform(-1, 1, (size, 16, 2)), tf.float32),
        "depth": tf.constant(rng.normal(0, 0.3, (size, 16)), tf.float32),
        "visible": tf.constant(rng.random((size, 16)) < 0.8),
        "has_depth": tf.constant(np.arange(size) % 2 == 0),
    }
