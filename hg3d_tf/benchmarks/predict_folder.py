"""The whole command predict on a folder of photos: its speed, its memory, another commit's."""

import itertools
import os
import shutil
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hg3d_tf.benchmarks import peer_process
from hg3d_tf.cli import UserError

_READ_EVERY_S = 0.1
_EARLY = 200  # photos after which memory must not grow any more


class Folder(NamedTuple):
    """What to measure.

    Attributes:
      photos: files.
      count: photos in the folder, made of `photos`, repeated.
      processes: that work on it here.
      against: folder of another commit, or None.
      against_count: of the photos for it.
    """

    photos: Sequence[Path]
    count: int
    processes: int
    against: Path
    against_count: int


class Run(NamedTuple):
    """What a command took, its start included: seconds, and MiB after so many photos."""

    seconds: float
    memory: list[tuple[int, float]]


def measure(folder: Folder, work: Path) -> dict:
    """Return photos a second here and at the other commit, and the memory held here.

    `memory_growth` is that at the end to that after 200 photos, all processes together, each a
    median over a tenth of the photos.

    Args:
      folder: what to measure.
      work: folder to do it in.
    """
    flags = [f"--processes={folder.processes}"] if folder.processes > 1 else []
    here = predict(
        peer_process.this_checkout(),
        copies(folder.photos, folder.count, work / "photos"),
        work / "of_here",
        flags,
    )
    rate = folder.count / here.seconds
    result = {"photos": folder.count, "processes": folder.processes, "photos_per_second": rate}
    result |= grown(here.memory)
    few = copies(folder.photos, folder.against_count, work / "few")
    against = folder.against_count / predict(folder.against, few, work / "of_against").seconds
    result |= {"against_photos": folder.against_count, "against_photos_per_second": against}
    return result | {"to_against": rate / against}


def copies(photos: Sequence[Path], count: int, folder: Path) -> Path:
    """Return a new folder with `count` photos, those given in turn."""
    folder.mkdir()
    for number, path in zip(range(count), itertools.cycle(photos), strict=False):
        shutil.copyfile(path, folder / f"{number:05d}{path.suffix}")
    return folder


def predict(checkout: Path, photos: Path, output_dir: Path, flags: Sequence[str] = ()) -> Run:
    """Run the command of a checkout on a folder.

    Raises:
      UserError: if it fails.
    """
    command = [sys.executable, "-m", "hg3d_tf.predict", f"--output_dir={output_dir}", *flags]
    errors, memory = output_dir.with_suffix(".stderr"), []
    began = time.perf_counter()
    with open(errors, "w+", encoding="utf-8") as stderr:
        process = subprocess.Popen(
            [*command, str(photos)],
            env=peer_process.environment(checkout),
            stdout=subprocess.DEVNULL,
            stderr=stderr,
            cwd=photos,
        )
        with Lines(output_dir / "poses.jsonl") as lines:
            while process.poll() is None:
                memory.append((lines.count(), held_mib(process.pid)))
                time.sleep(_READ_EVERY_S)
    seconds = time.perf_counter() - began
    if process.returncode:
        last = (errors.read_text(encoding="utf-8").strip().splitlines() or ["no reason given"])[-1]
        raise UserError(f"{checkout}: predict failed ({last})")
    return Run(seconds, memory)


class Lines:
    """Counts the lines of a file that grows."""

    def __init__(self, path: Path):
        self._path, self._file, self._count = path, None, 0

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._file is not None:
            self._file.close()

    def count(self) -> int:
        """Return how many there are by now."""
        if self._file is None and self._path.exists():
            self._file = open(self._path, "rb")  # noqa: SIM115, closed by __exit__
        if self._file is not None:
            self._count += self._file.read().count(b"\n")
        return self._count


def held_mib(pid: int) -> float:
    """Return the memory that a process and those that it started hold (Linux; else 0)."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text(encoding="utf-8").split()[1])
        children = Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()
    except OSError:
        return 0.0
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20 + sum(map(held_mib, map(int, children)))


def grown(memory: Sequence[tuple[int, float]]) -> dict:
    """Return the memory after 200 photos and at the end, MiB, and their ratio, if there are more.

    Args:
      memory: photos done and MiB, in order.
    """
    counts, held = np.array([[0, 0], *memory], float).T
    window = counts.max() / 10
    if counts.max() <= _EARLY + window:
        return {}
    early = held[(counts > _EARLY) & (counts <= _EARLY + window)]
    late = held[(counts > counts.max() - window) & (held > 0)]
    if not len(early) or not len(late):
        return {}
    early, late = float(np.median(early)), float(np.median(late))
    return {"memory_early_mib": early, "memory_late_mib": late, "memory_growth": late / early}
