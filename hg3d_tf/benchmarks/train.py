"""How long a training step takes, by part, and how near it comes to the machine's peak."""

import resource
import time

import numpy as np
import tensorflow as tf

from hg3d_tf import losses as pose_losses
from hg3d_tf import strategies
from hg3d_tf.optimizers import OptimizerConfig, create_optimizer
from hg3d_tf.pose_model import LossConfig, ModelConfig, PoseModel, build_pose_model
from hg3d_tf.skeleton import NUM_JOINTS

_MATMUL_SIDE = 2048


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


def measure(config: ModelConfig, batch_size: int, policy: str, seconds: float = 10) -> dict:
    """Return the step's parts in ms, its images and FLOPs a second, and the share of the peak.

    The peak is that of a product of square matrices in the same precision, measured before and
    after; the higher counts. "backward" is what remains of the step without its other parts.
    """
    peak = matmul_flops(policy, 2)
    strategy = strategies.create_strategy()
    with strategy.scope():
        model = compiled_model(config, policy)
    batch = random_batch(config, batch_size)
    distributed = next(
        strategies.share_batches(strategy, tf.data.Dataset.from_tensors(batch), batch_size)
    )
    take_step = tf.function(
        lambda batch: strategies.first_replica(
            strategy, strategy.run(model.take_step, args=(batch,))
        )["loss"]
    )
    start = time.perf_counter()
    flops = count_flops(take_step.get_concrete_function(distributed))
    compiled = time.perf_counter() - start
    step = median_seconds(lambda: take_step(distributed).numpy(), seconds)
    parts = _parts(model, batch, seconds) if strategy.num_replicas_in_sync == 1 else {}
    peak = max(peak, matmul_flops(policy, 2))
    return {
        "replicas": strategy.num_replicas_in_sync,
        "trace_seconds": compiled,
        "step_ms": 1000 * step,
        **_with_backward(parts, 1000 * step),
        "images_per_second": batch_size / step,
        "gflop_per_step": flops / 1e9,
        "gflop_per_second": flops / step / 1e9,
        "matmul_peak_gflop_per_second": peak / 1e9,
        "share_of_peak": flops / step / peak,
        "peak_memory_gb": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 2**20,
    }


def compiled_model(config: ModelConfig, policy: str) -> PoseModel:
    """Return a new network with the losses of stage 3."""
    model = build_pose_model(config, policy)
    optimizer = create_optimizer(OptimizerConfig(), 100, 1, policy == "mixed_float16")
    model.compile(optimizer, LossConfig(depth_weight=0.1, geometry_weight=0.01))
    return model


def _parts(model: PoseModel, batch, seconds: float) -> dict[str, float]:
    """Return ms of forward pass, losses with gradient, geometry among them, and optimizer."""
    outputs = model(batch["image"], training=False)
    gradients = [tf.zeros_like(variable) for variable in model.trainable_variables]

    @tf.function
    def forward():
        return model(batch["image"], training=True)["depth"]

    @tf.function
    def losses():
        with tf.GradientTape() as tape:
            tape.watch(outputs)
            loss = tf.reduce_mean(model.compute_losses(batch, outputs)["loss"])
        return tape.gradient(loss, outputs)["depth"]

    @tf.function
    def geometry():
        depth = outputs["depth"]
        with tf.GradientTape() as tape:
            tape.watch(depth)
            loss = pose_losses.geometry_loss(batch["joints_2d_norm"], depth, batch["visible"])
            loss = tf.where(batch["has_depth"], 0.0, loss)
        return tape.gradient(loss, depth)

    @tf.function
    def optimizer():
        model.optimizer.apply_gradients(zip(gradients, model.trainable_variables, strict=True))
        return model.optimizer.iterations

    named = (forward, losses, geometry, optimizer)
    return {f.__name__: 1000 * median_seconds(lambda f=f: f().numpy(), seconds / 4) for f in named}


def _with_backward(parts: dict[str, float], step_ms: float) -> dict:
    if not parts:
        return {}
    whole = parts | {"backward": step_ms - parts["forward"] - parts["losses"] - parts["optimizer"]}
    shares = {name: value / step_ms for name, value in whole.items()}
    return {"parts_ms": whole, "parts_share": shares}


def count_flops(function) -> int:
    """Return the floating point operations of a concrete function, from its graph's shapes."""
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    return tf.compat.v1.profiler.profile(function.graph, options=options).total_float_ops


def use_logical_devices(count: int) -> None:
    """Divide the CPU into `count` logical devices; before anything else of TensorFlow runs."""
    (cpu,) = tf.config.list_physical_devices("CPU")
    parts = [tf.config.LogicalDeviceConfiguration()] * count
    tf.config.set_logical_device_configuration(cpu, parts)


def matmul_flops(policy: str, seconds: float) -> float:
    """Return the operations a second of a product of two square matrices in a precision."""
    dtype = tf.as_dtype(policy.removeprefix("mixed_"))
    matrix = tf.cast(tf.random.normal([_MATMUL_SIDE, _MATMUL_SIDE]), dtype)
    product = tf.function(lambda: tf.matmul(matrix, matrix)[0, 0])
    return 2 * _MATMUL_SIDE**3 / median_seconds(lambda: product().numpy(), seconds)


def median_seconds(function, seconds: float) -> float:
    """Call `function` for about `seconds`; return the median duration of a call."""
    function()
    durations, end = [], time.perf_counter() + seconds
    while not durations or time.perf_counter() < end:
        start = time.perf_counter()
        function()
        durations.append(time.perf_counter() - start)
    return float(np.median(durations))
