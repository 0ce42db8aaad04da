"""How a training is seen later: JSON lines, TensorBoard scalars, histograms and profiles."""

import json
import time
from pathlib import Path

import tensorflow as tf

from hg3d_tf import files
from hg3d_tf.network.keras_api import keras

METRICS_FILE = "metrics.jsonl"
STEPS_FILE = "steps.jsonl"


class MetricsLog(keras.callbacks.Callback):
    """Write a JSON line per epoch to metrics.jsonl and per `every` steps to steps.jsonl.

    Lines of what came after `first_step` steps and `first_epoch` epochs, from a run that died
    before its next checkpoint, are removed.
    """

    def __init__(self, workdir: Path, every: int, first_step: int, first_epoch: int):
        super().__init__()
        self.epochs, self.steps = workdir / METRICS_FILE, workdir / STEPS_FILE
        self.every = every
        keep_lines(self.steps, "step", first_step)
        # An epoch's last step may be saved before the epoch counts as finished.
        keep_lines(self.epochs, "epoch", first_epoch)

    def on_train_batch_end(self, batch, logs=None):
        if self.every and logs["step"] % self.every == 0:
            _append(self.steps, {name: logs[name] for name in ("step", "loss", "gradient_norm")})

    def on_epoch_end(self, epoch, logs=None):
        _append(self.epochs, {"epoch": epoch + 1} | logs)


def keep_lines(path: Path, counter: str, last: int) -> None:
    """Keep the JSON lines of a file whose `counter`, a field, is at most `last`."""
    if not path.exists():
        return
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    # A line without its end was being written when the run died.
    kept = [line for line in lines if line.endswith("\n") and json.loads(line)[counter] <= last]
    if kept != lines:
        files.write_text(path, "".join(kept))


def _append(path: Path, values: dict) -> None:
    line = {
        name: value if isinstance(value, int) else float(value) for name, value in values.items()
    }
    with files.named(path), path.open("a", encoding="utf-8") as file:
        file.write(json.dumps(line) + "\n")


class Speed(keras.callbacks.Callback):
    """Add to an epoch's logs images_per_second, its first step left out, and learning_rate."""

    def __init__(self, batch_size: int):
        super().__init__()
        self.batch_size = batch_size

    def on_epoch_begin(self, epoch, logs=None):
        self.steps, self.start = -1, time.perf_counter()

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        if self.steps == 0:
            self.start = time.perf_counter()
        self.end = time.perf_counter()

    def on_epoch_end(self, epoch, logs=None):
        if self.steps > 0:
            logs["images_per_second"] = self.steps * self.batch_size / (self.end - self.start)
        logs["learning_rate"] = learning_rate(self.model.optimizer)


def learning_rate(optimizer) -> float:
    """Return the rate of the next step."""
    rate = optimizer.learning_rate  # of Keras 2's older optimizers, the schedule itself
    rate = rate(tf.convert_to_tensor(optimizer.iterations)) if callable(rate) else rate
    return float(tf.convert_to_tensor(rate))


class Scalars(keras.callbacks.Callback):
    """Write the losses of steps and the logs of epochs for TensorBoard, by step."""

    def __init__(self, writer: tf.summary.SummaryWriter, every: int):
        super().__init__()
        self.writer = writer
        self.every = every

    def on_train_batch_end(self, batch, logs=None):
        if self.every and logs["step"] % self.every == 0:
            self._write("step", logs, ("loss", "gradient_norm"))

    def on_epoch_end(self, epoch, logs=None):
        self._write("epoch", logs, logs.keys() - {"step"})
        self.writer.flush()

    def _write(self, prefix: str, logs, names) -> None:
        with self.writer.as_default(step=int(logs["step"])):
            for name in sorted(names):
                tf.summary.scalar(f"{prefix}/{name}", logs[name])


class Histograms(keras.callbacks.Callback):
    """Write the distribution of each weight for TensorBoard after every epoch."""

    def __init__(self, writer: tf.summary.SummaryWriter):
        super().__init__()
        self.writer = writer

    def on_epoch_end(self, epoch, logs=None):
        with self.writer.as_default(step=int(logs["step"])):
            for weight in self.model.trainable_variables:
                tf.summary.histogram(weight.name.replace(":", "_"), weight)


class Profile(keras.callbacks.Callback):
    """Record the steps `first` (2 or later: the first compiles) to `last` of this run's own count.

    For TensorBoard's profiler.
    """

    def __init__(self, folder: Path, first: int, last: int):
        super().__init__()
        self.folder = folder
        self.first, self.last = first, last
        self.steps = 0

    def on_train_batch_end(self, batch, logs=None):
        self.steps += 1
        if self.steps == self.first - 1:
            tf.profiler.experimental.start(str(self.folder))
        if self.steps == self.last:
            tf.profiler.experimental.stop()

    def on_train_end(self, logs=None):
        if self.first <= self.steps + 1 <= self.last:
            tf.profiler.experimental.stop()
