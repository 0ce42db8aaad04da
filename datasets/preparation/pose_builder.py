"""The TFDS builder that all real datasets share: units of work in, records and a report out."""

import abc
import collections
import dataclasses
import itertools
import json
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import ClassVar

import numpy as np
import tensorflow_datasets as tfds
from absl import logging
from tensorflow_datasets.core import shuffle

from hg3d_tf.cli import UserError
from hg3d_tf.data.schema import SKIPPED_FILE, pose_features
from hg3d_tf.files import write_json
from preparation import originals
from preparation.records import typed
from preparation.stored_crop import Storage
from preparation.units import Unit, finish, finish_all, records, skipped

# Beside the prepared data: what they were built from.
ORIGINALS_FILE = "original_files.json"
# Examples that TFDS gathers before it sorts them on disk; its own 1 GB is too much beside the rest.
SHUFFLE_MEMORY_BYTES = 128 << 20


def require_tree(manual_dir: Path, expected: str, present: bool) -> None:
    """Raise UserError, saying what is expected and what was found, unless `present`."""
    if not present:
        found = sorted(path.name for path in manual_dir.iterdir())
        listing = ", ".join(found[:12]) + (", ..." if len(found) > 12 else "")
        raise UserError(f"{manual_dir}: expected {expected}; found {listing or 'nothing'}")


class PoseBuilder(tfds.core.GeneratorBasedBuilder, skip_registration=True):
    """Prepares a dataset from units of work, in several processes, going on where it was killed.

    Args:
      image_size: most pixels on a side of a stored image; None: the dataset's default.
      num_processes: how many units are worked on at a time; None: one for each core.
      **kwargs: as of TFDS's builders.

    Attributes:
      storage: how images are stored.
      work_dir: folder of finished units; by default beside the prepared data, until these are
        whole.
    """

    VERSION = tfds.core.Version("1.0.0")
    RELEASE_NOTES: ClassVar = {"1.0.0": "First release."}
    MANUAL_DOWNLOAD_INSTRUCTIONS = "See README.md beside the builder for the files and their tree."
    # Globs below manual_dir of all that the dataset is built from; of a folder, what is in it.
    ORIGINALS: ClassVar = ()
    storage = Storage()

    # What makes two builds differ, stored as metadata; a dataset with more sets them first.
    options: ClassVar[dict] = {}

    def __init__(
        self, *, image_size: int | None = None, num_processes: int | None = None, **kwargs
    ):
        self.storage = dataclasses.replace(self.storage, size=image_size or self.storage.size)
        self.options = self.options | {"image_size": self.storage.size}
        self.work_dir: Path | None = None
        self._num_processes = num_processes or os.cpu_count()
        super().__init__(**kwargs)

    def fingerprint(self, manual_dir: Path) -> dict[str, dict]:
        """Return what the original files are, to be compared with `originals.changes`."""
        return originals.fingerprint(manual_dir, self.ORIGINALS)

    def changed_originals(self, manual_dir: Path) -> list[str]:
        """Return what of the original files is not what the prepared dataset was built from."""
        stored = Path(self.data_dir) / ORIGINALS_FILE
        if not stored.exists():
            return []
        return originals.changes(json.loads(stored.read_text()), self.fingerprint(manual_dir))

    @abc.abstractmethod
    def extra_features(self) -> dict:
        """Return the features that only this dataset has, by name."""

    @abc.abstractmethod
    def split_units(self, manual_dir: Path) -> dict[str, list[Unit]]:
        """Return the units of each split. Raises UserError if files are missing."""

    def _info(self) -> tfds.core.DatasetInfo:
        region = tfds.features.Tensor(shape=(4,), dtype=np.float32)
        return self.dataset_info_from_configs(
            features=pose_features(stored_region=region, **self.extra_features()),
            metadata=tfds.core.MetadataDict(self.options),
        )

    @property
    def _work(self) -> Path:
        # TFDS prepares data in a folder of another name, but beside the final one.
        return self.work_dir or Path(self.data_path).with_name(f"{self.version}.work")

    def download_and_prepare(self, **kwargs) -> None:
        """Prepare the data as TFDS does; then remove the units."""
        default, shuffle.MAX_MEM_BUFFER_SIZE = shuffle.MAX_MEM_BUFFER_SIZE, SHUFFLE_MEMORY_BYTES
        try:
            super().download_and_prepare(**kwargs)
        finally:
            shuffle.MAX_MEM_BUFFER_SIZE = default
        shutil.rmtree(self._work, ignore_errors=True)

    def _download_and_prepare(self, dl_manager, download_config) -> None:
        self._with_beam = bool(download_config.beam_runner or download_config.beam_options)
        self._unit_files = {}
        # Of an empty folder TFDS says that it is empty, but not what to put there.
        self._manual_dir = download_config.manual_dir
        # Before they are read: what changes meanwhile counts as changed.
        built_from = self.fingerprint(Path(self._manual_dir or dl_manager.manual_dir))
        super()._download_and_prepare(dl_manager, download_config)
        write_json(Path(self.data_path) / SKIPPED_FILE, self._skipped())
        write_json(Path(self.data_path) / ORIGINALS_FILE, built_from)

    def _split_generators(self, dl_manager):
        splits = self.split_units(Path(self._manual_dir or dl_manager.manual_dir))
        for split, units in splits.items():
            self._unit_files[split] = [unit.path_in(self._work) for unit in units]
        usable = [split for split, units in splits.items() if self._is_usable(split, units)]
        if not usable:
            raise UserError(f"{self.name}: no example is usable: {self._first_reasons()}")
        return {split: self._generate_examples(split, splits[split]) for split in usable}

    def _is_usable(self, split: str, units: list[Unit]) -> bool:
        """Tell whether a split has any record: TFDS does not take one without."""
        # The units up to the first that has one are done here, and not again later.
        usable = any(
            any(True for _ in records(finish(unit, path)))
            for unit, path in zip(units, self._unit_files[split], strict=True)
        )
        if units and not usable:
            logging.warning("%s: left out: no example is usable", split)
        return usable

    def _first_reasons(self) -> str:
        reasons = (
            f"{reason} ({_some(names)})"
            for by_reason in self._left_out().values()
            for reason, names in by_reason.items()
        )
        return "; ".join(itertools.islice(reasons, 5)) or "nothing is labelled"

    def _generate_examples(self, split: str, units: list[Unit]):
        if self._with_beam:
            return _beam_examples(units, self._work)
        return self._examples(split, units)

    def _examples(self, split, units) -> Iterator[tuple[str, dict]]:
        for path in finish_all(units, self._work, self._num_processes, split):
            yield from examples(path)

    def _left_out(self) -> dict[str, dict[str, list[str]]]:
        """Return split -> reason -> names of what was left out."""
        report = {}
        for split, paths in self._unit_files.items():
            reasons = collections.defaultdict(list)
            for item in itertools.chain.from_iterable(map(skipped, paths)):
                reasons[item.reason].append(item.name)
            report[split] = dict(reasons)
        return report

    def _skipped(self) -> dict:
        """Return split -> reason -> names of what was left out; log it too."""
        report = self._left_out()
        for split, reasons in report.items():
            for reason, names in reasons.items():
                logging.warning("%s: skipped %d: %s: %s", split, len(names), reason, _some(names))
        return report


def _some(names):
    return ", ".join(names[:5]) + (f" ... (all in {SKIPPED_FILE})" if len(names) > 5 else "")


def examples(path: Path) -> Iterator[tuple[str, dict]]:
    """Yield key and record of the examples in a unit's file."""
    for record in records(path):
        yield record["key"], typed(record)


def _beam_examples(units, folder):
    import apache_beam as beam

    tasks = [(unit, unit.path_in(folder)) for unit in units]
    return beam.Create(tasks) | beam.Reshuffle() | beam.MapTuple(finish) | beam.FlatMap(examples)
