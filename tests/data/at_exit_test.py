import subprocess
import sys
import time

import numpy as np
import pytest
import tensorflow as tf

from hg3d_tf.data import at_exit

LEAVES_ITERATORS = """
from hg3d_tf.data import input_pipeline
from hg3d_tf.data.augment import AugmentConfig
augmentation = AugmentConfig(rotation_probability=1)
config = input_pipeline.InputConfig(
    {{"painted_2d": 1.0}}, batch_size=8, data_dir={data_dir!r}, augmentation=augmentation
)
iterators = [iter(input_pipeline.train_batches(config, 256)) for _ in range(3)]
for _ in range(3):
    print([next(iterator)["image"].shape[0] for iterator in iterators])
"""


@pytest.mark.slow
def test_a_program_that_leaves_iterators_ends_well(data_dir):
    program = LEAVES_ITERATORS.format(data_dir=data_dir)
    process = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, timeout=120, check=False
    )
    assert process.returncode == 0, process.stderr
    assert process.stdout.splitlines() == ["[8, 8, 8]"] * 3


def endless(calls: list) -> tf.data.Dataset:
    """Return a dataset that calls Python for each element, ahead of whoever reads it."""

    def call(number):
        calls.append(number)
        return np.int64(number)

    numbers = tf.data.Dataset.range(2**62)
    called = numbers.map(lambda number: tf.numpy_function(call, [number], tf.int64), 2)
    return called.prefetch(2**20)


def grows(calls: list) -> bool:
    count = len(calls)
    time.sleep(0.3)
    return len(calls) > count


def test_a_freed_iterator_calls_python_no_more():
    calls = []
    iterator = iter(endless(calls))
    next(iterator)
    assert grows(calls)
    at_exit.free_iterators()
    assert not grows(calls)


def test_a_freed_iterator_over_devices_calls_python_no_more():
    calls = []
    strategy = tf.distribute.MirroredStrategy(["CPU:0"])
    iterator = iter(strategy.experimental_distribute_dataset(endless(calls).batch(1)))
    next(iterator)
    assert grows(calls)
    at_exit.free_iterators()
    assert not grows(calls)
