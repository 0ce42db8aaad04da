"""Runs the project's commands; what is done is not done again."""

import json
import subprocess
import sys
from pathlib import Path

from hg3d_tf import cli, files

DONE = "done.json"


def run_python(*arguments: str, folder: Path | None = None) -> int:
    """Run Python, in `folder`; return its exit status.

    On Ctrl-C, which it hears, too, it has the time that it takes to save.
    """
    process = subprocess.Popen([sys.executable, *arguments], cwd=folder)
    try:
        return process.wait()
    except KeyboardInterrupt:
        process.wait()
        raise


def run_once(module: str, arguments: list[str], record: Path, output: Path | None = None) -> None:
    """Run a command unless `record` says that it was done with the same arguments.

    Args:
      module: the command, e.g. "hg3d_tf.train".
      arguments: its flags.
      record: JSON file that remembers what was done.
      output: file that the command writes; without it the command is done again.

    Raises:
      UserError: if it was done with others, or if it fails.
    """
    done = json.loads(record.read_text()) if record.exists() else {}
    key = output.name if output else module
    if key in done and (output is None or output.exists()):
        if done[key] != arguments:
            raise cli.UserError(
                f"{record.parent} was made with other flags: choose another --workdir or remove it"
            )
        return
    if status := run_python("-m", module, *arguments):
        raise cli.UserError(f"{module} failed with status {status}: see its message above")
    files.write_json(record, done | {key: arguments})
