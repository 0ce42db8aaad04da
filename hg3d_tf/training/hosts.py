"""Measuring on several hosts: each measures a part, and all get the whole."""

import contextlib
import io

import numpy as np
import tensorflow as tf

from hg3d_tf.training.strategies import num_processes


def measuring_scope(strategy: tf.distribute.Strategy) -> contextlib.AbstractContextManager:
    """Return the scope to make a network in that each process measures with, on all its devices.

    In the strategy's own, processes would have to make, read and save all variables together.
    """
    if num_processes(strategy) == 1:
        return strategy.scope()
    devices = strategy.extended.worker_devices
    alone = len(devices) == 1
    return contextlib.nullcontext() if alone else tf.distribute.MirroredStrategy(devices).scope()


def gather(
    strategy: tf.distribute.Strategy, arrays: dict[str, np.ndarray]
) -> dict[str, np.ndarray]:
    """Return the arrays of all processes, each joined along its first axis in their order.

    All processes call it, and all get the same. Arrays of objects are of bytes.
    """
    if num_processes(strategy) == 1:
        return arrays
    packed = io.BytesIO()
    plain = {name: a.astype("S") if a.dtype == object else a for name, a in arrays.items()}
    np.savez(packed, **plain)
    # Of integers, which collectives take where they take no strings.
    numbers = np.frombuffer(packed.getvalue() + bytes(-packed.tell() % 4), np.int32)
    local = len(strategy.extended.worker_devices)

    def of_all_processes(values) -> np.ndarray:
        """Join what the first replica of each process says."""
        said = strategy.experimental_distribute_values_from_function(
            lambda context: tf.constant(
                values[: 0 if context.replica_id_in_sync_group % local else None]
            )
        )
        return strategy.gather(said, axis=0).numpy()

    sizes = of_all_processes(np.array([len(numbers)], np.int32))
    parts = np.split(of_all_processes(numbers), np.cumsum(sizes)[:-1])
    loaded = [np.load(io.BytesIO(part.tobytes())) for part in parts]
    return {
        name: np.concatenate([part[name] for part in loaded]).astype(array.dtype)
        for name, array in arrays.items()
    }
