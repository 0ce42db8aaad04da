"""Prepared datasets, found by their names, with their images still encoded."""

import contextlib
import difflib
from collections.abc import Callable
from pathlib import Path

import tensorflow as tf
import tensorflow_datasets as tfds
from google.protobuf.message import DecodeError

from hg3d_tf.cli import UserError
from hg3d_tf.data.names import FOLDER, RENDERED, full_name
from hg3d_tf.data.ops import Sample
from hg3d_tf.data.record_index import first_record
from hg3d_tf.data.schema import TRUTH_3D

_BUILDERS = Path(__file__).parents[2] / "datasets"  # of a checkout
_DECODERS = {"image": tfds.decode.SkipDecoding()}


def load_builder(name: str, data_dir: str = "") -> tfds.core.DatasetBuilder:
    """Return the prepared dataset `name`, short or full.

    Raises:
      UserError: if it has not been built; the message says what is, and gives the command that
        builds it, or, of a name that nothing has, the nearest and all that can be built.
    """
    where = {"data_dir": data_dir} if data_dir else {}
    with contextlib.suppress(tfds.core.registered.DatasetNotFoundError, ValueError):
        builder = tfds.builder(full_name(name), try_gcs=False, **where)
        if builder.is_prepared():  # else only the builder's code was found
            return builder
    prepared = _names_in(data_dir)
    problem = f"dataset {name!r} is not in {data_dir or 'the default data folder'}"
    if data_dir:
        problem += f", which holds {', '.join(prepared) or 'no dataset'}"
    raise UserError(f"{problem}: {_advice(name, prepared, data_dir)}")


def _advice(name: str, prepared: list[str], data_dir: str) -> str:
    full = full_name(name)
    built = {path.parent.name for path in _BUILDERS.glob("*/*_dataset_builder.py")} - {FOLDER}
    rendered = list(map(full_name, RENDERED))
    if full in rendered or full.partition("/")[0] in built or not built:
        place = f" --data_dir={data_dir}" if data_dir else ""
        return f"build it with `python datasets/build.py --dataset={full}{place}`"
    can_be_built = [*RENDERED, *sorted(built)]
    near = difflib.get_close_matches(name, [*prepared, *can_be_built, *rendered], 1)
    question = f"did you mean {near[0]!r}? " if near else ""
    return f"{question}datasets/build.py builds {', '.join(can_be_built)}"


def _names_in(data_dir: str) -> list[str]:
    """Return the names, short ones, of the datasets in a folder; none of TFDS's own, ""."""
    if not data_dir:
        return []
    folder = Path(data_dir)
    found = [*folder.glob("*/*/dataset_info.json"), *folder.glob("*/*/*/dataset_info.json")]
    names = {path.parents[1].relative_to(folder).as_posix() for path in found}
    return sorted(name.removeprefix(f"{FOLDER}/") for name in names)


def load_split(name: str, split: str, data_dir: str = "", **read_options) -> tf.data.Dataset:
    """Return the examples of one split with the image still encoded.

    Raises:
      UserError: if the dataset is not there or has no such split.
    """
    builder = checked_builder(name, split, data_dir)
    return builder.as_dataset(split=split, decoders=_DECODERS, **read_options)


def example_parser(builder: tfds.core.DatasetBuilder) -> Callable[[tf.Tensor], Sample]:
    """Return the function from a serialized tf.train.Example to the example's fields."""
    features = builder.info.features
    return lambda example: features.deserialize_example(example, decoders=_DECODERS)


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


def has_examples(name: str, split: str, data_dir: str = "") -> bool:
    """Tell whether the prepared dataset `name` is there and has examples in `split`."""
    try:
        checked_builder(name, split, data_dir)
    except UserError:
        return False
    return True


def starts_without_3d(builder: tfds.core.DatasetBuilder, split: str) -> bool:
    """Tell whether the first example of a split has no 3D truth; False where it cannot be read.

    TensorFlow's devices stay untouched.
    """
    try:
        fields = tf.train.Example.FromString(first_record(builder, split) or b"").features.feature
    except DecodeError:
        return False
    name = TRUTH_3D if TRUTH_3D in fields else "joints_3d"
    return name in fields and not any(fields[name].float_list.value)
