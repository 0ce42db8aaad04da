"""Making the samples of a batch of records, of which some may be bad, without a failure."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from hg3d_tf.data import at_exit
from hg3d_tf.data.bad_records import BadRecords, reason_of
from hg3d_tf.data.ops import Sample

# Batches drawn in the place of one without a good record, until the data are given up.
_ATTEMPTS = 1000

Records = tuple[tf.Tensor, tf.Tensor, tf.Tensor]  # index, source, number: [B] each


class GuardedSamples:
    """The function from numbered records [B] to the samples [G] of those that are good.

    Records are (index, source, number), [B] each. The samples get the fields `position` [G], their
    records' places in the batch, and `source`. Of a batch without any good record one sample is
    left: blank, at position -1.

    Args:
      read: from a record's number to its encoded example; may fail.
      make_sample: from index, source and encoded example; its fields have known shapes.
      bad_records: is told of failures.
      name_of: returns the name of a source's record, from its number.
      first: index of the first record.
      num_hosts: how many share the records; a host's failures are judged on its own.
      judged_on: see `BadRecords.add`.
      draw: from a count and a seed [2] to sources and numbers of other records, for `instead`.
    """

    def __init__(
        self,
        read: Callable[[tf.Tensor], tf.Tensor],
        make_sample: Callable[..., Sample],
        bad_records: BadRecords,
        name_of: Callable[[int, int], str],
        first: int = 0,
        num_hosts: int = 1,
        judged_on: int = 1000,
        draw: Callable[[tf.Tensor, tf.Tensor], tuple[tf.Tensor, tf.Tensor]] | None = None,
    ):
        at_exit.free_iterators_at_exit()
        self._read = read
        self._make_sample = make_sample
        self._bad_records = bad_records
        self._name_of = name_of
        self._first = first
        self._num_hosts = num_hosts
        self._judged_on = judged_on
        self._draw = draw

    def __call__(self, records: Records) -> Sample:
        """Return the good samples, and report what is bad."""
        samples = self.quietly(records)
        good = samples["position"]

        def report():
            tf.py_function(self._note, (*records, good), [])
            return False

        count = tf.math.count_nonzero(good >= 0, dtype=tf.int32)  # the blank is not good
        complete = tf.cond(tf.equal(count, tf.size(records[0])), lambda: True, report)
        with tf.control_dependencies([complete]):
            return samples | {"position": tf.identity(good)}

    def quietly(self, records: Records) -> Sample:
        """Return the good samples."""
        positions = tf.range(tf.size(records[0]))
        # A dataset is what TensorFlow has in place of `try`; one for a batch, for each costs time.
        made = tf.data.Dataset.from_tensor_slices((positions, *records)).map(
            lambda position, *record: (
                self._make(*record) | {"position": position, "source": record[1]}
            )
        )
        blank = {name: _zeros([1, *spec.shape], spec) for name, spec in made.element_spec.items()}
        blank = tf.data.Dataset.from_tensors(blank | {"position": tf.constant([-1])})
        stacked = made.ignore_errors().batch(tf.size(positions, tf.int64))
        return stacked.concatenate(blank).take(1).get_single_element()

    def instead(self, records: Records) -> Sample:
        """Return good samples of other records, for a batch that has none: a function of its place.

        They are not counted: the batch's own were.
        """
        index = records[0]

        def make(attempt) -> Sample:
            others = self._draw(tf.size(index), tf.stack([index[0], attempt]))
            return self.quietly((index, *others))

        # Read until one is found; so is what says that none is.
        attempts = tf.data.Dataset.range(_ATTEMPTS).map(make).filter(any_good)
        nothing = tf.data.Dataset.from_tensors(records).map(self._give_up)
        return attempts.concatenate(nothing).take(1).get_single_element()

    def _give_up(self, *records) -> Sample:
        def say():
            text = f"none of {_ATTEMPTS} batches has a record that can be read"
            self._bad_records.end(f"{text}; build the dataset again")

        with tf.control_dependencies([tf.py_function(say, [], [])]):
            return self.quietly(records)

    def _make(self, index, source, number) -> Sample:
        return self._make_sample(index, source, self._read(number))

    def _note(self, index, source, number, good) -> None:
        for i in np.setdiff1d(np.arange(len(index)), good):
            name = self._name_of(int(source[i]), int(number[i]))
            reason = reason_of(self._read, self._make_sample, index[i], source[i], number[i])
            num_samples = (int(index[i]) - self._first) // self._num_hosts + 1
            self._bad_records.add(name, reason, num_samples, self._judged_on)


def _zeros(shape, spec: tf.TensorSpec) -> tf.Tensor:
    """Return a tensor of zeros, or of empty boxes."""
    if spec.dtype == tf.variant:
        return tf.fill(shape, tf.raw_ops.OptionalNone())
    return tf.zeros(shape, spec.dtype)


def part_of_batch(
    make_samples: GuardedSamples, records: Records, host: int, num_hosts: int
) -> Sample:
    """Return a host's part of a batch, copies in the places of bad records.

    The parts are together what one host alone would make. A host reads the records of its own
    places only; where one of them is bad, the whole batch, in which a copy for it may come from
    anywhere.
    """
    size = records[0].shape[0] // num_hosts
    mine = slice(host * size, (host + 1) * size)
    samples = make_samples(tuple(values[mine] for values in records))

    def from_whole():
        whole = samples if num_hosts == 1 else make_samples.quietly(records)
        # To leave a batch out would shift those after it, but for who started behind it.
        whole = tf.cond(any_good(whole), lambda: whole, lambda: make_samples.instead(records))
        filled = fill_places(whole, records[1])
        return {name: value[mine] for name, value in filled.items()}

    complete = tf.equal(tf.size(samples["position"]), size) & any_good(samples)
    part = tf.cond(complete, lambda: only_good(samples), from_whole)
    return {n: tf.ensure_shape(v, [size, *v.shape[1:]]) for n, v in part.items()}


def any_good(samples: Sample) -> tf.Tensor:
    """Return whether samples of `GuardedSamples` are more than the blank that stands for none."""
    return samples["position"][0] >= 0


def only_good(samples: Sample) -> Sample:
    """Drop the fields that `GuardedSamples` added."""
    return {name: value for name, value in samples.items() if name not in ("position", "source")}


def fill_places(samples: Sample, sources) -> Sample:
    """Return a batch of good samples, copies in the places of the bad ones.

    Args:
      samples: [G], from `GuardedSamples`.
      sources: [B], of the records; a copy is of the same source where there is any.
    """
    same = tf.cast(sources[:, tf.newaxis] == samples["source"], tf.int32)
    itself = tf.range(tf.size(sources))[:, tf.newaxis] == samples["position"]
    index = tf.argmax(same + 2 * tf.cast(itself, tf.int32), axis=1)
    return {name: tf.gather(value, index) for name, value in only_good(samples).items()}
