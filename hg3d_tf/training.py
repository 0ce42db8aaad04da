"""Training one stage: what it consists of, and how its parts are put together."""

import dataclasses
from pathlib import Path

import tensorflow as tf

from hg3d_tf import (
    batch_preview,
    callbacks,
    checkpoints,
    input_pipeline,
    precision,
    strategies,
    training_report,
)
from hg3d_tf.bad_records import BadRecords
from hg3d_tf.guards import NonfiniteGuard
from hg3d_tf.input_pipeline import InputConfig
from hg3d_tf.keras_api import keras
from hg3d_tf.optimizers import OptimizerConfig, create_optimizer
from hg3d_tf.pose_model import LossConfig, ModelConfig, PoseModel, build_pose_model
from hg3d_tf.train_loop import TrainLoop
from hg3d_tf.train_state import TrainCheckpoints, TrainState
from hg3d_tf.updates import UpdateConfig
from hg3d_tf.validation import Validation, ValidationConfig


@dataclasses.dataclass(frozen=True)
class LogConfig:
    """What is written beside the means of each epoch."""

    steps: int = 100  # between two lines of steps.jsonl; 0 for none
    histograms: bool = False  # of the weights, after every epoch
    profile_steps: tuple[int, ...] = ()  # first and last step for TensorBoard's profiler

    def __post_init__(self):
        if self.profile_steps and not (
            len(self.profile_steps) == 2 and 2 <= self.profile_steps[0] <= self.profile_steps[1]
        ):
            steps = ",".join(map(str, self.profile_steps))
            raise ValueError(f"profile_steps is {steps}, must be FIRST,LAST with 2 <= FIRST")


@dataclasses.dataclass(frozen=True)
class TrainConfig:
    """A stage of training.

    Raises:
      ValueError: for settings that contradict each other.
    """

    model: ModelConfig = ModelConfig()
    input: InputConfig = InputConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    loss: LossConfig = LossConfig()
    update: UpdateConfig = UpdateConfig()
    validation: ValidationConfig = ValidationConfig()
    log: LogConfig = LogConfig()
    strategy: str = "auto"
    precision: str = "float32"
    deterministic_ops: bool = False  # the same machine and number of cores give the same bits
    average_decay: float = 0.0  # of a running average of the weights, 0 for none
    epochs: int = 60
    steps_per_epoch: int = 4000
    init_from: str = ""  # training folder whose weights this stage starts from
    keep_checkpoints: int = 3
    checkpoint_minutes: float = 10.0  # between checkpoints inside an epoch, 0 for none
    checkpoint_steps: int = 0  # the same, in steps
    preview: str = ""  # PNG of the first batch

    def __post_init__(self):
        for name in ("epochs", "steps_per_epoch", "keep_checkpoints"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}, must be positive")
        for name, known in (
            ("precision", precision.PRECISIONS),
            ("strategy", strategies.STRATEGIES),
        ):
            if getattr(self, name) not in known:
                raise ValueError(f"{name} is {getattr(self, name)!r}, must be one of {known}")
        if not 0 <= self.average_decay < 1:
            raise ValueError(f"average_decay is {self.average_decay}, must be in [0, 1)")
        if min(self.checkpoint_minutes, self.checkpoint_steps) < 0:
            raise ValueError("checkpoint_minutes and checkpoint_steps must not be negative")


def train(config: TrainConfig, workdir: str | Path) -> PoseModel:
    """Train one stage, or go on with it where `workdir` holds a checkpoint.

    Writes to `workdir`: model.json, checkpoints/, metrics.jsonl, steps.jsonl, tensorboard/,
    report.md with curves.png; where it validates, best/ and pictures/.

    Raises:
      UserError: for data or weights that are not there, too many unreadable records, a batch that
        does not divide among the replicas, a step that is not finite, or a folder that cannot be
        written to.
      PeerLost: if another process that trains with this one is gone.
    """
    workdir = Path(workdir)
    if config.deterministic_ops:
        tf.config.experimental.enable_op_determinism()
    keras.utils.set_random_seed(config.input.seed)
    strategy = strategies.create_strategy(config.strategy)
    strategies.check_batch_size(strategy, config.input.batch_size, config.update.accumulate)
    input_pipeline.train_batches(config.input, config.model.input_size)  # fail before the work
    with strategy.scope():
        state = TrainState(_create_model(config), config.average_decay)
    chief = strategies.is_chief(strategy)
    saved = TrainCheckpoints(workdir, state, config.keep_checkpoints, chief)
    if saved.restore() and chief:
        print(
            f"going on after step {state.step.numpy()} (epoch {state.epoch.numpy()}) of {workdir}"
        )
    if int(state.epoch.numpy()) < config.epochs:
        loop = _create_loop(config, workdir, state, saved, chief)
        bad_records = BadRecords(config.input.max_bad_fraction)
        batches = batches_from(config, int(state.step.numpy()), bad_records=bad_records)
        with strategies.peer_errors(strategy), bad_records.stop_as_user_error():
            if chief:
                _show_first_batch(config, workdir, int(state.step.numpy()))
            loop.run(strategies.share_batches(strategy, batches, config.input.batch_size))
    return state.evaluated


def _show_first_batch(config: TrainConfig, workdir: Path, step: int) -> None:
    batches = input_pipeline.train_batches(config.input, config.model.input_size, first_step=step)
    batch_preview.write(
        next(iter(batches)),
        config.model.heatmap_size,
        config.loss.heatmap_sigma,
        workdir / "tensorboard",
        step=step,
        path=config.preview,
    )


def batches_from(
    config: TrainConfig, step: int, keys: bool = False, bad_records: BadRecords | None = None
) -> tf.data.Dataset:
    """Return the training's batches from a step on; `keys` alone, or all but these.

    Keys are text, which not every device can hold.
    """
    batches = input_pipeline.train_batches(
        config.input, config.model.input_size, first_step=step, bad_records=bad_records
    )
    if keys:
        return batches.map(lambda batch: batch["key"])
    return batches.map(lambda batch: {name: batch[name] for name in batch if name != "key"})


def _create_model(config: TrainConfig) -> PoseModel:
    policy = precision.resolve(config.precision)
    model = build_pose_model(config.model, policy)
    if config.init_from:
        checkpoints.copy_weights(config.init_from, model)
    optimizer = create_optimizer(
        config.optimizer, config.steps_per_epoch, config.epochs, policy == "mixed_float16"
    )
    model.compile(optimizer, config.loss, config.update)
    return model


def _create_loop(
    config: TrainConfig, workdir: Path, state: TrainState, saved: TrainCheckpoints, chief: bool
) -> TrainLoop:
    writer = tf.summary.create_file_writer(str(workdir / "tensorboard")) if chief else None
    measure = None
    if config.validation.dataset:
        validation = Validation(
            config.validation, state, config.input.data_dir, workdir if chief else None, writer
        )
        measure = lambda epoch: validation(epoch, last=epoch + 1 == config.epochs)  # noqa: E731
    if chief:
        checkpoints.save_model_config(workdir, config.model)
    return TrainLoop(
        state,
        saved,
        NonfiniteGuard(
            workdir,
            lambda step: next(iter(batches_from(config, step, keys=True))).numpy(),
            config.update.skip_nonfinite,
        ),
        _create_callbacks(config, workdir, int(state.step.numpy()), writer) if chief else [],
        config.steps_per_epoch,
        config.epochs,
        config.checkpoint_minutes,
        config.checkpoint_steps,
        measure,
    )


def _create_callbacks(config: TrainConfig, workdir: Path, first_step: int, writer) -> list:
    found = [
        callbacks.Speed(config.input.batch_size),
        callbacks.ProgressBar(config.input.batch_size),
        callbacks.MetricsLog(workdir, config.log.steps, first_step),
        callbacks.Scalars(writer, config.log.steps),
        training_report.Report(workdir),
    ]
    if config.log.histograms:
        found.append(callbacks.Histograms(writer))
    if config.log.profile_steps:
        found.append(callbacks.Profile(workdir / "tensorboard", *config.log.profile_steps))
    return found
