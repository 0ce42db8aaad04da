"""Encoded examples of prepared datasets by their numbers, and the order in which to read them.

That order is a pure function of the seed, so that reading can start at any place of it.
"""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from hg3d_tf.data.record_index import record_offsets


class RecordReader:
    """The encoded examples of a split of some datasets, numbered through.

    Attributes:
      sizes: number of examples of each dataset.

    Args:
      builders: the prepared datasets.
      split: name of a split that has examples in all of them.
      cache: keep the encoded examples in memory, read once now.
    """

    def __init__(
        self, builders: Sequence[tfds.core.DatasetBuilder], split: str, cache: bool = False
    ):
        infos = [builder.info.splits[split] for builder in builders]
        self.sizes = [info.num_examples for info in infos]
        self._firsts = np.cumsum([0, *self.sizes])
        self._files = [str(path) for info in infos for path in info.filepaths]
        self._file_firsts = np.cumsum([0, *(n for info in infos for n in info.shard_lengths)])
        # Tensors, which graphs refer to: of millions of records, constants in a graph cost time.
        offsets = np.concatenate([record_offsets(builder, split) for builder in builders])
        self._offsets = tf.constant(offsets, tf.int64)
        self._file_ends = tf.constant(self._file_firsts[1:], tf.int64)
        self._paths = tf.constant(self._files)
        self._cached = None
        if cache:
            self._cached = self._read_all()

    def name(self, number: int) -> str:
        """Return how to name a record to a person, within its dataset."""
        file = np.searchsorted(self._file_firsts[1:], number, side="right")
        return f"record {number - self._file_firsts[file]} of {Path(self._files[file]).name}"

    def endless(self, source: int, seed: int, first: int = 0) -> tf.data.Dataset:
        """Return numbers of a dataset's records without end, in rounds, each in another order.

        Every order of a round is as likely as any other.

        Args:
          source: number of the dataset.
          seed: of the order.
          first: place in the sequence to start from.
        """
        rounds, rest = divmod(first, self.sizes[source])
        start, end = (tf.constant(n, tf.int64) for n in self._firsts[source : source + 2])

        def order(number):
            seeds = tf.stack([tf.constant(seed, tf.int64), number])
            numbers = tf.random.experimental.stateless_shuffle(tf.range(start, end), seeds)
            return numbers[tf.where(tf.equal(number, rounds), rest, 0) :]

        numbers = tf.data.Dataset.range(rounds, np.iinfo(np.int64).max)
        return numbers.map(order).prefetch(1).unbatch()

    def drawn(self, count: tf.Tensor, seed: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
        """Return sources and numbers [count] of records at random, a function of `seed` [2]."""
        numbers = tf.random.stateless_uniform(
            [count], seed, maxval=self._firsts[-1], dtype=tf.int64
        )
        return self.sources(numbers), numbers

    def sources(self, numbers: tf.Tensor) -> tf.Tensor:
        """Return the datasets [count], int64, of records by their numbers."""
        return tf.searchsorted(self._firsts[1:], numbers, "right", tf.int64)

    def once(self, part: int = 0, num_parts: int = 1) -> tf.data.Dataset:
        """Return every record's number once, in the order of the files; or of a part of these."""
        first, end = (self.first(k, num_parts) for k in (part, part + 1))
        return tf.data.Dataset.range(first, end)

    def first(self, part: int, num_parts: int) -> int:
        """Return the number of a part's first record."""
        return sum(self.sizes) * part // num_parts

    def read(self, number: tf.Tensor) -> tf.Tensor:
        """Return a serialized tf.train.Example, [] string, by the record's number.

        Of a damaged file it fails, or returns the empty string.
        """
        if self._cached is not None:
            return tf.gather(self._cached, number)
        file = tf.searchsorted(self._file_ends, [number], side="right")
        # What TFRecordDataset is made of; that cannot start within a file.
        variant = tf.raw_ops.TFRecordDatasetV2(
            filenames=tf.gather(self._paths, file),
            compression_type="",
            buffer_size=0,  # read this record, not what follows
            byte_offsets=tf.gather(self._offsets, [number]),
            metadata="",
        )
        found = tf.data.experimental.from_variant(variant, tf.TensorSpec([], tf.string))
        return found.take(1).get_single_element()

    def _read_all(self) -> tf.Tensor:
        examples = np.full(sum(self.sizes), b"", object)
        found = self.once().map(lambda number: (number, self.read(number)), tf.data.AUTOTUNE)
        for numbers, read in found.ignore_errors().batch(1024).as_numpy_iterator():
            examples[numbers] = read
        return tf.constant(examples)
