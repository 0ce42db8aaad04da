"""From prepared datasets to batches: load, adapt to one schema, augment, make targets, mix, batch.

The fields of training and evaluation batches are those of `samples`, stacked; an evaluation batch
also has the mask `valid` [B].
"""

import dataclasses
import os

import tensorflow as tf

from hg3d_tf import files
from hg3d_tf.data import prepared, samples
from hg3d_tf.data.augment import AugmentConfig
from hg3d_tf.data.bad_record_guard import any_good, fill_places, guarded, only_good
from hg3d_tf.data.bad_records import BadRecords
from hg3d_tf.data.mix import exact_counts, parse_mix
from hg3d_tf.data.mixing import create_mix, from_source, mixed_records
from hg3d_tf.data.names import full_name
from hg3d_tf.data.ops import Sample
from hg3d_tf.data.records import RecordReader


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
    seed: int = 0
    cache: bool = False  # keep the encoded examples in memory
    deterministic: bool = True  # else samples that are ready overtake others
    max_bad_fraction: float = 0.01  # of the samples may be unreadable before training stops

    def __post_init__(self):
        if self.batch_size < 1:
            raise ValueError(f"batch_size is {self.batch_size}, must be positive")
        if not 0 <= self.max_bad_fraction <= 1:
            raise ValueError(f"max_bad_fraction is {self.max_bad_fraction}, must be from 0 to 1")
        if self.mix_exact:
            exact_counts(self.batch_size, self.mix)
        for name in self.hide_depth:
            if full_name(name) not in map(full_name, self.mix):
                raise ValueError(f"hide_depth: {name!r} is not in the mix of {', '.join(self.mix)}")


def default_data_dir() -> str:
    """Return the folder of prepared data: $TFDS_DATA_DIR, else "data"."""
    return str(files.user_path(os.environ.get("TFDS_DATA_DIR", "data")))


def train_batches(
    config: InputConfig,
    size: int,
    first_step: int = 0,
    worker: int = 0,
    num_workers: int = 1,
    bad_records: BadRecords | None = None,
) -> tf.data.Dataset:
    """Return endless batches of the mix, for crops of `size` px.

    With `deterministic`, the batches from any `first_step` on are those that a start at 0 would
    reach there, whatever the parallelism. The place of a record that cannot be read is taken by a
    copy of another sample of its batch; a batch of nothing else is left out.

    Args:
      config: what to read.
      size: side of the crops, px.
      first_step: number of the first batch.
      worker, num_workers: of several processes that train together each reads its own part of the
        data, in batches of batch_size / num_workers.
      bad_records: counts the records that cannot be read.

    Raises:
      UserError: if a dataset is not there.
      ValueError: if the batch does not divide among the workers as the mix demands.
    """
    if config.batch_size % num_workers:
        raise ValueError(f"batch_size {config.batch_size} does not divide among {num_workers}")
    batch_size = config.batch_size // num_workers
    first = first_step * batch_size
    builders = [prepared.checked_builder(name, "train", config.data_dir) for name in config.mix]
    readers = [RecordReader(b, "train", worker, num_workers, config.cache) for b in builders]
    make_samples = guarded(
        _train_sample(config, size, builders, worker, num_workers),
        bad_records or BadRecords(config.max_bad_fraction),
        lambda source, place: f"{list(config.mix)[source]}, {readers[source].name(place)}",
        first,
    )
    mix = create_mix(config.mix, batch_size, config.mix_exact, config.seed)
    records = mixed_records(readers, mix, config.seed, first).batch(batch_size, drop_remainder=True)
    dataset = records.map(
        lambda index, record: (make_samples(index, record), record[0]),
        tf.data.AUTOTUNE,
        deterministic=config.deterministic,
    )
    dataset = dataset.filter(lambda samples, _: any_good(samples)).map(fill_places)
    return dataset.prefetch(tf.data.AUTOTUNE)


def _train_sample(config: InputConfig, size: int, builders, worker: int, num_workers: int):
    """Return the function from index, source and encoded example to a training sample."""
    adapt = samples.adapt()
    hidden = {full_name(name) for name in config.hide_depth}
    hide_depth = [full_name(name) in hidden for name in config.mix]
    parsers = [prepared.example_parser(builder) for builder in builders]
    preprocess = samples.preprocess_for_train(config.augmentation, config.augment_3d, size)

    def apply(index, source, example) -> Sample:
        seed = tf.stack([config.seed, tf.cast(index * num_workers + worker, tf.int32)])
        sample = tf.switch_case(
            source, [lambda parse=parse: adapt(parse(example)) for parse in parsers]
        )
        has_depth = sample["has_depth"] & ~tf.gather(hide_depth, source)
        return preprocess(sample | {"has_depth": has_depth, "seed": seed})

    return apply


def evaluation_batches(
    name: str,
    split: str,
    size: int,
    batch_size: int,
    data_dir: str = "",
    images: bool = True,
    bad_records: BadRecords | None = None,
) -> tf.data.Dataset:
    """Return one pass over a split, unaugmented, in a fixed order.

    Every batch is full: the last is padded with copies whose `valid` is False. Records that cannot
    be read are left out. Without `images`, for who needs the labels only, they are black.

    Raises:
      UserError: if the dataset or the split is not there.
    """
    builder = prepared.checked_builder(name, split, data_dir)
    reader = RecordReader(builder, split)
    parse, adapt = prepared.example_parser(builder), samples.adapt(truth_3d=True)
    preprocess = samples.preprocess_for_evaluation(size, images)
    make_samples = guarded(
        lambda index, source, example: preprocess(adapt(parse(example))),
        bad_records or BadRecords(),
        lambda source, place: f"{name}, {reader.name(place)}",
        judged_on=reader.size,
    )
    records = reader.once().map(from_source(0)).enumerate().batch(batch_size)
    dataset = records.map(make_samples, tf.data.AUTOTUNE).filter(any_good).map(only_good)
    dataset = dataset.unbatch().batch(batch_size).map(lambda batch: _pad(batch, batch_size))
    return dataset.prefetch(tf.data.AUTOTUNE)


def _pad(batch: Sample, batch_size: int) -> Sample:
    count = tf.shape(batch["key"])[0]
    index = tf.minimum(tf.range(batch_size), count - 1)
    padded = {name: tf.gather(value, index) for name, value in batch.items()}
    return padded | {"valid": tf.range(batch_size) < count}
