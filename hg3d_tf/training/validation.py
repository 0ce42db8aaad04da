"""Metrics and pictures of the network's predictions on a fixed split, while it trains."""

import dataclasses
import sys
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from hg3d_tf import files
from hg3d_tf.cli import UserError
from hg3d_tf.data import input_pipeline, prepared
from hg3d_tf.data.bad_records import BadRecords
from hg3d_tf.evaluation import confidence_fit, scoring
from hg3d_tf.evaluation.protocols import inputs
from hg3d_tf.network.pose_model import build_pose_model
from hg3d_tf.pictures import pose_sheet
from hg3d_tf.training import checkpoints, hosts, strategies
from hg3d_tf.training.best_checkpoints import BestCheckpoints
from hg3d_tf.training.state import TrainState

# Metric -> whether lower is better.
METRICS = {"pck_box_010": False, "mpjpe_mm": True, "pck3d_150": False}
_NEEDS_3D = ("mpjpe_mm", "pck3d_150")


@dataclasses.dataclass(frozen=True)
class ValidationConfig:
    """What is measured after every `every`-th epoch and the last.

    Raises:
      ValueError: for values that cannot be.
    """

    dataset: str = ""  # "" for none
    split: str = "validation"
    every: int = 1
    pictures: int = 4  # people of whom predictions are drawn
    best_metric: str = "pck_box_010"
    keep_best: int = 1

    def __post_init__(self):
        if self.every < 1:
            raise ValueError(f"validation_every is {self.every}, must be positive")
        for name in ("pictures", "keep_best"):
            if getattr(self, name) < 0:
                raise ValueError(f"{name} is {getattr(self, name)}, must not be negative")
        if self.best_metric not in METRICS:
            raise ValueError(f"best_metric is {self.best_metric!r}, must be one of {list(METRICS)}")


def check_best_metric(config: ValidationConfig, builder: tfds.core.DatasetBuilder) -> None:
    """Raise UserError where the labels that the best metric needs are not there from the start."""
    if not config.keep_best or config.best_metric not in _NEEDS_3D:
        return
    if prepared.starts_without_3d(builder, config.split):
        raise UserError(_no_best(config))


def _no_best(config: ValidationConfig) -> str:
    offered = ", ".join(name for name in METRICS if name not in _NEEDS_3D)
    return (
        f"--best_metric={config.best_metric} needs 3D labels of everybody, which"
        f" {config.dataset}, {config.split}, does not have: it offers {offered}"
    )


class Validation:
    """Measures a training's network in float32, as `hg3d_tf.evaluate` would.

    What its heat maps' peaks turn out to be worth becomes its confidences: in `state`, and in
    model.json of `workdir` and of the best weights.

    Args:
      config: on what.
      epochs: of the training; the last is always measured.
      state: the training.
      data_dir: folder of prepared datasets.
      workdir: where pictures and the best weights go; None for a process that writes nothing.
      writer: of TensorBoard's pictures.
      max_bad_fraction: of the people may be unreadable, and are then left out.

    Raises:
      UserError: if the dataset or the split is not there, or has fewer records than hosts.
    """

    def __init__(
        self,
        config: ValidationConfig,
        epochs: int,
        state: TrainState,
        data_dir: str,
        workdir: Path | None,
        writer: tf.summary.SummaryWriter | None,
        max_bad_fraction: float = 0.01,
    ):
        self.config = config
        self.epochs = epochs
        self.state = state
        self.workdir = workdir
        self.writer = writer
        self.max_bad_fraction = max_bad_fraction
        lower = METRICS[config.best_metric]
        measure = f"{config.best_metric} on {config.dataset}, {config.split}"
        self.best = BestCheckpoints(workdir, config.keep_best, lower, measure) if workdir else None
        self._strategy = state.model.distribute_strategy
        self.model = _copy_for_validation(state)
        self.predict = scoring.prediction_function(self.model)  # confidences are peaks
        self.data_dir = data_dir
        self._batches()  # what is wrong with it is said now, not after an epoch

    def __call__(self, epoch: int) -> dict[str, float]:
        """Return the metrics after an epoch, empty where this one is not validated."""
        if (epoch + 1) % self.config.every and epoch + 1 < self.epochs:
            return {}
        # By all processes: values of several are gathered.
        self.model.set_weights(self.state.evaluated.get_weights())
        bad_records = BadRecords(self.max_bad_fraction)
        title = f"{self.config.dataset}, epoch {epoch + 1}"
        with bad_records.stop_as_user_error():
            predictions = scoring.predict_split(
                self.model, self._batches(bad_records), title, self.predict
            )
        predictions = hosts.gather(self._strategy, predictions)
        metrics = known_metrics(predictions, self.model.config.input_size)
        knots = confidence_fit.fit_to(predictions, self.model.config.input_size)
        if knots is not None:
            self.state.set_confidence_knots(knots)
        self.model.config = self.state.evaluated.config
        if self.workdir:
            self._keep(epoch, metrics, predictions)
        return {f"validation_{name}": value for name, value in metrics.items()}

    def _batches(self, bad_records: BadRecords | None = None) -> tf.data.Dataset:
        """Return what this process measures: the first process, the first people."""
        config, size = self.config, self.model.config.input_size
        host, num_hosts = strategies.place(self._strategy)
        return input_pipeline.evaluation_batches(
            *(config.dataset, config.split, size, 32, self.data_dir),
            bad_records=bad_records,
            host=host,
            num_hosts=num_hosts,
        )

    def _keep(self, epoch: int, metrics: dict[str, float], predictions) -> None:
        checkpoints.save_model_config(self.workdir, self.model.config)
        step, score = int(self.state.step.numpy()), metrics.get(self.config.best_metric)
        if self.config.keep_best and score is not None and np.isfinite(score):
            self.best.save(self.model, step, score)
        elif self.config.keep_best and score is None:
            print(f"warning: no best weights are kept: {_no_best(self.config)}", file=sys.stderr)
        if self.config.pictures:
            path = self.workdir / f"pictures/epoch_{epoch + 1:03d}.png"
            try:
                pose_sheet.write(path, self._poses(predictions))
            except IsADirectoryError as error:  # The metrics must not be lost with it.
                print(f"warning: {files.words_of(error)}", file=sys.stderr)
                return
            with self.writer.as_default(step=step):
                picture = tf.io.decode_png(tf.io.read_file(str(path)), channels=3)
                tf.summary.image("validation/predictions", picture[tf.newaxis])

    def _poses(self, predictions) -> list[pose_sheet.ShownPose]:
        """Return the poses of the first people of the split."""
        # They were judged above: here they are not the end.
        images = next(iter(self._batches(BadRecords(1.0))))["image"].numpy()
        count = min(self.config.pictures, len(predictions["key"]), len(images))
        first = {name: values[:count] for name, values in predictions.items()}
        joints_2d = (first["predicted_2d_norm"] + 1) * (self.model.config.input_size / 2)
        shown = zip(images[:count], joints_2d, inputs.predicted_mm(first), strict=True)
        return [pose_sheet.ShownPose(*values) for values in shown]


def _copy_for_validation(state: TrainState):
    """Return a float32 network of the same form, without knots, on all devices of this process."""
    with hosts.measuring_scope(state.model.distribute_strategy):
        return build_pose_model(checkpoints.with_knots(state.model.config, ()))


def known_metrics(predictions, size: int) -> dict[str, float]:
    """Return the metrics of `scoring.summarize`, without 3D ones where there is no 3D truth."""
    metrics = scoring.summarize(predictions, size)
    if inputs.has_truth(predictions):
        return metrics
    return {name: value for name, value in metrics.items() if name not in _NEEDS_3D}
