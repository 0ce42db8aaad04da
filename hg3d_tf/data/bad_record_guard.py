"""Making the samples of a batch of records, of which some may be bad, without a failure."""

from collections.abc import Callable

import numpy as np
import tensorflow as tf

from hg3d_tf.data import at_exit
from hg3d_tf.data.bad_records import BadRecords, reason_of
from hg3d_tf.data.ops import Sample


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
    at_exit.free_iterators_at_exit()

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
