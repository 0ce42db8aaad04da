"""What a training says at its start and its end: from what, on what, and what to do next."""

import os
import shlex
import time
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf

from hg3d_tf import extras, timing, weights
from hg3d_tf.data import prepared
from hg3d_tf.data.input_pipeline import data_dir_of
from hg3d_tf.evaluation.protocols import homes
from hg3d_tf.network.pose_model import PoseModel
from hg3d_tf.training import best_checkpoints, strategies
from hg3d_tf.training.config import TrainConfig

# Where Linux shows that the driver has found a device.
_SIGNS_OF_NVIDIA = ("/proc/driver/nvidia", "/dev/nvidia0")


def start(config: TrainConfig, workdir: Path, model: PoseModel, step: int) -> Iterator[str]:
    """Yield the lines of a start.

    Args:
      config: of the training.
      workdir: its folder.
      model: what it trains.
      step: that it goes on after, 0 for a new one.
    """
    name, size = config.model.network, config.model.input_size
    mix = ", ".join(f"{name}:{weight:.3g}" for name, weight in config.input.mix.items())
    yield (
        f"training {workdir}: {name} of {size} px, {config.epochs} epochs of"
        f" {config.steps_per_epoch} steps of {config.input.batch_size} samples of {mix}"
    )
    if step:
        yield f"going on after step {step} (epoch {step // config.steps_per_epoch}) of {workdir}"
    else:
        yield f"starting from {_origin(config)}; {_count(model)}"
    rising, steps = config.optimizer.warmup_steps, config.epochs * config.steps_per_epoch
    if 2 * rising > steps:
        yield (
            f"warning: the learning rate rises for {rising} of {steps} steps: give fewer"
            " --warmup_steps, or train longer"
        )


def devices(strategy: tf.distribute.Strategy, policy: str) -> Iterator[str]:
    """Yield the lines that say what this process computes on, in which precision."""
    cards = tf.config.list_physical_devices("GPU")
    workers = strategies.num_processes(strategy)
    local = max(1, strategy.num_replicas_in_sync // workers)
    if isinstance(strategy, tf.distribute.TPUStrategy):
        what = f"{local} TPU cores"
    elif cards:
        details = [tf.config.experimental.get_device_details(card) for card in cards[:local]]
        names = ", ".join(detail.get("device_name", "unnamed") for detail in details)
        unused = f" (of {len(cards)}; --strategy=mirrored takes all)" if local < len(cards) else ""
        what = f"{local} GPU{'s' * (local > 1)}{unused}: {names}"
    else:
        what = f"the CPU, {timing.cores()} cores" + (f" as {local} devices" if local > 1 else "")
    together = f", one of {workers} workers" if workers > 1 else ""
    yield f"computing on {what}{together}, {policy}"
    if not cards and any(map(os.path.exists, _SIGNS_OF_NVIDIA)):
        yield f"warning: {_unseen_card()}"


def end(config: TrainConfig, workdir: Path, step: int, seconds: float) -> Iterator[str]:
    """Yield the lines of an end, `seconds` after the start; 0 where nothing was left to do.

    The last are commands, each complete; evaluate's is left out where there is nothing to measure.
    """
    took = f"{int(seconds // 3600)}:{time.strftime('%M:%S', time.gmtime(seconds))}"
    what = f"done after step {step} in {took}" if seconds else f"nothing left to do at step {step}"
    yield f"{what}: weights, report.md and curves.png are in {workdir}"
    validation, best = config.validation, workdir / best_checkpoints.FOLDER
    if validation.dataset and best.exists():
        measured = f"{validation.best_metric} on {validation.dataset}, {validation.split}"
        yield f"the best weights, by {measured}, are in {best}: a training folder like this one"
    yield "next:"
    what_for = _measured_on(config)
    for command in (
        *([("evaluate", f"--workdir={workdir}", *what_for)] if what_for else []),
        ("predict", f"--model={workdir}", "photo.jpg"),
        ("export", f"--workdir={workdir}"),
    ):
        yield f"  python -m hg3d_tf.{shlex.join(command)}"


def _measured_on(config: TrainConfig) -> list[str]:
    """Return evaluate's flags for the validation's data, or the mix's; none if there are none."""
    data_dir, given = config.input.data_dir, config.validation
    splits = {name: homes.split_of(name, data_dir) for name in config.input.mix}
    if given.dataset:
        splits = {given.dataset: given.split}
    splits = {
        name: split
        for name, split in splits.items()
        if prepared.has_examples(name, split, data_dir)
    }
    if not splits:
        return []
    flags = [f"--dataset={','.join(splits)}"]
    protocols = [homes.protocol_of(name) for name in splits]
    if all(protocols):
        flags = [f"--protocol={','.join(protocols)}"]  # each on its own dataset
    elif any(_without_3d(name, split, data_dir) for name, split in splits.items()):
        flags += ["--protocol=pck_box"]
    [split, *others] = set(splits.values())
    if split != "test" and not others:  # else evaluate takes each dataset's own
        flags.append(f"--split={split}")
    return flags + [f"--data_dir={data_dir}"] * (data_dir not in ("", data_dir_of(None)))


def _without_3d(name: str, split: str, data_dir: str) -> bool:
    return prepared.starts_without_3d(prepared.load_builder(name, data_dir), split)


def _origin(config: TrainConfig) -> str:
    if config.init_from in weights.FOLDERS:
        return f"{config.init_from}, a network in the package (its photos' terms: research only)"
    if config.init_from:
        return f"the weights of {config.init_from}"
    if config.model.network == "efficientnet_lite0":
        return "ImageNet's weights in the encoder, random ones elsewhere"
    return "random weights"


def _count(model: PoseModel) -> str:
    def size(variables) -> int:
        return sum(variable.shape.num_elements() for variable in variables)

    return f"{size(model.weights):,} weights, {size(model.trainable_weights):,} of them trained"


def _unseen_card() -> str:
    """Return why TensorFlow does not see a NVIDIA device that is there, and how to mend it."""
    hidden = os.environ.get("CUDA_VISIBLE_DEVICES")
    if hidden in ("", "-1"):
        return f"a NVIDIA device is there, hidden by CUDA_VISIBLE_DEVICES={hidden!r}: unset it"
    return (
        "a NVIDIA device is there, but TensorFlow does not see it: bring CUDA's libraries by"
        f" `{extras.install_command('gpu')}`; if that was done, `nvidia-smi` says whether the"
        " driver runs"
    )
