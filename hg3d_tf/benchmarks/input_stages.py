"""The input pipeline up to each of its stages, and how fast a way of making batches is."""

import time
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from hg3d_tf.data import (
    augment,
    geometry,
    input_pipeline,
    ops,
    prepared,
    region_decoding,
    samples,
)
from hg3d_tf.data.input_pipeline import InputConfig
from hg3d_tf.data.ops import chain
from hg3d_tf.data.records import RecordReader
from hg3d_tf.network import targets
from hg3d_tf.network.hourglass import OUTPUT_STRIDE

_REPETITIONS = 3
_WARM_UP = 10  # batches: what was prefetched, and the threads' start

Ways = dict[str, Callable[[], tf.data.Dataset]]  # name -> makes a dataset of batches


def stages(config: InputConfig, size: int) -> Ways:
    """Return the pipeline up to each of its stages; `decode_limit` decodes the crops' regions.

    Args:
      config: with a mix of one dataset.
      size: px of the crops.
    """
    [name] = config.mix
    builder = prepared.load_builder(name, config.data_dir)
    reader = RecordReader([builder], "train")
    numbers = reader.endless(0, config.seed).enumerate()
    parse, adapt = prepared.example_parser(builder), samples.adapt()
    change_geometry = chain(
        augment.random_geometry(config.augmentation), geometry.snap_to_pixels(size)
    )
    decode = region_decoding.decode_for_crop(size)
    place = chain(augment.random_colours(config.augmentation), geometry.place_crop(size))
    crop = geometry.crop_batch(size)

    def batches(*steps):
        def make_sample(index, number):
            seed = tf.stack([config.seed, tf.cast(index, tf.int32)])
            return chain(*steps)(adapt(parse(reader.read(number))) | {"seed": seed})

        made = numbers.map(make_sample, tf.data.AUTOTUNE)
        return made.batch(config.batch_size, drop_remainder=True)

    def up_to(*steps):
        return batches(*steps, _one_number).prefetch(tf.data.AUTOTUNE)

    def warp():
        placed = batches(change_geometry, decode, place, _box)
        warped = placed.map(lambda batch: crop(batch)["image"][:, 0, 0, 0], tf.data.AUTOTUNE)
        return warped.prefetch(tf.data.AUTOTUNE)

    def whole():
        return input_pipeline.train_batches(config, size)

    return {
        "read_and_parse": up_to,
        "decode_limit": lambda: up_to(change_geometry, decode),
        "warp": warp,
        "whole": whole,
        "whole_with_heatmaps": lambda: whole().map(
            lambda batch: batch | {"heatmaps": _heatmaps(batch, size)}, tf.data.AUTOTUNE
        ),
    }


def _one_number(samples) -> tf.Tensor:
    """Return one of the image's numbers, so that no time goes into copying pixels."""
    return tf.reshape(samples["image"], [-1])[0]


def _box(sample):
    boxed = ops.boxed(sample["image"])
    return ops.select(("image", *geometry.RENDERED_FIELDS))(sample | {"image": boxed})


def _heatmaps(batch, size: int) -> tf.Tensor:
    joints_2d_norm, visible = batch["joints_2d_norm"], batch["visible"]
    return targets.draw_heatmaps(joints_2d_norm, visible, size // OUTPUT_STRIDE)


def median_rates(ways: Ways, batch_size: int, seconds: float) -> dict[str, float]:
    """Return samples a second, measured in turn: what else the machine does meets all alike."""
    iterators = {name: iter(make()) for name, make in ways.items()}
    rates = {name: [] for name in ways}
    for _ in range(_REPETITIONS):
        for name, iterator in iterators.items():
            rates[name].append(batch_size * _rate(iterator, seconds / _REPETITIONS))
    return {name: float(np.median(values)) for name, values in rates.items()}


def _rate(iterator: Iterator, seconds: float) -> float:
    """Return batches a second, of at least one."""
    for _ in range(_WARM_UP):
        next(iterator)
    start, count = time.perf_counter(), 0
    while not count or time.perf_counter() - start < seconds:
        next(iterator)
        count += 1
    return count / (time.perf_counter() - start)
