"""What stops a training before it does harm: values that are not finite, signals."""

import signal
import threading
from collections.abc import Iterable
from pathlib import Path

from hg3d_tf import files
from hg3d_tf.cli import UserError

# After so many batches without a finite loss, one after the other, skipping helps no more.
MAX_SKIPPED_IN_A_ROW = 20
_SIGTERM_STATUS = 128 + signal.SIGTERM


class NonfiniteGuard:
    """Record the examples of a batch whose loss or gradient is not finite; stop or go on.

    Args:
      workdir: where the records go.
      keys_of: step -> keys of its batch's examples. The sequence of batches is a function of the
        seed, so that a batch can be made again; none need travel along for this.
      skip: go on.
    """

    def __init__(self, workdir: Path, keys_of, skip: bool):
        self.workdir = workdir
        self.keys_of = keys_of
        self.skip = skip
        self.in_a_row = 0

    def check(self, step: int, results: dict[str, float]) -> None:
        """Look at what a step returned.

        Raises:
          UserError: if it is not finite, unless it shall be skipped.
        """
        if results["finite"]:
            self.in_a_row = 0
            return
        self.in_a_row += 1
        path = self._record(step, results)
        what = f"loss {results['loss']:g}, gradient norm {results['gradient_norm']:g}"
        if self.skip and self.in_a_row < MAX_SKIPPED_IN_A_ROW:
            print(f"skipped step {step}: {what}; its examples: {path}", flush=True)
            return
        raise UserError(
            f"step {step} is not finite ({what}); its examples: {path}. Lower --learning_rate, set"
            " --clip_norm, or leave such batches out with --on_nonfinite=skip"
        )

    def _record(self, step: int, results: dict[str, float]) -> Path:
        path = self.workdir / f"nonfinite_step_{step}.json"
        values = {name: repr(float(results[name])) for name in ("loss", "gradient_norm")}
        files.write_json(path, {"step": step, **values, "keys": _texts(self.keys_of(step))})
        return path


def _texts(keys: Iterable[bytes]) -> list[str]:
    return [key.decode() for key in keys]


class TerminationSignal:
    """SIGTERM as a request to stop: at once, or, while `deferred`, where training looks for it."""

    def __init__(self):
        self.requested = False
        self.deferred = False

    def __enter__(self):
        self._in_main_thread = threading.current_thread() is threading.main_thread()
        if self._in_main_thread:
            self._before = signal.signal(signal.SIGTERM, self._receive)
        return self

    def __exit__(self, *error):
        if self._in_main_thread:
            signal.signal(signal.SIGTERM, self._before)

    def _receive(self, number, frame):
        self.requested = True
        if not self.deferred:
            self.stop()

    def stop(self) -> None:
        """Leave the program with the status of a process that SIGTERM ended."""
        print("stopped by SIGTERM: the same command goes on", flush=True)
        raise SystemExit(_SIGTERM_STATUS)
