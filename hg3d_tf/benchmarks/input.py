"""How many samples a second the input pipeline makes: each stage, the whole, and the limit."""

import os
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from hg3d_tf import augment, decoding, geometry, input_pipeline, targets
from hg3d_tf.benchmarks import input_data, opencv_loader, train
from hg3d_tf.hourglass import OUTPUT_STRIDE
from hg3d_tf.input_pipeline import InputConfig
from hg3d_tf.ops import chain
from hg3d_tf.pose_model import ModelConfig
from hg3d_tf.records import RecordReader

# name -> width, height and crop side of the images, px.
KINDS = {"crops_512": (512, 512, 448.0), "originals_1280x720": (1280, 720, 360.0)}
_PHOTOS = 96  # of each kind
_REPETITIONS = 3
_LONGEST = 12.0  # seconds for the rate of one stage
_MEMORY_READINGS = 20

Ways = dict[str, Callable[[], tf.data.Dataset]]  # name -> makes a dataset of batches


def measure(model: ModelConfig, batch_size: int, precision: str, seconds: float) -> dict:
    """Measure both kinds of images, a step of the network fed by the pipeline, and memory."""
    with tempfile.TemporaryDirectory() as folder:
        result = {
            kind: measure_kind(kind, folder, model.input_size, batch_size, min(seconds, _LONGEST))
            for kind in KINDS
        }
        config = InputConfig(mix=":1,".join(KINDS) + ":1", batch_size=batch_size, data_dir=folder)
        result["training"] = measure_training(config, model, precision, min(seconds, _LONGEST))
        result["resident_mib"] = measure_memory(config, model.input_size, seconds)
    return result


def measure_kind(kind: str, folder: str, size: int, batch_size: int, seconds: float) -> dict:
    """Return samples a second of the stages, the whole, the limit and the OpenCV loader."""
    input_data.store(kind, folder, _PHOTOS, *KINDS[kind])
    config = InputConfig(mix=kind, batch_size=batch_size, data_dir=folder, augment_3d=True)
    rates = median_rates(stages(config, size), batch_size, seconds)
    result = {f"{name}_per_second": rate for name, rate in rates.items()}
    result["whole_to_limit"] = rates["whole"] / rates["decode_limit"]
    if opencv_loader.available():
        examples = input_pipeline.load_split(kind, "train", folder)
        cores = len(os.sched_getaffinity(0))
        opencv = opencv_loader.measure(examples, size, size // OUTPUT_STRIDE, seconds, cores)
        result |= {"opencv_loader_per_second": opencv, "whole_to_opencv": rates["whole"] / opencv}
    return result


def stages(config: InputConfig, size: int) -> Ways:
    """Return the pipeline up to each of its stages; `decode_limit` decodes the crops' regions."""
    builder = input_pipeline.load_builder(config.mix, config.data_dir)
    records = RecordReader(builder, "train").endless(config.seed).enumerate()
    decoders = {"image": tfds.decode.SkipDecoding()}
    change_geometry = chain(
        augment.random_geometry(config.augmentation), geometry.snap_to_pixels(size)
    )
    decode, crop = decoding.decode_for_crop(size), geometry.crop(size)

    def parse(index, record):
        example = builder.info.features.deserialize_example(record[0], decoders=decoders)
        seed = tf.stack([config.seed, tf.cast(index, tf.int32)])
        return input_pipeline.adapt()(example) | {"seed": seed}

    def up_to(*ops):
        def make_sample(*record):
            # One number, so that no time goes into copying pixels.
            return tf.reshape(chain(*ops)(parse(*record))["image"], [-1])[0]

        samples = records.map(make_sample, tf.data.AUTOTUNE)
        return samples.batch(config.batch_size).prefetch(tf.data.AUTOTUNE)

    def whole():
        return input_pipeline.train_batches(config, size)

    return {
        "read_and_parse": up_to,
        "decode_limit": lambda: up_to(change_geometry, decode),
        "warp": lambda: up_to(change_geometry, decode, crop),
        "whole": whole,
        "whole_with_heatmaps": lambda: whole().map(
            lambda batch: batch | {"heatmaps": _heatmaps(batch, size)}, tf.data.AUTOTUNE
        ),
    }


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
    for _ in range(10):  # what was prefetched, and the threads' start
        next(iterator)
    start, count = time.perf_counter(), 0
    while time.perf_counter() - start < seconds:
        next(iterator)
        count += 1
    return count / (time.perf_counter() - start)


def measure_training(
    config: InputConfig, model: ModelConfig, precision: str, seconds: float
) -> dict:
    """Return what a step of the network consumes and how long it waits for its input."""
    train_step = tf.function(train.compiled_model(model, precision).train_step)
    batches = iter(input_pipeline.train_batches(config, model.input_size))
    train_step(next(batches))
    start, waited, steps = time.perf_counter(), 0.0, 0
    while not steps or time.perf_counter() - start < seconds:
        before = time.perf_counter()
        batch = next(batches)
        waited += time.perf_counter() - before
        train_step(batch)["loss"].numpy()
        steps += 1
    duration = time.perf_counter() - start
    return {
        "images_per_second": steps * config.batch_size / duration,
        "waiting_for_input": waited / duration,
    }


def measure_memory(config: InputConfig, size: int, seconds: float) -> dict[str, float]:
    """Return the resident memory, MiB, by the second, while batches are read for `seconds`."""
    iterator, start, resident = iter(input_pipeline.train_batches(config, size)), None, {}
    for reading in range(_MEMORY_READINGS + 1):
        start = start or time.perf_counter()
        while time.perf_counter() - start < seconds * reading / _MEMORY_READINGS:
            next(iterator)
        resident[f"{seconds * reading / _MEMORY_READINGS:.0f}"] = resident_mib()
    return resident


def resident_mib() -> float:
    """Return the memory that this process holds (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
