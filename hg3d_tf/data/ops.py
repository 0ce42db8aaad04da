"""Ops of the input pipeline: pure functions Sample -> Sample, the same eagerly and in tf.data.

All randomness comes from sample["seed"], [2] int32, so that what happens to a sample does not
depend on which thread ran it.
"""

from collections.abc import Callable

import tensorflow as tf

Sample = dict[str, tf.Tensor]
Op = Callable[[Sample], Sample]


def chain(*ops: Op) -> Op:
    """Apply one op after the other."""

    def apply(sample: Sample) -> Sample:
        for op in ops:
            sample = op(sample)
        return sample

    return apply


def select(names: tuple[str, ...], optional: tuple[str, ...] = ()) -> Op:
    """Keep the fields called `names`, and those called `optional` that are there."""

    def apply(sample: Sample) -> Sample:
        there = (name for name in optional if name in sample)
        return {name: sample[name] for name in (*names, *there)}

    return apply


def boxed(tensor: tf.Tensor) -> tf.Tensor:
    """Return a scalar that holds the tensor; a batch of such costs no copy, whatever the shapes."""
    return tf.raw_ops.OptionalFromValue(components=[tensor])


def unboxed(box: tf.Tensor, dtype: tf.DType, shape: list) -> tf.Tensor:
    """Return what a box holds, of that type and shape."""
    [tensor] = tf.raw_ops.OptionalGetValue(
        optional=box, output_types=[dtype], output_shapes=[shape]
    )
    return tensor


def split_seed(sample: Sample, stream: int, count: int) -> list[tf.Tensor]:
    """Return `count` seeds; each op has its own `stream`, so that no two share numbers."""
    seed = tf.random.experimental.stateless_fold_in(sample["seed"], stream)
    return tf.unstack(tf.random.experimental.stateless_split(seed, count))
