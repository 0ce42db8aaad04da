"""Training one stage: how its parts are put together."""

import contextlib
import time
from collections.abc import Iterable, Iterator
from pathlib import Path

import tensorflow as tf

from hg3d_tf.cli import UserError
from hg3d_tf.data import input_pipeline, late_batches, prepared
from hg3d_tf.data.bad_records import BadRecords
from hg3d_tf.network import efficientnet, precision
from hg3d_tf.network.keras_api import keras
from hg3d_tf.network.pose_model import PoseModel, build_pose_model
from hg3d_tf.torch_weights import imagenet
from hg3d_tf.training import (
    announcements,
    batch_preview,
    callbacks,
    checkpoints,
    optimizers,
    progress,
    report,
    strategies,
)
from hg3d_tf.training.config import TrainConfig
from hg3d_tf.training.guards import NonfiniteGuard
from hg3d_tf.training.loop import TrainLoop
from hg3d_tf.training.state import TrainCheckpoints, TrainState
from hg3d_tf.training.validation import Validation, check_best_metric


def check(config: TrainConfig, goes_on: bool = False) -> None:
    """Look whether there is what a stage starts from; TensorFlow's devices stay untouched.

    Args:
      config: of the stage.
      goes_on: from its own checkpoint, which holds all weights.

    Raises:
      UserError: for a batch that does not divide into its parts, an optimizer, weights or data
        that are not there, flags first.
    """
    batch_size, parts = config.input.batch_size, config.update.accumulate
    if batch_size % parts:
        raise UserError(f"batch_size {batch_size} does not divide into {parts} parts (accumulate)")
    optimizers.check(config.optimizer)
    if not goes_on:
        _check_weights(config)
    for name in config.input.mix:
        prepared.checked_builder(name, "train", config.input.data_dir)
    if config.validation.dataset:
        validation = config.validation
        builder = prepared.checked_builder(
            validation.dataset, validation.split, config.input.data_dir
        )
        check_best_metric(validation, builder)


def _check_weights(config: TrainConfig) -> None:
    if config.init_from:
        checkpoints.check_source(config.init_from, config.model)
    elif config.model.network == "efficientnet_lite0":
        imagenet.check()


def check_devices(config: TrainConfig) -> tf.distribute.Strategy | None:
    """Return the stage's strategy for `train`; None where making it waits for other hosts.

    Raises:
      UserError: for devices that are not there, or a batch that does not divide among them.
    """
    return strategies.check_before(
        config.strategy, config.input.batch_size, config.update.accumulate
    )


def train(
    config: TrainConfig, workdir: str | Path, strategy: tf.distribute.Strategy | None = None
) -> PoseModel:
    """Train one stage, or go on with it where `workdir` holds a checkpoint.

    `strategy` is what `check_devices` returned; None: it is made here.

    Writes to `workdir`: model.json, checkpoints/, metrics.jsonl, steps.jsonl, tensorboard/,
    report.md with curves.png; where it validates, best/ and pictures/.

    Raises:
      UserError: for data or weights that are not there, too many unreadable records, a batch that
        does not divide among the replicas, a step that is not finite, or a folder that cannot be
        written to.
      PeerLost: if another process that trains with this one is gone.
    """
    workdir, chief = Path(workdir), strategies.is_chief(config.strategy)
    if config.deterministic_ops:
        tf.config.experimental.enable_op_determinism()
    strategy = strategy or strategies.create_strategy(config.strategy)
    strategies.check_batch_size(strategy, config.input.batch_size, config.update.accumulate)
    goes_on = checkpoints.is_begun(workdir)
    check(config, goes_on)
    keras.utils.set_random_seed(config.input.seed)
    with strategy.scope():
        state = TrainState(_create_model(config, goes_on), config.average_decay)
    saved = TrainCheckpoints(workdir, state, config.keep_checkpoints, chief)
    if saved.restore():
        # model.json, which is written anew, may be gone.
        with contextlib.suppress(UserError):
            knots = checkpoints.load_model_config(workdir).confidence_knots
            state.set_confidence_knots(knots)
    started, unfinished = time.monotonic(), int(state.epoch.numpy()) < config.epochs
    if chief:
        _say(announcements.start(config, workdir, state.model, int(state.step.numpy())))
    if unfinished:
        _say(announcements.devices(strategy, precision.resolve(config.precision)))
        with strategies.peer_errors(strategy):
            _run(config, workdir, state, saved, chief)
    if chief:
        seconds = time.monotonic() - started if unfinished else 0
        _say(announcements.end(config, workdir, int(state.step.numpy()), seconds))
    return state.evaluated


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        print(line, flush=True)  # before what the progress bar writes to stderr


def _create_model(config: TrainConfig, goes_on: bool) -> PoseModel:
    policy = precision.resolve(config.precision)
    model = build_pose_model(config.model, policy)
    if goes_on:
        pass  # Its own weights come: where the first came from may be gone.
    elif config.init_from:
        checkpoints.copy_weights(config.init_from, model)
    elif config.model.network == "efficientnet_lite0":
        imagenet.load_weights(model)
    efficientnet.freeze(model, config.frozen_blocks)
    optimizer = optimizers.create_optimizer(
        config.optimizer, config.steps_per_epoch, config.epochs, policy == "mixed_float16"
    )
    model.compile(optimizer, config.loss, config.update)
    return model


def _run(
    config: TrainConfig, workdir: Path, state: TrainState, saved: TrainCheckpoints, chief: bool
) -> None:
    """Train from the state's step to the end."""
    strategy, first_step = state.model.distribute_strategy, int(state.step.numpy())
    bad_records = BadRecords(config.input.max_bad_fraction)
    loop = _create_loop(config, workdir, state, saved, chief)
    with bad_records.stop_as_user_error():
        if chief:
            checkpoints.save_model_config(workdir, state.model.config)
            if first_step == 0 or config.preview:
                _show_first_batch(config, workdir, first_step)

        def batches_of(host: int, num_hosts: int) -> tf.data.Dataset:
            batches = batches_from(config, first_step, host, num_hosts, bad_records)
            # Keys are text, which not every device can hold.
            return batches.map(lambda batch: {k: v for k, v in batch.items() if k != "key"})

        batches = strategies.share_batches(strategy, batches_of, config.input.batch_size)
        loop.run(_announced(config, batches))


def _announced(config: TrainConfig, batches: Iterator) -> Iterator:
    return late_batches.announced(batches, config.input.mix, "train", config.input.data_dir)


def batches_from(
    config: TrainConfig,
    step: int,
    host: int = 0,
    num_hosts: int = 1,
    bad_records: BadRecords | None = None,
) -> tf.data.Dataset:
    """Return a host's parts of the training's batches from a step on."""
    return input_pipeline.train_batches(
        config.input, config.model.input_size, step, host, num_hosts, bad_records
    )


def _show_first_batch(config: TrainConfig, workdir: Path, step: int) -> None:
    # Training reads these samples again: there they count.
    bad_records = BadRecords(config.input.max_bad_fraction)
    batches = iter(batches_from(config, step, bad_records=bad_records))
    with bad_records.stop_as_user_error():
        batch = next(_announced(config, batches))
    batch_preview.write(
        batch,
        config.model.heatmap_size,
        config.loss.heatmap_sigma,
        workdir / "tensorboard",
        step=step,
        path=config.preview,
    )


def _create_loop(
    config: TrainConfig, workdir: Path, state: TrainState, saved: TrainCheckpoints, chief: bool
) -> TrainLoop:
    writer = tf.summary.create_file_writer(str(workdir / "tensorboard")) if chief else None
    measure = None
    if config.validation.dataset:
        folder = workdir if chief else None
        measure = Validation(
            *(config.validation, config.epochs, state, config.input.data_dir, folder, writer),
            config.input.max_bad_fraction,
        )
    return TrainLoop(
        state,
        saved,
        NonfiniteGuard(
            workdir,
            lambda step: next(iter(batches_from(config, step)))["key"].numpy(),
            config.update.skip_nonfinite,
            chief,
        ),
        _create_callbacks(config, workdir, state, writer) if chief else [],
        config.steps_per_epoch,
        config.epochs,
        config.checkpoint_minutes,
        config.checkpoint_steps,
        measure,
    )


def _create_callbacks(config: TrainConfig, workdir: Path, state: TrainState, writer) -> list:
    first_step, first_epoch = int(state.step.numpy()), int(state.epoch.numpy())
    found = [
        callbacks.Speed(config.input.batch_size),
        progress.ProgressBar(config.input.batch_size),
        callbacks.MetricsLog(workdir, config.log.steps, first_step, first_epoch),
        callbacks.Scalars(writer, config.log.steps),
        report.Report(workdir),
    ]
    if config.log.histograms:
        found.append(callbacks.Histograms(writer))
    if config.log.profile_steps:
        found.append(callbacks.Profile(workdir / "tensorboard", *config.log.profile_steps))
    return found
