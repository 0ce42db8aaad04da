"""The training loop: strategy, model, callbacks, checkpoints."""

import dataclasses
import json
import sys
from pathlib import Path

import tensorflow as tf
from tqdm import tqdm

from hg3d_tf import batch_preview, checkpoints, efficientnet, input_pipeline
from hg3d_tf.bad_records import BadRecords
from hg3d_tf.cli import UserError
from hg3d_tf.input_pipeline import InputConfig
from hg3d_tf.keras_api import keras
from hg3d_tf.optimizers import OptimizerConfig, create_optimizer
from hg3d_tf.pose_model import LossConfig, ModelConfig, PoseModel, build_pose_model

PRECISIONS = ("auto", "float32", "mixed_bfloat16")


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
    precision: str = "float32"
    epochs: int = 60
    steps_per_epoch: int = 4000
    frozen_blocks: int = 0  # of the pretrained encoder, from the image on, that are not trained
    init_from: str = ""  # training folder whose weights this stage starts from
    keep_checkpoints: int = 3
    preview: str = ""  # PNG of the first batch

    def __post_init__(self):
        for name in ("epochs", "steps_per_epoch", "keep_checkpoints"):
            if getattr(self, name) < 1:
                raise ValueError(f"{name} is {getattr(self, name)}, must be positive")
        if self.loss.virtual_views and self.model.network != "efficientnet_lite0":
            raise ValueError("virtual_views needs network efficientnet_lite0")
        if self.precision not in PRECISIONS:
            raise ValueError(f"precision is {self.precision!r}, must be one of {PRECISIONS}")


def create_strategy() -> tf.distribute.Strategy:
    """Return MirroredStrategy over all GPUs (without any: logical CPUs) if there are several."""
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    if len(devices) > 1:
        return tf.distribute.MirroredStrategy([device.name for device in devices])
    return tf.distribute.get_strategy()


def native_precision() -> str:
    """Return mixed_bfloat16 where a CPU does the work and has instructions for it, else float32."""
    if tf.config.list_physical_devices("GPU"):
        return "float32"
    try:
        cpu = Path("/proc/cpuinfo").read_text()
    except OSError:
        return "float32"
    return "mixed_bfloat16" if "avx512_bf16" in cpu or "amx_bf16" in cpu else "float32"


def train(config: TrainConfig, workdir: str | Path) -> PoseModel:
    """Train one stage, or go on with it where `workdir` holds a checkpoint.

    Writes to `workdir`: model.json, checkpoints/, tensorboard/, metrics.jsonl.

    Raises:
      UserError: for data or weights that are not there, too many unreadable records, or a batch
        that does not divide among the replicas.
    """
    workdir = Path(workdir)
    strategy = create_strategy()
    replicas = strategy.num_replicas_in_sync
    if config.input.batch_size % replicas:
        raise UserError(
            f"batch_size {config.input.batch_size} does not divide among {replicas} replicas"
        )
    bad_records = BadRecords(config.input.max_bad_fraction)
    batches = input_pipeline.train_batches(
        config.input, config.model.input_size, bad_records=bad_records
    )
    with strategy.scope():
        model = _create_model(config)
    epoch = tf.Variable(0, dtype=tf.int64, trainable=False, name="epoch")
    checkpoint = tf.train.Checkpoint(model=model, optimizer=model.optimizer, epoch=epoch)
    manager = checkpoints.create_manager(workdir, checkpoint, config.keep_checkpoints)
    checkpoints.save_model_config(workdir, config.model)
    if manager.latest_checkpoint:
        checkpoint.restore(manager.latest_checkpoint)
        print(f"going on after epoch {int(epoch)} of {workdir}")
    with bad_records.stop_as_user_error():
        _show_first_batch(config, batches, workdir, int(epoch))
        model.fit(
            batches,
            initial_epoch=int(epoch),
            epochs=config.epochs,
            steps_per_epoch=config.steps_per_epoch,
            verbose=0,
            callbacks=[
                ProgressBar(config.input.batch_size),
                keras.callbacks.TensorBoard(workdir / "tensorboard", write_graph=False),
                MetricsLog(workdir / "metrics.jsonl"),
                SaveCheckpoint(manager, epoch),
            ],
        )
    return model


def _show_first_batch(config: TrainConfig, batches, workdir: Path, epoch: int) -> None:
    batch_preview.write(
        next(iter(batches)),
        config.model.heatmap_size,
        config.loss.heatmap_sigma,
        workdir / "tensorboard" / "train",
        step=epoch,
        path=config.preview,
    )


def _create_model(config: TrainConfig) -> PoseModel:
    precision = native_precision() if config.precision == "auto" else config.precision
    model = build_pose_model(config.model, precision)
    if config.init_from:
        checkpoints.copy_weights(config.init_from, model)
    elif config.model.network == "efficientnet_lite0":
        efficientnet.load_imagenet_weights(model)
    efficientnet.freeze(model, config.frozen_blocks)
    model.compile(
        create_optimizer(config.optimizer, config.steps_per_epoch, config.epochs),
        config.loss,
    )
    return model


class ProgressBar(keras.callbacks.Callback):
    """Steps, images a second, losses and the time left, once a minute where it is no terminal."""

    def __init__(self, batch_size: int):
        super().__init__()
        self.batch_size = batch_size

    def on_epoch_begin(self, epoch, logs=None):
        self.bar = tqdm(
            total=self.params["steps"] * self.batch_size,
            desc=f"epoch {epoch + 1}/{self.params['epochs']}",
            unit="image",
            mininterval=0.5 if sys.stderr.isatty() else 60,
            dynamic_ncols=True,
        )

    def on_train_batch_end(self, batch, logs=None):
        self.bar.update(self.batch_size)

    def on_epoch_end(self, epoch, logs=None):
        self.bar.set_postfix({name: f"{value:.3g}" for name, value in logs.items()}, refresh=False)
        self.bar.close()


class MetricsLog(keras.callbacks.Callback):
    """Append one JSON line per epoch."""

    def __init__(self, path: Path):
        super().__init__()
        self.path = path

    def on_epoch_end(self, epoch, logs=None):
        line = {"epoch": epoch + 1} | {name: float(value) for name, value in logs.items()}
        with self.path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(line) + "\n")


class SaveCheckpoint(keras.callbacks.Callback):
    """Write a checkpoint after every epoch."""

    def __init__(self, manager: tf.train.CheckpointManager, epoch: tf.Variable):
        super().__init__()
        self.manager = manager
        self.epoch = epoch

    def on_epoch_end(self, epoch, logs=None):
        self.epoch.assign(epoch + 1)
        self.manager.save(checkpoint_number=epoch + 1)
