"""The other side of a comparison, in processes of its own: MediaPipe, another commit."""

import json
import os
import subprocess
import tempfile
from pathlib import Path

from hg3d_tf.cli import UserError

_ROOT = Path(__file__).resolve().parents[2]
_PEER = "hg3d_tf.benchmarks.mediapipe_peer"
_WANTED = "mediapipe==0.10.14, numpy<2, av and absl-py"


class Peer:
    """MediaPipe, which answers as `mediapipe_peer` says; use it as a context.

    Args:
      python: an interpreter that has it.

    Raises:
      UserError: if the interpreter is not there, or lacks what is needed.
    """

    def __init__(self, python: str | Path):
        self._python = Path(python)
        if not self._python.is_file():
            raise UserError(
                f"--peer: no {python}: give DIR/bin/python of an environment, made by python3.11"
                f" -m venv DIR, with {_WANTED}"
            )

    def __enter__(self):
        # Closed by __exit__.
        self._log = tempfile.TemporaryFile(mode="w+")
        self._process = subprocess.Popen(
            [self._python, "-m", _PEER],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            text=True,
            env=environment(_ROOT),
        )
        return self

    def __exit__(self, *_):
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()
        self._log.close()

    def ask(self, **question: str | list[float]) -> dict:
        """Return the answer to a question.

        Raises:
          UserError: where the process ended.
        """
        try:
            self._process.stdin.write(json.dumps(question) + "\n")
            self._process.stdin.flush()
        except BrokenPipeError:
            pass  # it says why below
        line = self._process.stdout.readline()
        if not line:
            self._log.seek(0)
            last = (self._log.read().strip().splitlines() or ["no reason given"])[-1]
            raise UserError(f"--peer={self._python}: {last}: it needs {_WANTED}")
        return json.loads(line)


def check_checkout(folder: str | Path) -> Path:
    """Return the folder of another commit. Raises UserError where it holds no predict."""
    folder = Path(folder).resolve()
    if not (folder / "hg3d_tf/predict.py").is_file():
        raise UserError(f"--against: no hg3d_tf/predict.py in {folder}: git worktree add makes one")
    return folder


def this_checkout() -> Path:
    """Return the folder that this package lies in."""
    return _ROOT


def environment(checkout: Path) -> dict[str, str]:
    """Return the environment of a process that runs a checkout."""
    return os.environ | {"PYTHONPATH": str(checkout), "TF_CPP_MIN_LOG_LEVEL": "3"}
