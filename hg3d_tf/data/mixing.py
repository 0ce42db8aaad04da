"""Which dataset each sample of training comes from: a pure function of the sample's place."""

import numpy as np
import tensorflow as tf

from hg3d_tf.data.mix import exact_counts
from hg3d_tf.data.records import RecordReader

# Within so many samples every dataset has its share, rounded up or down.
BLOCK = 1000
_GOLDEN = (5**0.5 - 1) / 2


class ExactMix:
    """The same sources at the same places of every batch.

    Args:
      counts: samples of each source in a batch.
    """

    def __init__(self, counts: list[int]):
        # Spread evenly over the batch, so that replicas get like shares too.
        places = [((i + 0.5) / n, source) for source, n in enumerate(counts) for i in range(n)]
        self.order = np.array([source for _, source in sorted(places)], np.int64)

    def choices(self, first: int) -> tf.data.Dataset:
        """Return the endless sequence of sources, [] int64, from sample `first` on."""
        order = np.roll(self.order, -(first % len(self.order)))
        return tf.data.Dataset.from_tensor_slices(order).repeat()

    def counts_before(self, first: int) -> np.ndarray:
        """Return how many samples of each source come before sample `first`."""
        batches, rest = divmod(first, len(self.order))
        size = self.order.max() + 1
        whole, part = (np.bincount(o, minlength=size) for o in (self.order, self.order[:rest]))
        return batches * whole + part


class RandomMix:
    """Each sample's source is drawn by weight, stratified over blocks of `BLOCK` samples.

    A block holds the points (k + shift) / BLOCK in random order, and a point's source is the
    interval of the cumulated weights that it falls into. The shift of block b is the fractional
    part of b times the golden ratio, so that rounding favours no source.

    Args:
      weights: of each source, summing to 1.
      seed: of the order within blocks.
    """

    def __init__(self, weights: list[float], seed: int):
        self.ends = np.cumsum(weights) * BLOCK
        self.ends[-1] = BLOCK  # whatever the sum's rounding error
        self.seed = seed

    def choices(self, first: int) -> tf.data.Dataset:
        """Return the endless sequence of sources, [] int64, from sample `first` on."""
        blocks = tf.data.Dataset.range(first // BLOCK, np.iinfo(np.int64).max)
        return blocks.map(self._block).unbatch().skip(first % BLOCK)

    def counts_before(self, first: int) -> np.ndarray:
        """Return how many samples of each source come before sample `first`."""
        blocks, rest = divmod(first, BLOCK)
        shifts = np.arange(blocks)[:, np.newaxis] * _GOLDEN % 1.0
        ends = np.ceil(self.ends - shifts).sum(0).astype(np.int64)
        part = np.bincount(self._block(tf.constant(blocks))[:rest], minlength=len(ends))
        return np.diff(ends, prepend=0) + part

    def _block(self, block) -> tf.Tensor:
        shift = tf.cast(block, tf.float64) * _GOLDEN % 1.0
        points = tf.range(BLOCK, dtype=tf.float64) + shift
        sources = tf.searchsorted(tf.constant(self.ends), points, side="right", out_type=tf.int64)
        seed = tf.stack([tf.cast(self.seed, tf.int64), tf.cast(block, tf.int64)])
        return tf.random.experimental.stateless_shuffle(sources, seed)


def create_mix(
    weights: dict[str, float], batch_size: int, exact: bool, seed: int
) -> ExactMix | RandomMix:
    """Return the mix of datasets, of which `exact` gives every batch the same shares."""
    if exact:
        return ExactMix(exact_counts(batch_size, weights))
    return RandomMix(list(weights.values()), seed)


def mixed_numbers(
    reader: RecordReader, mix: ExactMix | RandomMix, seed: int, first: int
) -> tf.data.Dataset:
    """Return (index, number of a record), [] int64 each, without end, from `first` on."""
    orders = [
        reader.endless(source, seed + source, int(count))
        for source, count in enumerate(mix.counts_before(first))
    ]
    # No Python function of a sample: all hosts do this for every sample of a batch.
    numbers = tf.data.Dataset.choose_from_datasets(orders, mix.choices(first))
    indices = tf.data.Dataset.range(first, np.iinfo(np.int64).max)
    return tf.data.Dataset.zip((indices, numbers))
