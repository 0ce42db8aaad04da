"""One update of the weights: gradients of a global batch, summed, clipped, applied or skipped."""

import dataclasses

import tensorflow as tf

from hg3d_tf.network.keras_api import keras

_LOSS_SCALE_OPTIMIZER = keras.mixed_precision.LossScaleOptimizer


@dataclasses.dataclass(frozen=True)
class UpdateConfig:
    """How gradients become an update.

    Raises:
      ValueError: for values that cannot be.
    """

    clip_norm: float = 0.0  # of the global gradient; 0: not clipped
    accumulate: int = 1  # a replica computes its share of the batch in so many parts
    skip_nonfinite: bool = False  # leave out batches with a loss or gradient that is not finite

    def __post_init__(self):
        if not self.clip_norm >= 0:
            raise ValueError(f"clip_norm is {self.clip_norm}, must not be negative")
        if self.accumulate < 1:
            raise ValueError(f"accumulate is {self.accumulate}, must be positive")


def in_parts(batch: dict[str, tf.Tensor], count: int, compute):
    """Apply `compute` to `count` equal parts of a batch, one after the other, to save memory.

    Args:
      batch: tensors [B, ...]; B divides by `count`.
      count: number of parts.
      compute: part -> (loss, gradients, losses of each sample).

    Returns:
      what `compute` returns for the whole batch: loss and gradients are means over the parts.
    """
    if count == 1:
        return compute(batch)
    parts = tf.nest.map_structure(lambda value: tf.split(value, count), batch)
    loss, gradients, per_sample = None, None, []
    for i in range(count):
        part = {name: values[i] for name, values in parts.items()}
        with tf.control_dependencies(gradients or []):  # else memory for all parts is used at once
            part["image"] = tf.identity(part["image"])
        part_loss, part_gradients, part_per_sample = compute(part)
        loss = part_loss if loss is None else loss + part_loss
        gradients = (
            [a + b for a, b in zip(gradients, part_gradients, strict=True)]
            if gradients
            else part_gradients
        )
        per_sample.append(part_per_sample)
    joined = {name: tf.concat([p[name] for p in per_sample], 0) for name in per_sample[0]}
    return loss / count, [gradient / count for gradient in gradients], joined


def compute_gradients(optimizer, loss_of, variables):
    """Return a loss, its gradients and what else `loss_of` returns beside the loss.

    Under float16 the loss is scaled for the backward pass, so that gradients do not vanish.
    """
    scaled = isinstance(optimizer, _LOSS_SCALE_OPTIMIZER)
    with tf.GradientTape() as tape:
        loss, others = loss_of()
        target = optimizer.get_scaled_loss(loss) if scaled else loss
    gradients = tape.gradient(target, variables)
    if scaled:
        gradients = optimizer.get_unscaled_gradients(gradients)
    return loss, gradients, others


def sum_over_replicas(tensors: list[tf.Tensor]) -> list[tf.Tensor]:
    """Return the sums over all replicas; call it in a replica's context."""
    context = tf.distribute.get_replica_context()
    if context.num_replicas_in_sync == 1:
        return tensors
    return context.all_reduce(tf.distribute.ReduceOp.SUM, tensors)


def is_finite(optimizer, loss, gradient_norm) -> tf.Tensor:
    """Return whether an update is sound; under float16 the scaling looks after the gradients."""
    finite = tf.math.is_finite(loss)
    if isinstance(optimizer, _LOSS_SCALE_OPTIMIZER):
        return finite
    return finite & tf.math.is_finite(gradient_norm)


def apply_gradients(optimizer, gradients, variables, condition: tf.Tensor | None = None) -> None:
    """Update `variables` by gradients that are summed over replicas already.

    Args:
      optimizer: of Keras or tensorflow-addons.
      gradients: the same on all replicas.
      variables: in the same order.
      condition: [] bool, the same on all replicas; where False nothing changes.
    """

    def update(gradients):
        optimizer.apply_gradients(
            list(zip(gradients, variables, strict=True)), experimental_aggregate_gradients=False
        )

    def update_if(strategy, condition, gradients):
        # The condition stands outside of the replicas: inside they could not meet.
        tf.cond(
            strategy.experimental_local_results(condition)[0],
            lambda: strategy.extended.call_for_each_replica(update, args=(gradients,)) or 0,
            lambda: 0,
        )

    if condition is None:
        update(gradients)
    else:
        tf.distribute.get_replica_context().merge_call(update_if, args=(condition, gradients))
