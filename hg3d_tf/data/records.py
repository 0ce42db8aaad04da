"""Encoded examples of one prepared dataset: once, or endlessly, every time in another order.

That order is a pure function of the seed, so that reading can start at any place of it.
"""

from pathlib import Path

import numpy as np
import tensorflow as tf
import tensorflow_datasets as tfds

from hg3d_tf.cli import UserError

# What shuffling may hold in memory of one dataset, whatever its size.
_SHUFFLE_BYTES = 2**27
_SHUFFLE_RECORDS = 2**14
_OPEN_FILES = 4  # read alternately


class RecordReader:
    """The encoded examples of a split, or a worker's part of them.

    A record is (example, place): a serialized tf.train.Example, [] string, and [2] int64, the
    number of the file in `files` and of the record in it. Where a file is damaged, the example is
    the empty string from there on: a round has `size` records whatever state they are in.

    Args:
      builder: the prepared dataset.
      split: name of a split that has examples.
      worker, num_workers: read the files worker, worker + num_workers, ..., or, where there are
        fewer files than workers, every num_workers-th record.
      cache: keep the encoded examples in memory, read once now.

    Raises:
      UserError: if there is no record for this worker.
    """

    def __init__(
        self,
        builder: tfds.core.DatasetBuilder,
        split: str,
        worker: int = 0,
        num_workers: int = 1,
        cache: bool = False,
    ):
        info = builder.info.splits[split]
        by_file = len(info.filepaths) >= num_workers
        files = slice(worker, None, num_workers) if by_file else slice(None)
        # Numbers of the records that are read of each file.
        self._step = 1 if by_file else num_workers
        self._start = 0 if by_file else worker
        self.files = [str(path) for path in info.filepaths[files]]
        self._lengths = info.shard_lengths[files]
        self.size = sum(len(range(self._start, n, self._step)) for n in self._lengths)
        if not self.size:
            raise UserError(
                f"{builder.info.full_name} has {info.num_examples} examples in split {split!r},"
                f" too few for {num_workers} workers: start fewer, or take larger data"
            )
        record_bytes = max(1, info.num_bytes // info.num_examples)
        self._buffer = max(1, min(self.size, _SHUFFLE_RECORDS, _SHUFFLE_BYTES // record_bytes))
        self._cached = self._read_all() if cache else None

    def name(self, place) -> str:
        """Return how to name the record at a place to a person."""
        return f"record {place[1]} of {Path(self.files[place[0]]).name}"

    def endless(self, seed: int, first: int = 0) -> tf.data.Dataset:
        """Return records without end, from the one at place `first` of the sequence on.

        Starting costs at most one reading of the dataset, nothing of it parsed.
        """
        rounds, rest = divmod(first, self.size)
        numbers = tf.data.Dataset.range(rounds, np.iinfo(np.int64).max)
        return numbers.flat_map(lambda number: self._round(seed, number)).skip(rest)

    def once(self) -> tf.data.Dataset:
        """Return every record once, in the order of the files."""
        return tf.data.Dataset.range(len(self.files)).flat_map(self._read)

    def _round(self, seed: int, number) -> tf.data.Dataset:
        # Of this function's graph only: the program's own seed must not change the order.
        tf.random.set_seed(1)
        seeds = tf.stack([tf.constant(seed, tf.int64), number])
        files = tf.random.experimental.stateless_shuffle(tf.range(len(self.files)), seeds)
        shuffle_seed = tf.random.stateless_uniform(
            [], seeds, minval=None, maxval=None, dtype=tf.int64
        )
        records = tf.data.Dataset.from_tensor_slices(files).interleave(
            self._read, cycle_length=_OPEN_FILES
        )
        return records.shuffle(self._buffer, shuffle_seed)

    def _read(self, file) -> tf.data.Dataset:
        length = tf.gather(tf.constant(self._lengths, tf.int64), file)
        if self._cached is None:
            examples = self._read_from_disk(file, length)
        else:
            start = tf.gather(tf.constant(np.cumsum([0, *self._lengths])), file)
            numbers = tf.data.Dataset.range(start, start + length)
            examples = numbers.map(lambda number: tf.gather(self._cached, number))
        places = tf.data.Dataset.range(length).map(
            lambda number: tf.stack([tf.cast(file, tf.int64), number])
        )
        return tf.data.Dataset.zip((examples, places)).shard(self._step, self._start)

    def _read_from_disk(self, file, length) -> tf.data.Dataset:
        examples = tf.data.TFRecordDataset(tf.gather(tf.constant(self.files), file))
        unreadable = tf.data.Dataset.from_tensors(tf.constant("")).repeat()
        return examples.ignore_errors().concatenate(unreadable).take(length)

    def _read_all(self) -> tf.Tensor:
        lengths = zip(range(len(self.files)), self._lengths, strict=True)
        return tf.concat(
            [next(iter(self._read_from_disk(i, n).batch(n))) for i, n in lengths], axis=0
        )
