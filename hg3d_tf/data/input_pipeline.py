"""From prepared datasets to batches: load, adapt to one schema, augment, make targets, mix, batch.

The fields of training and evaluation batches are those of `samples`, stacked; an evaluation batch
also has the mask `valid` [B].
"""

import dataclasses
import os

import tensorflow as tf

from hg3d_tf import files
from hg3d_tf.cli import UserError
from hg3d_tf.data import prepared, samples
from hg3d_tf.data.augment import AugmentConfig
from hg3d_tf.data.bad_record_guard import GuardedSamples, any_good, only_good, part_of_batch
from hg3d_tf.data.bad_records import BadRecords
from hg3d_tf.data.mix import exact_counts, parse_mix
from hg3d_tf.data.mixing import create_mix, mixed_numbers
from hg3d_tf.data.names import full_name
from hg3d_tf.data.ops import Sample
from hg3d_tf.data.records import RecordReader
from hg3d_tf.timing import cores

# Batches in the making beyond one for each core: so many may wait for each other, or for a file.
_WAITING = 2


@dataclasses.dataclass(frozen=True)
class InputConfig:
    """What training reads.

    Raises:
      ValueError: for a mix that cannot be made.
    """

    mix: dict[str, float] = dataclasses.field(  # share of the samples, by dataset
        default_factory=lambda: parse_mix("studio:0.5,wild:0.5")
    )
    mix_exact: bool = False  # every batch has exactly these shares
    hide_depth: tuple[str, ...] = ()  # datasets of the mix whose 3D labels are not seen
    batch_size: int = 6  # over all replicas
    data_dir: str = ""  # "" means TFDS's default
    augmentation: AugmentConfig = AugmentConfig()
    augment_3d: bool = False  # the paper leaves images with 3D labels as they are
    line_of_sight: bool = False  # depth is along that to the crop, where the camera is known
    seed: int = 0
    cache: bool = False  # keep the encoded examples in memory
    deterministic: bool = True  # else samples that are ready overtake others
    max_bad_fraction: float = 0.01  # of the samples may be unreadable before training stops

    def __post_init__(self):
        if self.batch_size < 1:
            raise ValueError(f"batch_size is {self.batch_size}, must be positive")
        if not 0 <= self.seed < 2**32:  # as NumPy's
            raise ValueError(f"seed is {self.seed}, must be from 0 to {2**32 - 1}")
        if not 0 <= self.max_bad_fraction <= 1:
            raise ValueError(f"max_bad_fraction is {self.max_bad_fraction}, must be from 0 to 1")
        if self.mix_exact:
            exact_counts(self.batch_size, self.mix)
        for name in self.hide_depth:
            if full_name(name) not in map(full_name, self.mix):
                raise ValueError(f"hide_depth: {name!r} is not in the mix of {', '.join(self.mix)}")


def data_dir_of(given: str | None) -> str:
    """Return the folder of prepared data: the one given, else $TFDS_DATA_DIR, else "data"."""
    return given or str(files.user_path(os.environ.get("TFDS_DATA_DIR", "data")))


# Nothing of the pipelines is Python control flow over tensors: to look for some takes two seconds.
@tf.autograph.experimental.do_not_convert
def train_batches(
    config: InputConfig,
    size: int,
    first_step: int = 0,
    host: int = 0,
    num_hosts: int = 1,
    bad_records: BadRecords | None = None,
) -> tf.data.Dataset:
    """Return endless batches of the mix, for crops of `size` px.

    With `deterministic`, the batches from any `first_step` on are those that a start at 0 would
    reach there, whatever the parallelism. The place of a record that cannot be read is taken by a
    copy of another sample of its batch; a batch of nothing else is made of others, drawn by its
    place.

    Args:
      config: what to read.
      size: side of the crops, px.
      first_step: number of the first batch.
      host, num_hosts: of several that train together each makes its part of every batch, samples
        host * B / num_hosts to (host + 1) * B / num_hosts, and reads no others.
      bad_records: counts the records that cannot be read.

    Raises:
      UserError: if a dataset is not there, or the batch does not divide among the hosts.
    """
    if config.batch_size % num_hosts:
        raise UserError(f"batch_size {config.batch_size} does not divide among {num_hosts} hosts")
    first = first_step * config.batch_size
    builders = [prepared.checked_builder(name, "train", config.data_dir) for name in config.mix]
    reader = RecordReader(builders, "train", config.cache)
    make_samples = GuardedSamples(
        reader.read,
        _train_sample(config, size, builders),
        bad_records or BadRecords(config.max_bad_fraction),
        lambda source, number: f"{list(config.mix)[source]}, {reader.name(number)}",
        first,
        num_hosts,
        draw=reader.drawn,
    )
    mix = create_mix(config.mix, config.batch_size, config.mix_exact, config.seed)
    records = mixed_numbers(reader, mix, config.seed, first)
    finish = samples.finish_batch(
        config.augmentation, config.augment_3d, size, config.line_of_sight
    )

    def part(indices, numbers):
        batch = (indices, reader.sources(numbers), numbers)
        return part_of_batch(make_samples, batch, host, num_hosts)

    batches = records.batch(config.batch_size, drop_remainder=True).map(
        part,
        cores() + _WAITING,
        deterministic=config.deterministic,
    )
    finished = batches.map(finish, tf.data.AUTOTUNE, deterministic=config.deterministic)
    return finished.prefetch(tf.data.AUTOTUNE)


def _train_sample(config: InputConfig, size: int, builders):
    """Return the function from index, source and encoded example to a training sample."""
    adapt = samples.adapt()
    hidden = {full_name(name) for name in config.hide_depth}
    hide_depth = [full_name(name) in hidden for name in config.mix]
    parsers = [prepared.example_parser(builder) for builder in builders]
    preprocess = samples.preprocess_for_train(config.augmentation, config.augment_3d, size)

    def apply(index, source, example) -> Sample:
        seed = tf.stack([config.seed, tf.cast(index, tf.int32)])
        sample = tf.switch_case(
            tf.cast(source, tf.int32),
            [lambda parse=parse: adapt(parse(example)) for parse in parsers],
        )
        has_depth = sample["has_depth"] & ~tf.gather(hide_depth, source)
        return preprocess(sample | {"has_depth": has_depth, "seed": seed})

    return apply


@tf.autograph.experimental.do_not_convert
def evaluation_batches(
    name: str,
    split: str,
    size: int,
    batch_size: int,
    data_dir: str = "",
    images: bool = True,
    bad_records: BadRecords | None = None,
    host: int = 0,
    num_hosts: int = 1,
) -> tf.data.Dataset:
    """Return one pass over a split, unaugmented, in a fixed order.

    Every batch is full: the last is padded with copies whose `valid` is False. Records that cannot
    be read are left out. Without `images`, for who needs the labels only, they are black. Of
    several hosts each gets its part of the records: that of the first, then that of the second,
    ... are the split.

    Raises:
      UserError: if the dataset or the split is not there, or has fewer records than hosts.
    """
    builder = prepared.checked_builder(name, split, data_dir)
    reader = RecordReader([builder], split)
    [count] = reader.sizes
    if count < num_hosts:
        raise UserError(f"{name}, {split}: {count} records for {num_hosts} hosts: take fewer")
    parse, adapt = prepared.example_parser(builder), samples.adapt(truth_3d=True)
    preprocess = samples.preprocess_for_evaluation(size, images)
    make_samples = GuardedSamples(
        reader.read,
        lambda index, source, example: preprocess(adapt(parse(example))),
        bad_records or BadRecords(),
        lambda source, number: f"{name}, {reader.name(number)}",
        first=reader.first(host, num_hosts),
        judged_on=count // num_hosts,
    )
    records = (
        reader.once(host, num_hosts)
        .map(lambda number: (number, tf.constant(0), number))
        .batch(batch_size)
    )
    dataset = records.map(lambda *records: make_samples(records), tf.data.AUTOTUNE)
    dataset = dataset.filter(any_good).map(only_good)
    dataset = dataset.unbatch().batch(batch_size).map(lambda batch: _pad(batch, batch_size))
    return dataset.prefetch(tf.data.AUTOTUNE)


def _pad(batch: Sample, batch_size: int) -> Sample:
    count = tf.shape(batch["key"])[0]
    index = tf.minimum(tf.range(batch_size), count - 1)
    padded = {name: tf.gather(value, index) for name, value in batch.items()}
    return padded | {"valid": tf.range(batch_size) < count}
