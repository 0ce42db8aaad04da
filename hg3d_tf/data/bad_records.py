"""Records that cannot be read: left out, counted, named once, too many of them end the run."""

import contextlib
import re
import sys
import threading
from collections.abc import Callable, Iterator
from typing import NoReturn

import tensorflow as tf

from hg3d_tf.cli import UserError
from hg3d_tf.data.ops import Sample


class BadRecords:
    """Counts and names bad records; says on standard error which, each once.

    Args:
      max_fraction: of the samples that may be bad.
    """

    def __init__(self, max_fraction: float = 0.01):
        self.max_fraction = max_fraction
        self.count = 0  # samples that were bad, repetitions included
        self.reasons: dict[str, str] = {}  # by the record's name
        self.message = ""  # why the run was stopped, once it was
        self._lock = threading.Lock()

    def add(self, name: str, reason: str, num_samples: int, judged_on: int = 1000) -> None:
        """Note a bad record among the first `num_samples` samples.

        Args:
          name: of the record.
          reason: why it cannot be read.
          num_samples: read so far.
          judged_on: the fraction is of so many samples, where fewer have been read.

        Raises:
          UserError: if they have become too many.
        """
        with self._lock:
            self.count += 1
            if name not in self.reasons:
                self.reasons[name] = reason
                print(f"left out: {name}: {reason}", file=sys.stderr)
            if self.count > self.max_fraction * max(num_samples, judged_on):
                self.end(
                    f"{self.count} of {num_samples} samples cannot be read, more than"
                    f" max_bad_fraction={self.max_fraction:g} allows, e.g. {name}: {reason}; build"
                    " the dataset again, or raise --max_bad_fraction"
                )

    def end(self, message: str) -> NoReturn:
        """End the run. Raises UserError."""
        self.message = message
        raise UserError(message)

    @contextlib.contextmanager
    def stop_as_user_error(self) -> Iterator[None]:
        """Turn TensorFlow's error, where it comes from too many bad records, into a UserError."""
        try:
            yield
        except tf.errors.OpError as error:
            if self.message:
                raise UserError(self.message) from error
            raise


def reason_of(read, make_sample: Callable[..., Sample], index, source, number) -> str:
    """Return why a record cannot be read, or make_sample fails on it, on one line."""
    try:
        example = read(number)
    except tf.errors.NotFoundError:
        return "its file is gone"
    except tf.errors.OpError:
        example = tf.constant("")
    if not example.numpy():
        return "its file is damaged"
    try:
        make_sample(index, source, example)
    except (tf.errors.OpError, ValueError) as error:
        message = " ".join(getattr(error, "message", str(error)).split())
        # Without the names of nodes and the words that an assertion puts before its own.
        message = re.sub(r"^\{\{.*?\}\} | \[Op:.*", "", message)
        return re.sub(r"^Expected .* data: b'(.*)'", r"\1", message)[:200]
    return "it could not be read at first, a moment later it could"
