"""What stops a training before it does harm: values that are not finite, signals."""

import os
import signal
import threading
from collections.abc import Iterable
from pathlib import Path

from hg3d_tf import files
from hg3d_tf.cli import UserError

# After so many batches without a finite loss, one after the other, skipping helps no more.
MAX_SKIPPED_IN_A_ROW = 20
_STOPPING = {signal.SIGTERM: "SIGTERM", signal.SIGINT: "Ctrl-C"}
_NOTICE = b"\nstopping after this step: Ctrl-C once more stops at once, without a checkpoint\n"


class NonfiniteGuard:
    """Record the examples of a batch whose loss or gradient is not finite; stop or go on.

    Args:
      workdir: where the records go.
      keys_of: step -> keys of its batch's examples. The sequence of batches is a function of the
        seed, so that a batch can be made again; none need travel along for this.
      skip: go on.
      chief: write the records; else another host does.
    """

    def __init__(self, workdir: Path, keys_of, skip: bool, chief: bool = True):
        self.workdir = workdir
        self.keys_of = keys_of
        self.skip = skip
        self.chief = chief
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
        path = self.workdir / f"nonfinite_step_{step}.json"
        if self.chief:
            self._record(path, step, results)
        what = f"loss {results['loss']:g}, gradient norm {results['gradient_norm']:g}"
        if self.skip and self.in_a_row < MAX_SKIPPED_IN_A_ROW:
            print(f"skipped step {step}: {what}; its examples: {path}", flush=True)
            return
        raise UserError(
            f"step {step} is not finite ({what}); its examples: {path}. Lower --learning_rate, set"
            " --clip_norm, or leave such batches out with --on_nonfinite=skip"
        )

    def _record(self, path: Path, step: int, results: dict[str, float]) -> None:
        values = {name: repr(float(results[name])) for name in ("loss", "gradient_norm")}
        files.write_json(path, {"step": step, **values, "keys": _texts(self.keys_of(step))})


def _texts(keys: Iterable[bytes]) -> list[str]:
    return [key.decode() for key in keys]


class StopSignals:
    """SIGTERM and Ctrl-C as a request to stop.

    It is met at once, or, while `deferred`, where the training looks for it; Ctrl-C once more stops
    at once.
    """

    def __init__(self):
        self.requested = False
        self.deferred = False
        self._number = signal.SIGTERM  # also where another host got the signal

    def __enter__(self):
        self._before = {}
        if threading.current_thread() is threading.main_thread():
            # What started this may ignore one, as a shell does Ctrl-C behind its back (`&`).
            heard = [each for each in _STOPPING if signal.getsignal(each) != signal.SIG_IGN]
            self._before = {each: signal.signal(each, self._receive) for each in heard}
        return self

    def __exit__(self, *error):
        for number, handler in self._before.items():
            signal.signal(number, handler)

    def _receive(self, number, frame):
        is_again, self.requested = self.requested and number == signal.SIGINT, True
        self._number = number
        if is_again or not self.deferred:
            self.stop()
        if number == signal.SIGINT:
            os.write(2, _NOTICE)  # Python's own streams may be in the middle of writing

    def stop(self) -> None:
        """Leave the program with the status of a process that the signal ended."""
        print(f"stopped by {_STOPPING[self._number]}: the same command goes on", flush=True)
        raise SystemExit(128 + self._number)
