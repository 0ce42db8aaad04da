"""Build datasets: python datasets/build.py --dataset=synthetic_humans/wild --data_dir=data."""

import contextlib
import importlib
import inspect
import io
import json
import os
import sys
import time
from pathlib import Path

from absl import flags

ROOT = Path(__file__).resolve().parent
sys.path[:0] = [str(ROOT), str(ROOT.parent)]

from hg3d_tf import cli, extras, files  # noqa: E402
from hg3d_tf.data.names import full_name  # noqa: E402
from preparation.workplace import workplace_of, write_errors  # noqa: E402

_DATASETS = flags.DEFINE_list(
    "dataset",
    [],
    "What to build, comma-separated: name/config or name.",
)
_DATA_DIR = cli.DEFINE_path(
    "data_dir", os.environ.get("TFDS_DATA_DIR", "data"), "Where the prepared datasets lie."
)
_MANUAL_DIR = cli.DEFINE_path(
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
_OPTIONS["assets_dir"] = cli.DEFINE_path(
    "assets_dir",
    None,
    "Folder with makehuman/, cmu_mocap/ and scene/, for synthetic_humans/*_makehuman.",
)
_OPTIONS["label_pixels"] = flags.DEFINE_enum(
    "label_pixels",
    None,
    ["seen", "stored"],
    "Which pixels the labels of own_photos count where a photo's Exif turns it: those that are"
    " seen (labelme, RectLabel, Label Studio) or stored (labelImg, VoTT, COCO Annotator).",
)
_PREVIEWED = 32
_PREVIEW = cli.DEFINE_png(
    "preview",
    None,
    f"PNG of {_PREVIEWED} examples of each dataset, of train if it is there, with labels.",
)
_BEAM_RUNNER = flags.DEFINE_string(
    "beam_runner",
    None,
    "Apache Beam runner that builds a real dataset, e.g. DirectRunner; its workers must see the"
    " same files. Needs the extra [beam].",
)
_OVERWRITE = flags.DEFINE_bool("overwrite", False, "Replace an existing dataset.")


def known_datasets() -> list[str]:
    """Return the folders beside this file that hold a builder."""
    return sorted(path.parent.name for path in ROOT.glob("*/*_dataset_builder.py"))


def check_known(datasets: list[str]) -> None:
    """Raise UserError unless all datasets ("name" or "name/config") have a builder here."""
    known = known_datasets()
    cli.require(datasets, "dataset", f"one of {', '.join(known)}")
    for dataset in datasets:
        if dataset.partition("/")[0] not in known:
            raise cli.UserError(f"--dataset={dataset}: unknown; there are {', '.join(known)}")


def builder_class(dataset: str):
    """Return the class `Builder` of "name" or "name/config"."""
    name = dataset.partition("/")[0]
    return importlib.import_module(f"{name}.{name}_dataset_builder").Builder


def make_builder(dataset: str, data_dir: Path):
    """Return the builder of "name" or "name/config" with the options given as flags.

    Raises:
      UserError: for an unknown config or option.
    """
    name, _, config = dataset.partition("/")
    cls = builder_class(dataset)
    options = {key: flag.value for key, flag in _OPTIONS.items() if flag.value is not None}
    unknown = sorted(options.keys() - inspect.signature(cls.__init__).parameters.keys())
    if unknown:
        raise cli.UserError(f"--{unknown[0]}: {name} has no such option; leave it out")
    configs = [c.name for c in cls.BUILDER_CONFIGS]
    if config not in configs and (config or len(configs) > 1):
        raise cli.UserError(
            f"--dataset={dataset}: write {name}/CONFIG, one of {', '.join(configs)}"
        )
    return cls(data_dir=str(data_dir), config=config or None, **options)


def stored_options(builder) -> dict:
    """Return the options with which the prepared dataset was built."""
    path = Path(builder.data_dir) / "metadata.json"
    return json.loads(path.read_text()) if path.exists() else {}


def is_built(builder) -> bool:
    """Tell whether the dataset is there already.

    Raises:
      UserError: if it is there, but built with other options or from other files.
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
    _check_originals(builder)
    return True


def _check_originals(builder) -> None:
    """Raise UserError if the original files, as far as they are given, have changed since."""
    manual_dir = manual_dir_path()
    if manual_dir is None or not hasattr(builder, "changed_originals"):
        return
    if not manual_dir.is_dir():  # removed since, or mistyped
        line = f"--manual_dir={manual_dir}: no such folder: {builder.data_dir} stays as it is"
        print(f"warning: {line}", file=sys.stderr)
        return
    if changed := builder.changed_originals(manual_dir):
        some = ", ".join(changed[:5]) + (", ..." if len(changed) > 5 else "")
        raise cli.UserError(
            f"{builder.data_dir}: built from other files than now lie in {manual_dir}: {some}; add"
            " --overwrite to build it anew, or choose another --data_dir"
        )


def manual_dir_path() -> Path | None:
    """Return the folder of the original files, None if the flag was not given."""
    return Path(_MANUAL_DIR.value) if _MANUAL_DIR.value else None


def check_manual_dir(dataset: str) -> None:
    """Raise UserError if the dataset's original files are asked for and --manual_dir lacks them."""
    manual_dir = manual_dir_path()
    if builder_class(dataset).MANUAL_DOWNLOAD_INSTRUCTIONS:
        cli.require(manual_dir, "manual_dir", f"the folder with the original files of {dataset}")
    if manual_dir and not manual_dir.is_dir():
        raise cli.UserError(
            f"--manual_dir={manual_dir}: no such folder; it must hold the original files"
        )


def prepare(dataset: str, data_dir: Path) -> None:
    """Build one dataset beside its place, move it there when it is whole, say what was built."""
    import tensorflow_datasets as tfds

    from hg3d_tf.data.record_index import record_offsets

    start = time.monotonic()
    check_manual_dir(dataset)
    with workplace_of(dataset, data_dir) as workplace, write_errors(data_dir):
        builder = make_builder(dataset, workplace)
        # Where builders of real datasets keep finished units: a killed build goes on with them.
        builder.work_dir = workplace.with_name("units")
        config = tfds.download.DownloadConfig(
            manual_dir=manual_dir_path(), beam_runner=_BEAM_RUNNER.value
        )
        with contextlib.redirect_stdout(io.StringIO()):  # TFDS would name the workplace
            builder.download_and_prepare(download_config=config)
        for split in builder.info.splits:
            record_offsets(builder, split)  # kept beside the data, for who may not write there
        finished = Path(builder.data_dir)
        with files.atomic_path(data_dir / finished.relative_to(workplace)) as place:
            finished.rename(place)
    seconds = time.monotonic() - start
    counts = {name: split.num_examples for name, split in builder.info.splits.items()}
    described = ", ".join(f"{count} {name}" for name, count in counts.items())
    rate = sum(counts.values()) / seconds
    print(f"{dataset}: built {described} in {seconds:.0f} s ({rate:.0f} images/s)")


def main() -> None:
    """Build what the flags ask for."""
    datasets = [full_name(name) for name in _DATASETS.value]
    check_known(datasets)
    data_dir = cli.writable_folder(_DATA_DIR.value)
    import tensorflow_datasets as tfds

    tfds.disable_progress_bar()  # the builders show their own
    builders = []
    for dataset in datasets:
        builders.append(_built(dataset, data_dir))
        print(f"  in {builders[-1].data_dir}")
        if _PREVIEW.value:
            _write_preview(builders)
            print(f"  preview in {_PREVIEW.value}")


def _write_preview(builders: list) -> None:
    from hg3d_tf.data import inspection

    examples = [
        example
        for builder in builders
        for example in inspection.sample(builder, inspection.main_split(builder), _PREVIEWED)
    ]
    inspection.write_contact_sheet(examples, _PREVIEW.value)


def _built(dataset: str, data_dir: Path):
    """Return the builder of a dataset that is there, or now is."""
    try:
        if not _OVERWRITE.value and is_built(make_builder(dataset, data_dir)):
            print(f"{dataset}: already there")
        else:
            prepare(dataset, data_dir)
    except ModuleNotFoundError as error:
        extra = "render" if dataset.startswith("synthetic_humans/") else "datasets"
        raise extras.missing(f"--dataset={dataset}", error.name, extra) from error
    return make_builder(dataset, data_dir)


if __name__ == "__main__":
    cli.run(main)
