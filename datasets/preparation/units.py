"""Work in units: each is done once, by any process, and leaves one whole file of its records.

A killed build goes on where it was: the file of a unit appears under its name when it is whole, and
its name changes with all that goes into it. Processes that do units need no TensorFlow.
"""

import dataclasses
import hashlib
import io
import json
import multiprocessing
import os
import pickle
import re
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path, PurePath
from typing import Any

import tqdm

from hg3d_tf.files import atomic_path, write_json


@dataclasses.dataclass(frozen=True)
class Skipped:
    """An example that was left out: its key (or its unit's name) and why."""

    name: str
    reason: str


@dataclasses.dataclass(frozen=True)
class Unit:
    """A piece of work: one video, or some hundred images.

    Attributes:
      name: unique within a build; names the file of records.
      read: function at the top level of a module; called with `arguments` it yields records (dicts)
        and `Skipped`s, one by one, so that memory does not grow with the unit.
      arguments: all that the result depends on, but for the contents of `files`.
      files: what `read` opens, be it there or not; a file that has come or changed is read again.
      size: expected number of examples, for the progress bar.
    """

    name: str
    read: Callable[..., Iterator[dict | Skipped]]
    arguments: dict[str, Any]
    files: tuple[Path, ...] = ()
    size: int = 1

    def path_in(self, folder: Path) -> Path:
        """Return the file of records; its name tells units with other inputs apart."""
        stamps = [_stamp(path) for path in self.files]
        content = _pickled((self.read.__qualname__, self.arguments, self.files, stamps))
        safe_name = re.sub(r"[^\w.-]+", "_", self.name)
        return folder / f"{safe_name}.{hashlib.sha256(content).hexdigest()[:16]}.pickles"


def _stamp(path: Path) -> tuple[int, int] | None:
    try:
        status = path.stat()
    except (OSError, ValueError):  # It is not there, or labels name what cannot be.
        return None
    return status.st_size, status.st_mtime_ns


def left_out(items: list[Skipped]) -> Iterator[Skipped]:
    """Yield what was left out before any unit: the `read` of a unit that reports it."""
    yield from items


class _Pickler(pickle.Pickler):
    def reducer_override(self, value):
        # Python 3.13 pickles the pieces that a path was joined of.
        return (type(value), (str(value),)) if isinstance(value, PurePath) else NotImplemented


def _pickled(value) -> bytes:
    """Return bytes that are the same for equal values, shared objects or not."""
    buffer = io.BytesIO()
    pickler = _Pickler(buffer, protocol=4)
    pickler.fast = True
    pickler.dump(value)
    return buffer.getvalue()


def finish(unit: Unit, path: Path) -> Path:
    """Do `unit` unless its records lie in `path` already; return `path`."""
    if not path.exists():
        skipped = []
        with atomic_path(path) as temporary, open(temporary, "wb") as file:
            for item in unit.read(**unit.arguments):
                if isinstance(item, Skipped):
                    skipped.append((item.name, item.reason))
                else:
                    pickle.dump(item, file)
            # First of the two, so that it is there whenever the records are.
            write_json(_skipped_path(path), skipped)
    return path


def _skipped_path(path: Path) -> Path:
    return path.with_suffix(".skipped.json")


def skipped(path: Path) -> list[Skipped]:
    """Return what was left out of a unit's file."""
    return [Skipped(*item) for item in json.loads(_skipped_path(path).read_text())]


def records(path: Path) -> Iterator[dict]:
    """Yield the records in a unit's file, one by one."""
    with open(path, "rb") as file:
        while True:
            try:
                yield pickle.load(file)
            except EOFError:
                return


def finish_all(
    units: list[Unit], folder: Path, num_processes: int = 1, label: str = ""
) -> Iterator[Path]:
    """Do the units in `num_processes` processes; yield their files in the order of the units."""
    paths = [unit.path_in(folder) for unit in units]
    with tqdm.tqdm(total=sum(unit.size for unit in units), desc=label, unit=" examples") as bar:
        for unit, path in zip(units, _finished(units, paths, num_processes), strict=True):
            bar.update(unit.size)
            yield path


def _finished(units, paths, num_processes):
    if num_processes <= 1:
        yield from map(finish, units, paths)
        return
    # Not forked: a fork of a process that runs TensorFlow's threads may hang.
    context = multiprocessing.get_context("spawn")
    with ProcessPoolExecutor(num_processes, context, _obey_parent) as pool:
        yield from pool.map(finish, units, paths)


def _obey_parent():
    """Leave Ctrl-C to the parent, and end when it is killed: a pool would wait for ever."""

    def wait():
        multiprocessing.parent_process().join()
        os._exit(1)

    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=wait, daemon=True).start()
