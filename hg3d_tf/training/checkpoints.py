"""A training folder: model.json (architecture) and checkpoints/ (weights, optimizer, epoch).

model.json also says what the network's peaks are worth, as the last validation found it.
"""

import dataclasses
import json
from pathlib import Path

import tensorflow as tf

from hg3d_tf import files, weights
from hg3d_tf.cli import UserError
from hg3d_tf.network import shipped
from hg3d_tf.network.confidence import Knots
from hg3d_tf.network.pose_model import ModelConfig, PoseModel, build_pose_model
from hg3d_tf.training import workdir as folders

# Of a configuration; on input_size weights depend in the hourglass alone.
_WITHOUT_WEIGHTS = ("input_size", "flip_test", "line_of_sight", "confidence_knots")


def save_model_config(workdir: str | Path, config: ModelConfig) -> None:
    """Write the architecture to `workdir`."""
    files.write_json(Path(workdir) / folders.CONFIG_NAME, dataclasses.asdict(config))


def with_knots(config: ModelConfig, knots: Knots) -> ModelConfig:
    """Return the configuration with other knots."""
    return dataclasses.replace(config, confidence_knots=knots)


def save_model(model: PoseModel, workdir: str | Path) -> None:
    """Make `workdir` a training folder that holds `model`: its architecture and weights."""
    save_model_config(workdir, model.config)
    create_manager(workdir, tf.train.Checkpoint(model=model)).save(checkpoint_number=0)


def load_model_config(workdir: str | Path) -> ModelConfig:
    """Return the architecture of the network trained in `workdir`.

    Raises:
      UserError: if `workdir` is not a training folder.
    """
    path = Path(workdir) / folders.CONFIG_NAME
    try:
        return ModelConfig(**json.loads(path.read_text()))
    except (FileNotFoundError, NotADirectoryError):
        raise folders.no_training(workdir) from None
    except (ValueError, TypeError) as error:
        raise UserError(f"{path} does not describe a network: {error}") from error


def create_manager(
    workdir: str | Path, checkpoint: tf.train.Checkpoint, max_to_keep: int | None = None
) -> tf.train.CheckpointManager:
    """Return the manager of the checkpoints in `workdir`."""
    return tf.train.CheckpointManager(
        checkpoint, str(Path(workdir) / folders.CHECKPOINTS), max_to_keep=max_to_keep
    )


def _newest(workdir: str | Path) -> str | None:
    return tf.train.latest_checkpoint(str(Path(workdir) / folders.CHECKPOINTS))


def is_begun(workdir: str | Path) -> bool:
    """Tell whether the training in `workdir` has reached a checkpoint."""
    return _newest(workdir) is not None


def _latest(workdir: str | Path) -> str:
    path = _newest(workdir)
    if path is None:
        raise folders.no_checkpoint(workdir)
    return path


def check(workdir: str | Path) -> None:
    """Tell, by what costs no time, whether `load_model` finds a network.

    Raises:
      UserError: as that, but for a checkpoint that does not hold what model.json says.
    """
    if str(workdir) not in weights.FOLDERS:
        load_model_config(workdir)
        _latest(workdir)


def load_model(workdir: str | Path) -> PoseModel:
    """Return the network trained in `workdir` with its newest weights, in float32, not compiled.

    Names of `weights.FOLDERS` are networks that come with the package. Where training kept a
    running average of the weights, it is the averaged network.

    Raises:
      UserError: if `workdir` is not a training folder with a checkpoint.
    """
    if folder := weights.FOLDERS.get(str(workdir)):
        return shipped.load(folder)
    config = load_model_config(workdir)
    path = _latest(workdir)
    model = build_pose_model(config)
    averaged = any(name.startswith("average/") for name, _ in tf.train.list_variables(path))
    try:
        root = tf.train.Checkpoint(**{"average" if averaged else "model": model})
        root.read(path).expect_partial().assert_existing_objects_matched()  # of save and of write
    except (AssertionError, ValueError) as error:  # missing weights; weights of another shape
        raise UserError(f"{path} holds the weights of another network than {config}") from error
    return model


def check_source(workdir: str | Path, config: ModelConfig) -> None:
    """Tell, by what costs no time, whether `copy_weights` from `workdir` can succeed.

    Raises:
      UserError: as that, but for a checkpoint that does not hold what model.json says.
    """
    if folder := weights.FOLDERS.get(str(workdir)):
        source = shipped.load_config(folder)
    else:
        source = load_model_config(workdir)
        _latest(workdir)
    if _differing(source, config):
        raise _another_network(workdir, source, config)


def _differing(source: ModelConfig, wanted: ModelConfig) -> dict:
    """Return the source's values of what differs of two networks and weights depend on, by name."""
    values = dataclasses.asdict(source).items()
    return {
        name: value
        for name, value in values
        if name not in _WITHOUT_WEIGHTS and value != getattr(wanted, name)
    }


def _another_network(workdir: str | Path, source: ModelConfig, wanted: ModelConfig) -> UserError:
    differing = _differing(source, wanted) or {"input_size": source.input_size}
    flags = " ".join(f"--{name}={value}" for name, value in differing.items())
    fix = f"give {flags}"
    if str(workdir) in weights.FOLDERS:
        fix += ", or --flagfile=experiments/finetune.flags before your own flags"
    return UserError(f"{workdir} holds another network than the flags ask for: {fix}")


def copy_weights(workdir: str | Path, model: PoseModel) -> None:
    """Give `model` the newest weights of `workdir`, batch statistics and confidence knots included.

    Not by restoring into `model` itself: the checkpoint also holds the optimizer of that training,
    whose step count a later `compile` would take over, and the learning rate would go on from
    its end.

    The input size may differ where no weight depends on it (`pyramid`), the flip test, and the
    line along which depth is meant.

    Raises:
      UserError: if there is no checkpoint or it belongs to another architecture.
    """
    source = load_model(workdir)
    shapes, wanted = ([w.shape for w in network.weights] for network in (source, model))
    if _differing(source.config, model.config) or shapes != wanted:
        raise _another_network(workdir, source.config, model.config)
    model.set_weights(source.get_weights())
    model.config = with_knots(model.config, source.config.confidence_knots)
