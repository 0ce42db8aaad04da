"""How many samples a second the input pipeline makes: each stage, the whole, and the limit."""

import tempfile
import time

import numpy as np
import tensorflow as tf

from hg3d_tf.benchmarks import input_data, input_stages, memory, opencv_loader, train
from hg3d_tf.data import input_pipeline, prepared
from hg3d_tf.data.input_pipeline import InputConfig
from hg3d_tf.network.hourglass import OUTPUT_STRIDE
from hg3d_tf.network.pose_model import ModelConfig
from hg3d_tf.timing import cores

# name -> width, height and crop side of the images, px.
KINDS = {"crops_512": (512, 512, 448.0), "originals_1280x720": (1280, 720, 360.0)}
_LONGEST = 12.0  # seconds for the rate of one stage


def measure(
    model: ModelConfig, batch_size: int, precision: str, seconds: float, num_photos: int
) -> dict:
    """Measure both kinds of images, a step of the network fed by the pipeline, and memory."""
    size, shortly = model.input_size, min(seconds, _LONGEST)
    with tempfile.TemporaryDirectory() as folder:
        for kind, form in KINDS.items():
            input_data.store(kind, folder, num_photos, *form)
        result = {kind: measure_kind(kind, folder, size, batch_size, shortly) for kind in KINDS}
        config = InputConfig(
            mix=dict.fromkeys(KINDS, 1 / len(KINDS)), batch_size=batch_size, data_dir=folder
        )
        result["training"] = measure_training(config, model, precision, shortly)
        result["resident_mib"] = memory.in_fresh_process(measure_memory, config, size, seconds)
    return result


def measure_memory(config: InputConfig, size: int, seconds: float) -> dict:
    """Return the resident memory, MiB, of a process that reads batches and does nothing else."""
    return memory.measure(input_pipeline.train_batches(config, size), seconds)


def measure_kind(kind: str, folder: str, size: int, batch_size: int, seconds: float) -> dict:
    """Return samples a second of the stages, the whole, the limit and the OpenCV loader."""
    config = InputConfig(mix={kind: 1.0}, batch_size=batch_size, data_dir=folder, augment_3d=True)
    rates = input_stages.median_rates(input_stages.stages(config, size), batch_size, seconds)
    result = {f"{name}_per_second": rate for name, rate in rates.items()}
    result["whole_to_limit"] = rates["whole"] / rates["decode_limit"]
    if opencv_loader.available():
        examples = prepared.load_split(kind, "train", folder)
        opencv = opencv_loader.measure(examples, size, size // OUTPUT_STRIDE, seconds, cores())
        result |= {"opencv_loader_per_second": opencv, "whole_to_opencv": rates["whole"] / opencv}
    return result


def measure_training(
    config: InputConfig, model: ModelConfig, precision: str, seconds: float
) -> dict:
    """Return what a step of the network consumes, and what the input takes of the step's time.

    Returns:
      step_ms: the median of steps that are fed by the pipeline, waiting included.
      images_per_second: that such steps consume.
      waiting_for_input: share of the steps' time in which they wait for a batch.
      input_to_step: the time in which the pipeline alone, with all cores, makes a batch, in
        steps: no smaller share of the cores can be enough.
    """
    train_step = tf.function(train.compiled_model(model, precision).train_step)
    dataset = input_pipeline.train_batches(config, model.input_size)
    alone = input_stages.median_rates({"alone": lambda: dataset}, config.batch_size, seconds)
    batches = iter(dataset)
    train_step(next(batches))
    waited, durations, end = [], [], time.perf_counter() + seconds
    while not durations or time.perf_counter() < end:
        start = time.perf_counter()
        batch = next(batches)
        waited.append(time.perf_counter() - start)
        train_step(batch)["loss"].numpy()
        durations.append(time.perf_counter() - start)
    median = float(np.median(durations))
    return {
        "step_ms": 1000 * median,
        "images_per_second": config.batch_size / median,
        "waiting_for_input": sum(waited) / sum(durations),
        "input_to_step": config.batch_size / alone["alone"] / median,
    }
