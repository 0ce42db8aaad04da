"""How long a training step takes, by part, and how near it comes to the machine's peak."""

import resource
import time

import numpy as np
import tensorflow as tf

from hg3d_tf.benchmarks import step_parts
from hg3d_tf.benchmarks.arithmetic import count_flops, matmul_flops
from hg3d_tf.network.pose_model import LossConfig, ModelConfig, PoseModel, build_pose_model
from hg3d_tf.skeleton import NUM_JOINTS
from hg3d_tf.timing import median_seconds
from hg3d_tf.training import strategies
from hg3d_tf.training.loop import create_step
from hg3d_tf.training.optimizers import OptimizerConfig, create_optimizer
from hg3d_tf.training.state import TrainState

_NO_REQUESTS = np.zeros(2, np.float32)


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


def compiled_model(config: ModelConfig, policy: str) -> PoseModel:
    """Return a new network with the losses of stage 3."""
    model = build_pose_model(config, policy)
    optimizer = create_optimizer(OptimizerConfig(), 100, 1, policy == "mixed_float16")
    model.compile(optimizer, LossConfig(depth_weight=0.1, geometry_weight=0.01))
    return model


def measure(config: ModelConfig, batch_size: int, policies: list[str], seconds: float) -> dict:
    """Return `measure_precision` of each policy, and the speed of each in that of the first.

    Args:
      config: the network.
      batch_size: over all logical devices.
      policies: Keras policies.
      seconds: how long to repeat each step.
    """
    peak = matmul_flops("float32", 2)
    found = {policy: measure_precision(config, batch_size, policy, seconds) for policy in policies}
    peak = max(peak, matmul_flops("float32", 2))
    for values in found.values():
        values["share_of_float32_peak"] = values["gflop_per_second"] * 1e9 / peak
    first = found[policies[0]]["step_ms"]
    others = {policy: first / values["step_ms"] for policy, values in found.items()}
    memory = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20
    return found | {f"speed_in_{policies[0]}": others, "peak_memory_gib": memory}


def measure_precision(config: ModelConfig, batch_size: int, policy: str, seconds: float) -> dict:
    """Return the step of the training loop in ms, its parts, and the share of the peak.

    The peak is that of a product of square matrices in the same precision, measured before and
    after; the higher counts.
    """
    peak = matmul_flops(policy, 2)
    batch = random_batch(config, batch_size)
    start = time.perf_counter()
    state, take_step, flops = _prepare(config, policy, batch, strategies.create_strategy())
    compiled = time.perf_counter() - start
    step = median_seconds(take_step, seconds)
    replicas = state.model.distribute_strategy.num_replicas_in_sync
    if replicas == 1:
        more = step_parts.parts(state, batch, step, seconds)
        more |= step_parts.checkpoint(state, step)
    else:
        more = _scaling(config, policy, batch, step, seconds)
    peak = max(peak, matmul_flops(policy, 2))
    return {
        "trace_seconds": compiled,
        "step_ms": 1000 * step,
        "images_per_second": batch_size / step,
        "replicas": replicas,
        **more,
        "gflop_per_step": flops / 1e9,
        "gflop_per_second": flops / step / 1e9,
        "matmul_peak_gflop_per_second": peak / 1e9,
        "share_of_peak": flops / step / peak,
    }


def _prepare(config: ModelConfig, policy: str, batch, strategy):
    """Return a new training, the function that takes a step of it, and the FLOPs of a step."""
    with strategy.scope():
        state = TrainState(compiled_model(config, policy))
    batches = tf.data.Dataset.from_tensors(batch).repeat()
    shared = next(strategies.share_batches(strategy, lambda *_: batches, len(batch["image"])))
    step = create_step(state)
    flops = count_flops(step.get_concrete_function(shared, _NO_REQUESTS))
    return state, lambda: step(shared, _NO_REQUESTS)["loss"].numpy(), flops


def _scaling(config: ModelConfig, policy: str, batch, step: float, seconds: float) -> dict:
    """Return the step on one of the logical devices and how much faster all of them are."""
    _, one, _ = _prepare(config, policy, batch, strategies.create_strategy("one"))
    one_seconds = median_seconds(one, seconds)
    return {"one_replica_step_ms": 1000 * one_seconds, "speed_in_one_replica": one_seconds / step}


def use_logical_devices(count: int) -> None:
    """Divide the CPU into `count` logical devices; before anything else of TensorFlow runs."""
    (cpu,) = tf.config.list_physical_devices("CPU")
    parts = [tf.config.LogicalDeviceConfiguration()] * count
    tf.config.set_logical_device_configuration(cpu, parts)
