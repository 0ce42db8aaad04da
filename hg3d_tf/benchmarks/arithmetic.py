"""Floating point operations: how many a graph takes, how many the machine makes a second."""

import logging

import tensorflow as tf

from hg3d_tf.timing import median_seconds

_MATMUL_SIDE = 2048


def count_flops(function) -> int:
    """Return the floating point operations of a concrete function, from its graph's shapes."""
    options = tf.compat.v1.profiler.ProfileOptionBuilder.float_operation()
    options["output"] = "none"
    logging.getLogger("tensorflow").setLevel(logging.ERROR)  # it calls its own API deprecated
    return tf.compat.v1.profiler.profile(function.graph, options=options).total_float_ops


def matmul_flops(policy: str, seconds: float) -> float:
    """Return the operations a second of a product of two square matrices in a precision."""
    dtype = tf.as_dtype(policy.removeprefix("mixed_"))
    matrix = tf.cast(tf.random.normal([_MATMUL_SIDE, _MATMUL_SIDE]), dtype)
    product = tf.function(lambda: tf.matmul(matrix, matrix)[0, 0])
    return 2 * _MATMUL_SIDE**3 / median_seconds(lambda: product().numpy(), seconds)
