"""How long a training step of a network takes, without the input pipeline."""

import time

import numpy as np
import tensorflow as tf

from hg3d_tf.optimizers import OptimizerConfig, create_optimizer
from hg3d_tf.pose_model import LossConfig, ModelConfig, build_pose_model
from hg3d_tf.skeleton import NUM_JOINTS


def random_batch(config: ModelConfig, batch_size: int) -> dict[str, tf.Tensor]:
    """Return a batch of the input pipeline's form, half of it with depth labels."""
    rng = np.random.default_rng(0)
    size = config.input_size
    return {
        "image": tf.constant(rng.random((batch_size, size, size, 3)), tf.float32),
        "joints_2d_norm": tf.constant(
            rng.uniform(-0.9, 0.9, (batch_size, NUM_JOINTS, 2)), tf.float32
        ),
        "visible": tf.ones([batch_size, NUM_JOINTS], tf.bool),
        "has_depth": tf.range(batch_size) % 2 == 0,
        "depth": tf.constant(rng.uniform(-0.5, 0.5, (batch_size, NUM_JOINTS)), tf.float32),
    }


def compiled_step(config: ModelConfig, precision: str):
    """Return the training step of a new network as a function of a batch."""
    model = build_pose_model(config, precision)
    model.compile(
        create_optimizer(OptimizerConfig(), 100, 1),
        LossConfig(depth_weight=0.1, geometry_weight=0.01),
    )
    return tf.function(model.train_step)


def measure(config: ModelConfig, batch_size: int, precision: str, seconds: float = 10) -> dict:
    """Return milliseconds of a training step and images a second."""
    train_step = compiled_step(config, precision)
    batch = random_batch(config, batch_size)
    train_step(batch)
    step = median_seconds(lambda: train_step(batch)["loss"].numpy(), seconds)
    return {"step_ms": 1000 * step, "images_per_second": batch_size / step}


def median_seconds(function, seconds: float) -> float:
    """Call `function` for about `seconds`; return the median duration of a call."""
    function()
    durations, end = [], time.perf_counter() + seconds
    while not durations or time.perf_counter() < end:
        start = time.perf_counter()
        function()
        durations.append(time.perf_counter() - start)
    return float(np.median(durations))
