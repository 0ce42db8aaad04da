"""Everything that a training changes, and its checkpoints.

Randomness has no state of its own: the order of the data and their augmentation are functions of
the seed and a sample's place in the sequence, and that place is `step` x batch size.
"""

import contextlib
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf

from hg3d_tf import cli
from hg3d_tf.cli import UserError
from hg3d_tf.network.confidence import Knots
from hg3d_tf.network.pose_model import PoseModel, build_pose_model
from hg3d_tf.training import checkpoints


class TrainState:
    """The network with its optimizer and running means, the averaged network, epoch and step.

    Attributes:
      model: compiled; made, as this, in its strategy's scope.
      average: network whose weights are a running average of the model's, or None.
      epoch: number of finished epochs.
      step: number of finished steps, of all epochs.
    """

    def __init__(self, model: PoseModel, average_decay: float = 0.0):
        self.model = model
        if hasattr(model.optimizer, "build"):  # tensorflow-addons' make their variables later
            model.optimizer.build(model.trainable_variables)
        self.average_decay = average_decay
        self.average = None
        if average_decay:
            self.average = build_pose_model(model.config)
            self.average.set_weights(model.get_weights())
        self.epoch = tf.Variable(0, dtype=tf.int64, trainable=False, name="epoch")
        self.step = tf.Variable(0, dtype=tf.int64, trainable=False, name="step")

    @property
    def evaluated(self) -> PoseModel:
        """The network to measure: the averaged one if there is one."""
        return self.average or self.model

    def set_confidence_knots(self, knots: Knots) -> None:
        """Let the network, and its average, take these knots for confidences."""
        for model in (self.model, self.average):
            if model is not None:
                model.config = checkpoints.with_knots(model.config, knots)

    def checkpoint(self) -> tf.train.Checkpoint:
        """Return the object that writes and reads all of it."""
        parts = {"average": self.average} if self.average else {}
        return tf.train.Checkpoint(
            model=self.model,
            optimizer=self.model.optimizer,
            epoch=self.epoch,
            step=self.step,
            **parts,
        )

    def update_average(self) -> None:
        """Move the averaged weights, batch statistics included, towards the model's."""
        if self.average is None:
            return
        # As in tf.train.ExponentialMovingAverage: early on, a young average forgets faster.
        step = tf.cast(self.model.optimizer.iterations, tf.float32)
        decay = tf.minimum(self.average_decay, (1.0 + step) / (10.0 + step))
        for average, weight in zip(self.average.weights, self.model.weights, strict=True):
            if average.dtype.is_floating:
                average.assign(average * decay + tf.cast(weight, average.dtype) * (1.0 - decay))


class TrainCheckpoints:
    """The newest checkpoints of a training: whole or absent, whatever happens while writing.

    Args:
      workdir: training folder.
      state: what to save.
      keep: number of newest checkpoints.
      chief: whether this process writes to `workdir`. The others take part in gathering values.
    """

    def __init__(self, workdir: Path, state: TrainState, keep: int, chief: bool = True):
        self._state = state
        self._scratch = None if chief else tempfile.TemporaryDirectory()
        self._checkpoint = state.checkpoint()
        self._read = checkpoints.create_manager(workdir, self._checkpoint, keep)
        self._write = self._read
        if not chief:
            self._write = checkpoints.create_manager(self._scratch.name, self._checkpoint, 1)
        elif Path(self._read.directory).is_dir():
            remove_leftovers(Path(self._read.directory))

    def restore(self) -> bool:
        """Set the state to the newest checkpoint's; return whether there is one.

        Raises:
          UserError: if it is a checkpoint of something else.
        """
        path = self._read.latest_checkpoint
        if path is None:
            return False
        try:
            status = self._checkpoint.restore(path)
            status.assert_existing_objects_matched()
        except (AssertionError, ValueError, tf.errors.InvalidArgumentError) as error:
            raise UserError(
                f"{path} was not written by a training with these settings: choose another"
                " --workdir, or --if_flags_differ=start_anew"
            ) from error
        return True

    def save(self) -> str:
        """Write a checkpoint, remove those that are too many, and return the new one's path.

        Raises:
          UserError: if it cannot be written; the last good one is still there.
        """
        last = self._read.latest_checkpoint
        with write_errors(Path(self._write.directory), last):
            return self._write.save()


@contextlib.contextmanager
def write_errors(folder: Path, last: str | None) -> Iterator[None]:
    """Turn a failure to write a checkpoint into a UserError; leave nothing half-written."""
    try:
        yield
    except (tf.errors.OpError, OSError) as error:
        with contextlib.suppress(OSError):
            remove_leftovers(folder)
        free = _free_bytes(folder)
        raise UserError(
            f"cannot write a checkpoint to {folder}: {_reason(error)} ({free / 1e6:.1f} MB free)."
            f" Make room and start again; the last good one is {last}"
        ) from error


def _reason(error: Exception) -> str:
    text = cli.tensorflows_words(error) if isinstance(error, tf.errors.OpError) else str(error)
    return text.splitlines()[0]


def _free_bytes(folder: Path) -> int:
    try:
        return shutil.disk_usage(folder).free
    except OSError:
        return 0


def remove_leftovers(folder: Path) -> None:
    """Remove from a folder of checkpoints what its state does not name, as of interrupted saves."""
    for path in folder.glob("ckpt-*_temp"):
        shutil.rmtree(path)
    state = tf.train.get_checkpoint_state(str(folder))
    if state is None:
        return
    paths = (state.model_checkpoint_path, *state.all_model_checkpoint_paths)
    whole = {Path(path).name for path in paths}
    for path in folder.glob("ckpt-*"):
        if path.name.split(".")[0] not in whole:
            path.unlink()
    for path in folder.glob("checkpoint.tmp*"):
        path.unlink()
