"""The folder of a training, and the flags that it was made with."""

import contextlib
import shutil
from collections.abc import Collection, Iterator
from pathlib import Path
from typing import NamedTuple

from hg3d_tf import files, weights
from hg3d_tf.cli import UserError

FLAGS_FILE = "flags.txt"
CONFIG_NAME = "model.json"
CHECKPOINTS = "checkpoints"


def require_network(workdir: Path) -> None:
    """Raise UserError unless a training has left a network in a folder; TensorFlow is not asked."""
    if not (workdir / CONFIG_NAME).exists():
        raise no_training(workdir)
    if not (workdir / CHECKPOINTS / "checkpoint").exists():
        raise no_checkpoint(workdir)


def no_training(workdir: str | Path) -> UserError:
    """Return the error that says that a path is no training folder, and what is to be given."""
    path = Path(workdir)
    if str(path) in weights.MODEL_FILES:
        why = f" but a model of predict's: give {' or '.join(weights.FOLDERS)}"
    elif path.suffix == ".tflite" or (path / "saved_model.pb").exists():
        why = ": give the one that it was exported from; predict --model takes it as it is"
    else:
        fix = f"train one with `python -m hg3d_tf.train --workdir={path}`"
        why = f" ({CONFIG_NAME} is missing): {'name its folder' if path.is_file() else fix}"
    return UserError(f"{workdir} is no training folder{why}")


def no_checkpoint(workdir: str | Path) -> UserError:
    """Return the error that says that a training folder holds no weights."""
    return UserError(f"{workdir} holds no checkpoint yet: let its training reach one")


@contextlib.contextmanager
def held(workdir: Path, chief: bool) -> Iterator[None]:
    """Let no other training's chief write to a folder within the block.

    Raises:
      UserError: if one does already.
    """
    if not chief:
        yield
        return
    with files.only_one(workdir) as alone:
        if not alone:
            raise UserError(
                f"{workdir}: another training is writing there: wait for its end, or choose"
                " another --workdir"
            )
        yield


class Flags(NamedTuple):
    """The effective flags of a run.

    Attributes:
      text: all of them, as a flagfile.
      defaults: flag name -> line of its default, for flags that a flagfile does not name.
      free: names of flags that may change from run to run.
    """

    text: str
    defaults: dict[str, str]
    free: Collection[str]


def prepare(workdir: Path, flags: Flags, if_flags_differ: str, chief: bool) -> None:
    """Let the chief write the flags to a folder that is new or was made with the same.

    Args:
      workdir: the folder.
      flags: of this run.
      if_flags_differ: "refuse", "go_on", or "start_anew", which removes what is there.
      chief: whether this process is the one that writes.

    Raises:
      UserError: if the folder was made with other flags and is to be refused.
    """
    path = workdir / FLAGS_FILE
    trained = path.exists() and (workdir / "checkpoints/checkpoint").exists()
    if trained and if_flags_differ != "go_on":
        differing = _differing(path.read_text(encoding="utf-8"), flags)
        if differing and if_flags_differ == "refuse":
            raise UserError(
                f"{workdir} was made with other flags ({'; '.join(differing)}): choose another"
                " --workdir, or --if_flags_differ=go_on or start_anew"
            )
        if differing and chief:
            _remove_training(workdir)
    if chief:
        files.write_text(path, flags.text)


def _differing(text_before: str, flags: Flags) -> list[str]:
    before, now = _by_name(text_before), _by_name(flags.text)
    names = sorted({*before, *now} - {*flags.free})
    pairs = [
        [lines.get(name, flags.defaults.get(name)) for lines in (before, now)] for name in names
    ]
    return [f"{then} then, {this} now" for then, this in pairs if then != this]


def _by_name(flagfile: str) -> dict[str, str]:
    """Return flag name -> line of a flagfile of boolean and --name=value lines."""
    lines = [line for line in flagfile.splitlines() if line.startswith("--")]
    return {line[2:].split("=")[0].removeprefix("no"): line for line in lines}


def _remove_training(workdir: Path) -> None:
    """Remove what a training has written to its folder."""
    for name in ("checkpoints", "best", "tensorboard", "pictures"):
        shutil.rmtree(workdir / name, ignore_errors=True)
    for pattern in ("*.jsonl", "nonfinite_step_*.json", "model.json", "report.md", "curves.png"):
        for path in workdir.glob(pattern):
            path.unlink()
