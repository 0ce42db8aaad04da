"""The smallest networks, and batches for them."""

import numpy as np
import pytest
import tensorflow as tf

from hg3d_tf.network.pose_model import ModelConfig, PoseModel, build_pose_model
from support.training_runs import shrink_network

SMALL = ModelConfig(num_stacks=1, num_features=8, num_residuals=1, input_size=64)


def shrunk(config: ModelConfig = SMALL, policy: str = "float32") -> PoseModel:
    """Return a network of stem and heads, where what lies between them is not the point.

    It takes a fifth of the time to build, trace and convert. Its weights are not those of the
    network that its configuration describes: only a program that shrinks can load a folder of it.
    """
    with pytest.MonkeyPatch.context() as patch:
        shrink_network(patch.setattr)
        return build_pose_model(config, policy)


def random_batch(size=4, seed=0):
    rng = np.random.default_rng(seed)
    return {
        "image": tf.constant(rng.random((size, 64, 64, 3)), tf.float32),
        "joints_2d_norm": tf.constant(rng.uniform(-1, 1, (size, 16, 2)), tf.float32),
        "depth": tf.constant(rng.normal(0, 0.3, (size, 16)), tf.float32),
        "visible": tf.constant(rng.random((size, 16)) < 0.8),
        "has_depth": tf.constant(np.arange(size) % 2 == 0),
    }
