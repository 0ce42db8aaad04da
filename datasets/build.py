"""Build datasets: python datasets/build.py --dataset=synthetic_humans/wild --data_dir=data."""

import importlib
import inspect
import json
import os
import sys
import time
from pathlib import Path

from absl import flags

ROOT = Path(__file__).resolve().parent
sys.path[:0] = [str(ROOT), str(ROOT.parent)]

from hg3d_tf import cli  # noqa: E402

_DATASETS = flags.DEFINE_list("dataset", [], "What to build: name or name/config, comma-separated.")
_DATA_DIR = flags.DEFINE_string(
    "data_dir", os.environ.get("TFDS_DATA_DIR", "data"), "Where the prepared datasets lie."
)
_MANUAL_DIR = flags.DEFINE_string(
    "manual_dir", None, "Folder with the original files of a licensed dataset."
)
_OPTIONS = {
    name: flags.DEFINE_integer(name, None, f"{text}; default: the dataset's.", lower_bound=low)
    for name, text, low in (
        ("image_size", "Side of the stored images, px", 16),
        ("num_train", "Number of training examples", 1),
        ("num_validation", "Number of validation examples", 1),
        ("num_test", "Number of test examples", 1),
        ("seed", "Seed of a synthetic dataset", 0),
        ("num_processes", "Number of worker processes", 1),
    )
}
_PREVIEW = flags.DEFINE_string("preview", None, "PNG of 32 training examples with their labels.")
_OVERWRITE = flags.DEFINE_bool("overwrite", False, "Replace an existing dataset.")


def known_datasets() -> list[str]:
    """Return the folders beside this file that hold a builder."""
    return sorted(path.parent.name for path in ROOT.glob("*/*_dataset_builder.py"))


def builder_class(name: str):
    """Return the class `Builder` of a dataset.

    Raises:
      UserError: if there is none of this name.
    """
    if name not in known_datasets():
        raise cli.UserError(f"--dataset={name}: unknown; there are {', '.join(known_datasets())}")
    return importlib.import_module(f"{name}.{name}_dataset_builder").Builder


def make_builder(dataset: str):
    """Return the builder of "name" or "name/config" with the options given as flags."""
    name, _, config = dataset.partition("/")
    cls = builder_class(name)
    options = {key: flag.value for key, flag in _OPTIONS.items() if flag.value is not None}
    unknown = sorted(options.keys() - inspect.signature(cls.__init__).parameters.keys())
    if unknown:
        raise cli.UserError(f"--{unknown[0]}: {name} has no such option; leave it out")
    configs = [c.name for c in cls.BUILDER_CONFIGS]
    if config not in configs and (config or len(configs) > 1):
        raise cli.UserError(
            f"--dataset={dataset}: write {name}/CONFIG, one of {', '.join(configs)}"
        )
    return cls(data_dir=_DATA_DIR.value, config=config or None, **options)


def stored_options(builder) -> dict:
    """Return the options with which the prepared dataset was built."""
    path = Path(builder.data_dir) / "metadata.json"
    return json.loads(path.read_text()) if path.exists() else {}


def is_built(builder) -> bool:
    """Tell whether the dataset is there already.

    Raises:
      UserError: if it is there, but built with other options.
    """
    if not (Path(builder.data_dir) / "dataset_info.json").exists():
        return False
    stored = stored_options(builder)
    for key, value in getattr(builder, "options", {}).items():
        if stored.get(key, value) != value:
            raise cli.UserError(
                f"{builder.data_dir}: built with {key}={stored[key]}, not {value}; add --overwrite "
                "to replace it, or choose another --data_dir"
            )
    return True


def prepare(builder) -> None:
    """Build one dataset and say what was built."""
    import tensorflow_datasets as tfds

    start = time.monotonic()
    mode = "reuse_cache_if_exists" if _OVERWRITE.value else "reuse_dataset_if_exists"
    builder.download_and_prepare(
        download_config=tfds.download.DownloadConfig(
            manual_dir=_MANUAL_DIR.value, download_mode=tfds.download.GenerateMode(mode)
        )
    )
    seconds = time.monotonic() - start
    counts = {name: split.num_examples for name, split in builder.info.splits.items()}
    described = ", ".join(f"{count} {name}" for name, count in counts.items())
    total = sum(counts.values())
    print(f"{builder.info.full_name}: {described}; {total / seconds:.0f} images/s")


def main() -> None:
    """Build what the flags ask for."""
    cli.require(_DATASETS.value, "dataset", f"one of {', '.join(known_datasets())}")
    import tensorflow_datasets as tfds

    tfds.disable_progress_bar()
    for dataset in _DATASETS.value:
        builder = make_builder(dataset)
        if not _OVERWRITE.value and is_built(builder):
            print(f"{dataset}: already there")
        else:
            prepare(builder)
        print(f"  in {builder.data_dir}")
        if _PREVIEW.value:
            from preview import write_contact_sheet

            write_contact_sheet(builder, _PREVIEW.value)
            print(f"  preview in {_PREVIEW.value}")


if __name__ == "__main__":
    cli.run(main)
