"""Records that cannot be read: left out, counted, named once, too many of them end the run."""

import contextlib
import re
import sys
import threading
from collections.abc import Callable, Iterator

import numpy as np
import tensorflow as tf

from hg3d_tf.cli import UserError
from hg3d_tf.ops import Sample


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
    """Return the function from numbered records [B] to the samples [G] of those that are good.

    The samples get the fields `position` [G], their records' places in the batch, and `source`.
    Of a batch without any good record one sample is left: blank, at position -1.

    Args:
      make_sample: from index, source and encoded example; its fields have known shapes.
      bad_records: is told of failures.
      name_of: returns the name of the record from a source at a place.
      first: index of the first record.
      judged_on: see `BadRecords.add`.
    """

    def note(index, source, example, place, good):
        for i in np.setdiff1d(np.arange(len(index)), good):
            reason = reason_of(make_sample, index[i], source[i], example[i])
            name = name_of(source[i], place[i].numpy())
            bad_records.add(name, reason, int(index[i]) - first + 1, judged_on)

    def apply(index, record):
        source, example, place = record
        samples = _good_samples(make_sample, index, source, example)
        good = samples["position"]

        def report():
            tf.py_function(note, (index, source, example, place, good), [])
            return False

        count = tf.math.count_nonzero(good >= 0, dtype=tf.int32)  # the blank is not good
        complete = tf.cond(tf.equal(count, tf.size(index)), lambda: True, report)
        with tf.control_dependencies([complete]):
            return samples | {"position": tf.identity(good)}

    return apply


def _good_samples(make_sample, index, source, example) -> Sample:
    positions = tf.range(tf.size(index))
    records = tf.data.Dataset.from_tensor_slices((positions, index, source, example))
    # A dataset is what TensorFlow has in place of `try`; one for a batch, for each costs time.
    made = records.map(
        lambda position, index, source, example: (
            make_sample(index, source, example) | {"position": position, "source": source}
        )
    )
    blank = {
        name: tf.zeros([1, *spec.shape], spec.dtype) for name, spec in made.element_spec.items()
    }
    blank = tf.data.Dataset.from_tensors(blank | {"position": tf.constant([-1])})
    stacked = made.ignore_errors().batch(tf.size(index, tf.int64))
    return stacked.concatenate(blank).take(1).get_single_element()


def reason_of(make_sample: Callable[..., Sample], index, source, example) -> str:
    """Return why make_sample fails, on one line."""
    if not example.numpy():  # what `RecordReader` gives for what it cannot read
        return "its file is damaged here or before"
    try:
        make_sample(index, source, example)
    except (tf.errors.OpError, ValueError) as error:
        message = " ".join(getattr(error, "message", str(error)).split())
        # Without the names of nodes and the words that an assertion puts before its own.
        message = re.sub(r"^\{\{.*?\}\} | \[Op:.*", "", message)
        return re.sub(r"^Expected .* data: b'(.*)'", r"\1", message)[:200]
    return "unknown"


def any_good(samples: Sample) -> tf.Tensor:
    """Return whether samples of `guarded` are more than the blank that stands for none."""
    return samples["position"][0] >= 0


def only_good(samples: Sample) -> Sample:
    """Drop the fields that `guarded` added."""
    return {name: value for name, value in samples.items() if name not in ("position", "source")}


def fill_places(samples: Sample, sources) -> Sample:
    """Return a batch of good samples, copies in the places of the bad ones.

    Args:
      samples: [G], from `guarded`.
      sources: [B] int32, of the records; a copy is of the same source where there is any.
    """
    fields, size = only_good(samples), sources.shape[0]

    def filled():
        same = tf.cast(sources[:, tf.newaxis] == samples["source"], tf.int32)
        itself = tf.cast(tf.range(size)[:, tf.newaxis] == samples["position"], tf.int32)
        index = tf.argmax(same + 2 * itself, axis=1)
        return {name: tf.gather(value, index) for name, value in fields.items()}

    complete = tf.equal(tf.size(samples["position"]), size)
    batch = tf.cond(complete, lambda: fields, filled)
    return {name: tf.ensure_shape(value, [size, *value.shape[1:]]) for name, value in batch.items()}
