"""The parts of a training step by themselves, and a checkpoint."""

import tempfile
from pathlib import Path

import tensorflow as tf

from hg3d_tf import losses as pose_losses
from hg3d_tf.network import updates
from hg3d_tf.network.pose_model import PoseModel
from hg3d_tf.timing import median_seconds
from hg3d_tf.training.state import TrainCheckpoints, TrainState

_EPOCH_STEPS = 4000  # the paper's


def parts(state: TrainState, batch, step: float, seconds: float) -> dict[str, dict]:
    """Return ms and share of a step of its parts, the geometry loss also by itself.

    "backward" is what remains of the step without its other parts.
    """
    outputs = tf.nest.map_structure(
        lambda output: tf.random.normal([len(batch["image"]), *output.shape[1:]]),
        state.model.output,
    )
    named = {
        "forward": _forward(state.model, batch),
        "losses": _losses(state.model, batch, outputs),
        "geometry": _geometry(batch, outputs["depth"]),
        "optimizer": _optimizer(state.model),
    }
    milliseconds = {name: 1000 * median_seconds(f, seconds / 4) for name, f in named.items()}
    milliseconds["backward"] = (
        1000 * step - milliseconds["forward"] - milliseconds["losses"] - milliseconds["optimizer"]
    )
    shares = {name: value / (1000 * step) for name, value in milliseconds.items()}
    return {"parts_ms": milliseconds, "parts_share": shares}


def _forward(model: PoseModel, batch):
    forward = tf.function(lambda: model(batch["image"], training=True)["depth"], autograph=False)
    return lambda: forward().numpy()


def _losses(model: PoseModel, batch, outputs):
    """Return the function that computes targets and losses and their gradients."""

    @tf.function(autograph=False)
    def losses():
        with tf.GradientTape() as tape:
            tape.watch(outputs)
            loss = tf.reduce_mean(model.compute_losses(batch, outputs)["loss"])
        return loss, tape.gradient(loss, outputs)

    return lambda: losses()[0].numpy()


def _geometry(batch, depth):
    """Return the function that computes the geometry loss of 2D samples, with gradient."""

    @tf.function(autograph=False)
    def geometry():
        with tf.GradientTape() as tape:
            tape.watch(depth)
            loss = pose_losses.geometry_loss(batch["joints_2d_norm"], depth, batch["visible"])
            loss = tf.where(batch["has_depth"], 0.0, loss)
        return tape.gradient(loss, depth)

    return lambda: geometry().numpy()


def _optimizer(model: PoseModel):
    """Return the function that computes the gradient's norm and updates the weights."""
    gradients = [tf.zeros_like(variable) for variable in model.trainable_variables]

    @tf.function(autograph=False)
    def update():
        updates.apply_gradients(model.optimizer, gradients, model.trainable_variables)
        return tf.linalg.global_norm(gradients)

    return lambda: update().numpy()


def checkpoint(state: TrainState, step: float) -> dict[str, float]:
    """Return ms of a checkpoint, and what one at each epoch's end adds to an epoch."""
    with tempfile.TemporaryDirectory() as folder:
        saved = TrainCheckpoints(Path(folder), state, keep=1)
        seconds = median_seconds(saved.save, 2)
    return {
        "checkpoint_ms": 1000 * seconds,
        f"checkpoint_share_of_{_EPOCH_STEPS}_steps": seconds / (_EPOCH_STEPS * step),
    }
