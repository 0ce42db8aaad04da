"""From prepared datasets to batches: load, adapt to one schema, augment, make targets, mix, batch.

A training batch is a dict of tensors:
  image [B, S, S, 3] float32 in [0, 1]; joints_2d_norm [B, 16, 2] in [-1, 1] over the crop;
  depth [B, 16] relative to the thorax in half crop sides (0 where not has_depth);
  visible [B, 16] bool; has_depth [B] bool; key [B] string.
An evaluation batch holds further fields (`EVALUATION_FIELDS`) and the mask `valid` [B].
"""

import contextlib
import dataclasses
import functools
import os

import tensorflow as tf
import tensorflow_datasets as tfds

from hg3d_tf import augment, geometry, targets
from hg3d_tf.augment import AugmentConfig
from hg3d_tf.bad_records import BadRecords, reason_of, replace_bad, sample_or_blank
from hg3d_tf.cli import UserError
from hg3d_tf.decoding import black_image, decode_for_crop
from hg3d_tf.mixing import ExactMix, RandomMix, exact_counts, parse_mix
from hg3d_tf.ops import Op, Sample, chain, select
from hg3d_tf.records import RecordReader
from hg3d_tf.schema import TRUTH_3D

# Short names of the datasets that the project renders itself.
ALIASES = {"studio": "synthetic_humans/studio", "wild": "synthetic_humans/wild"}

_COMMON_FIELDS = (
    "key",
    "image",
    "joints_2d",
    "visible",
    "joints_3d",
    "has_depth",
    "intrinsics",
    "crop_center",
    "crop_side",
    "box",
)
TRAINING_FIELDS = ("key", "image", "joints_2d_norm", "depth", "visible", "has_depth")
# person_side: longer side of the labelled joints' box, px of the crop; joints_3d: mm, the truth;
# crop_center and crop_side: px of the source image.
EVALUATION_FIELDS = (*TRAINING_FIELDS, "person_side", "joints_3d", "crop_center", "crop_side")
# Labels of single datasets that protocols read; they travel along unchanged where they are.
PROTOCOL_FIELDS = (
    "action",
    "frame",
    "scene",
    "pose_kind",
    "head_box_size_px",  # PCKh's unit, 0.6 of the head box's diagonal, px of the source image
    "joints_3d_17",
    "visible_17",
    "joints_3d_universal_17",
)


@dataclasses.dataclass(frozen=True)
class InputConfig:
    """What training reads.

    Raises:
      ValueError: for a mix that cannot be made.
    """

    mix: str = "studio:0.5,wild:0.5"  # dataset:weight, ...
    mix_exact: bool = False  # every batch has exactly these shares
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
            exact_counts(self.batch_size, parse_mix(self.mix))
        parse_mix(self.mix)


def load_builder(name: str, data_dir: str = "") -> tfds.core.DatasetBuilder:
    """Return the prepared dataset `name` (an alias, "dataset" or "dataset/config").

    Raises:
      UserError: if it has not been built; the message gives the command that builds it.
    """
    full_name = ALIASES.get(name, name)
    where = {"data_dir": data_dir} if data_dir else {}
    with contextlib.suppress(tfds.core.registered.DatasetNotFoundError, ValueError):
        builder = tfds.builder(full_name, try_gcs=False, **where)
        if builder.is_prepared():  # else only the builder's code was found
            return builder
    place = f" --data_dir={data_dir}" if data_dir else ""
    raise UserError(
        f"dataset {name!r} is not in {data_dir or 'the default data folder'}: build it with"
        f" `python datasets/build.py --dataset={full_name}{place}`"
    )


def load_split(name: str, split: str, data_dir: str = "", **read_options) -> tf.data.Dataset:
    """Return the examples of one split with the image still encoded.

    Raises:
      UserError: if the dataset is not there or has no such split.
    """
    builder = checked_builder(name, split, data_dir)
    return builder.as_dataset(
        split=split, decoders={"image": tfds.decode.SkipDecoding()}, **read_options
    )


def checked_builder(name: str, split: str, data_dir: str = "") -> tfds.core.DatasetBuilder:
    """Return the prepared dataset `name`, which has examples in `split`.

    Raises:
      UserError: if the dataset is not there or has no such split.
    """
    builder = load_builder(name, data_dir)
    if split not in builder.info.splits or not builder.info.splits[split].num_examples:
        there = ", ".join(builder.info.splits) or "none"
        raise UserError(f"dataset {name!r} has no examples in split {split!r}; splits: {there}")
    return builder


def adapt(truth_3d: bool = False) -> Op:
    """Reduce an example of any builder to the fields that all have; add the unchanged geometry.

    Args:
      truth_3d: for evaluation: let joints_3d be the truth that training must not see, where there
        is one, and keep `PROTOCOL_FIELDS`.
    """

    def apply(example: Sample) -> Sample:
        names = (*_COMMON_FIELDS, *PROTOCOL_FIELDS) if truth_3d else _COMMON_FIELDS
        sample = {name: example[name] for name in names if name in example}
        if truth_3d and TRUTH_3D in example:
            sample["joints_3d"] = example[TRUTH_3D]
        box = sample.pop("box")
        return sample | {
            "person_side": tf.reduce_max(box[2:] - box[:2]),
            "rotation": tf.constant(0.0),
            "flip": tf.constant(False),
        }

    return apply


def add_targets(size: int) -> Op:
    """Add what the losses compare with: joints_2d_norm and depth."""

    def apply(sample: Sample) -> Sample:
        depth = targets.normalized_depth(sample["joints_3d"], sample["joints_2d"], size)
        return sample | {
            "joints_2d_norm": sample["joints_2d"] * (2.0 / size) - 1.0,
            "depth": tf.where(sample["has_depth"], depth, 0.0),
        }

    return apply


def preprocess_for_train(config: InputConfig, size: int) -> Op:
    """Return the op from an adapted sample with a seed to a training sample."""
    change_geometry = augment.random_geometry(config.augmentation)
    change_image = augment.random_appearance(config.augmentation)
    render = chain(
        geometry.snap_to_pixels(size), decode_for_crop(size), geometry.crop(size, snapped=True)
    )

    def apply(sample: Sample) -> Sample:
        fixed = sample["has_depth"] & (not config.augment_3d)
        changed = change_geometry(sample)
        chosen = {k: tf.where(fixed, sample[k], changed[k]) for k in augment.GEOMETRY_FIELDS}
        sample = render(sample | chosen)
        image = tf.cond(fixed, lambda: sample["image"], lambda: change_image(sample)["image"])
        return select(TRAINING_FIELDS)(add_targets(size)(sample | {"image": image}))

    return apply


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
    weights = parse_mix(config.mix)
    builders = [checked_builder(name, "train", config.data_dir) for name in weights]
    readers = [RecordReader(b, "train", worker, num_workers, config.cache) for b in builders]
    first = first_step * batch_size
    records = _mixed_records(readers, weights, config, batch_size, first)
    parse, preprocess = _parse(builders), preprocess_for_train(config, size)

    def make_sample(index, source, example):
        seed = tf.stack([config.seed, tf.cast(index * num_workers + worker, tf.int32)])
        return preprocess(parse(source, example) | {"seed": seed})

    bad_records = bad_records or BadRecords(config.max_bad_fraction)
    report = _reporter(bad_records, readers, list(weights), make_sample, first)

    def sample_or_report(index, record):
        source, example, place = record
        sample = sample_or_blank(make_sample, index, source, example)
        ok = tf.cond(sample["ok"], lambda: True, lambda: report(index, source, example, place))
        return sample | {"ok": ok, "source": source}

    dataset = records.map(
        sample_or_report, tf.data.AUTOTUNE, deterministic=config.deterministic
    ).batch(batch_size, drop_remainder=True)
    dataset = dataset.filter(lambda batch: tf.reduce_any(batch["ok"])).map(replace_bad)
    return dataset.prefetch(tf.data.AUTOTUNE)


def _reporter(bad_records: BadRecords, readers, names: list[str], make_sample, first: int):
    """Return the function that notes a bad record, from within the graph, and returns False."""

    def note(index, source, example, place):
        reason = reason_of(make_sample, index, source, example)
        name = f"{names[source]}, {readers[source].name(place.numpy())}"
        bad_records.add(name, reason, int(index) - first + 1)
        return False

    return lambda *arguments: tf.ensure_shape(tf.py_function(note, arguments, tf.bool), [])


def _mixed_records(readers, weights, config, batch_size: int, first: int) -> tf.data.Dataset:
    """Return (index, (source, example, place)) without end, from index `first` on."""
    if config.mix_exact:
        mix = ExactMix(exact_counts(batch_size, weights))
    else:
        mix = RandomMix(list(weights.values()), config.seed)
    sources = [
        reader.endless(config.seed + source, first=int(count)).map(_tag(source))
        for source, (reader, count) in enumerate(
            zip(readers, mix.counts_before(first), strict=True)
        )
    ]
    records = tf.data.Dataset.choose_from_datasets(sources, mix.choices(first))
    return records.enumerate(first)


def _tag(source: int):
    return lambda example, place: (tf.constant(source), example, place)


def _parse(builders):
    """Return the function from a source and an encoded example of it to an adapted sample."""

    def parser(builder):
        features, decoders = builder.info.features, {"image": tfds.decode.SkipDecoding()}
        return lambda example: adapt()(features.deserialize_example(example, decoders=decoders))

    parsers = [parser(builder) for builder in builders]

    def apply(source, example) -> Sample:
        return tf.switch_case(source, [functools.partial(parse, example) for parse in parsers])

    return apply


def evaluation_batches(
    name: str, split: str, size: int, batch_size: int, data_dir: str = "", images: bool = True
) -> tf.data.Dataset:
    """Return one pass over a split, unaugmented, in a fixed order.

    Every batch is full: the last is padded with copies whose `valid` is False. Without `images`,
    for who needs the labels only, they are black.

    Raises:
      UserError: if the dataset or the split is not there.
    """
    preprocess = chain(
        adapt(truth_3d=True),
        decode_for_crop(size) if images else black_image,
        geometry.crop(size),
        add_targets(size),
        select(EVALUATION_FIELDS, PROTOCOL_FIELDS),
    )
    dataset = load_split(name, split, data_dir).map(preprocess, num_parallel_calls=tf.data.AUTOTUNE)
    dataset = dataset.batch(batch_size).map(lambda batch: _pad(batch, batch_size))
    return dataset.prefetch(tf.data.AUTOTUNE)


def _pad(batch: Sample, batch_size: int) -> Sample:
    count = tf.shape(batch["key"])[0]
    index = tf.minimum(tf.range(batch_size), count - 1)
    padded = {name: tf.gather(value, index) for name, value in batch.items()}
    return padded | {"valid": tf.range(batch_size) < count}


def default_data_dir() -> str:
    """Return the folder of prepared data: $TFDS_DATA_DIR, else "data"."""
    return os.environ.get("TFDS_DATA_DIR", "data")
