"""Records that cannot be read: left out, counted, named once, too many of them end the run."""

import contextlib
import sys
import threading
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from hg3d_tf.cli import UserError
from hg3d_tf.ops import Sample

_GUARD_FIELDS = ("ok", "source")  # of a sample, until its batch is whole


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
                self.message = (
                    f"{self.count} of {num_samples} samples cannot be read, more than"
                    f" max_bad_fraction={self.max_fraction:g} allows, e.g. {name}: {reason}; build"
                    " the dataset again, or raise --max_bad_fraction"
                )
                raise UserError(self.message)

    @contextlib.contextmanager
    def stop_as_user_error(self) -> Iterator[None]:
        """Turn TensorFlow's error, where it comes from too many bad records, into a UserError."""
        try:
            yield
        except tf.errors.OpError as error:
            if self.message:
                raise UserError(self.message) from error
            raise


def guarded(
    make_sample: Callable[..., Sample],
    bad_records: BadRecords,
    name_of: Callable[[int, np.ndarray], str],
    first: int = 0,
    judged_on: int = 1000,
) -> Callable[..., Sample]:
    """Return the function from a numbered record to make_sample's sample, which never fails.

    The sample gets the fields `ok`, False where `make_sample` failed, and `source`.

    Args:
      make_sample: from index, source and encoded example; its fields have known shapes.
      bad_records: is told of failures.
      name_of: returns the name of the record from a source at a place.
      first: index of the first record.
      judged_on: see `BadRecords.add`.
    """

    def note(index, source, example, place):
        reason, name = (
            reason_of(make_sample, index, source, example),
            name_of(source, place.numpy()),
        )
        bad_records.add(name, reason, int(index) - first + 1, judged_on)
        return False

    def apply(index, record):
        source, example, place = record
        sample = sample_or_blank(make_sample, index, source, example)
        arguments = (index, source, example, place)
        ok = tf.cond(sample["ok"], lambda: True, lambda: tf.py_function(note, arguments, tf.bool))
        return sample | {"ok": tf.ensure_shape(ok, []), "source": source}

    return apply


def sample_or_blank(make_sample: Callable[..., Sample], *arguments) -> Sample:
    """Return make_sample(*arguments) with the field `ok`; zeros and not `ok` where that fails.

    The sample's fields must have known shapes.
    """
    # A dataset of one element is what TensorFlow has in place of `try`.
    made = tf.data.Dataset.from_tensors(arguments).map(
        lambda *arguments: make_sample(*arguments) | {"ok": tf.constant(True)}
    )
    blank = {name: tf.zeros(spec.shape, spec.dtype) for name, spec in made.element_spec.items()}
    blank = tf.data.Dataset.from_tensors(blank)
    return made.ignore_errors().concatenate(blank).take(1).get_single_element()


def reason_of(make_sample: Callable[..., Sample], *arguments) -> str:
    """Return why make_sample(*arguments) fails, on one line."""
    try:
        make_sample(*arguments)
    except (tf.errors.OpError, ValueError) as error:
        return " ".join(getattr(error, "message", str(error)).split())[:200]
    return "unknown"


def leave_out_bad(samples: tf.data.Dataset) -> tf.data.Dataset:
    """Drop samples that are not `ok`, and the fields that say so."""
    return samples.filter(lambda sample: sample["ok"]).map(_without_guard)


def _without_guard(sample: Sample) -> Sample:
    return {name: value for name, value in sample.items() if name not in _GUARD_FIELDS}


def replace_bad(batch: Sample) -> Sample:
    """Put copies of good samples in the places of bad ones, of the same source where it has any.

    Fields `ok` [B] bool and `source` [B] are dropped.
    """
    fields, ok, source = _without_guard(batch), batch["ok"], batch["source"]

    def filled():
        same = tf.cast(source[:, tf.newaxis] == source, tf.int32)
        itself = tf.eye(tf.shape(ok)[0], dtype=tf.int32)
        preference = (1 + same + 2 * itself) * tf.cast(ok, tf.int32)
        index = tf.argmax(preference, axis=1)
        return {name: tf.gather(value, index) for name, value in fields.items()}

    return tf.cond(tf.reduce_all(ok), lambda: fields, filled)
