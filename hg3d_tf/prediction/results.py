"""Poses of images in a file of lines as they come, and in one JSON in the end.

A line says all that decides whether it still counts when the same command runs again: the image's
path, size and time of change, and the settings that matter; of its pictures, how they were drawn.
Of an image's lines the last counts; those that it replaced go in the end.
"""

import contextlib
import json
import os
import sys
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

from hg3d_tf import __version__, files
from hg3d_tf.cli import UserError, counted

_INTERRUPTED = 130  # the exit status of what Ctrl-C ended


class Results:
    """The poses of one command: NAME.json, and NAME.jsonl with a line for each image.

    Only where the lines are, and whose the pictures are, is kept in memory.

    Args:
      path: of NAME.json.
      settings: what the poses depend on besides the image; JSON.
      again: do everything anew: see `forget`.

    Raises:
      UserError: if the lines cannot be written, or would be NAME.json itself.
    """

    def __init__(self, path: Path, settings: dict, again: bool = False):
        self.path, self.lines_path = Path(path), Path(path).with_suffix(".jsonl")
        self.settings = json.loads(json.dumps(settings | {"hg3d_tf": __version__}))
        self._places: dict[str, int] = {}  # image -> its last line's place
        self._counts_from = 0  # lines before this place are not looked at
        self._has_replaced = False  # there are lines that do not count any more
        self._drawn: dict[str, str] = {}  # picture -> the image that it was made of last
        self._done: set[str] = set()
        self.reused, self._again = 0, again
        if self.lines_path == self.path:
            raise UserError(f"{path}: a line for each image goes there: name a .json beside it")
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            files.require_no_folder(self.path)
            # Closed by __exit__.
            self._file = open(self.lines_path, "a+b")  # noqa: SIM115
        except OSError as error:
            where = error.filename or self.lines_path
            raise UserError(f"{where}: cannot be written ({error.strerror})") from error
        self._read_places()
        if again:
            self.forget()

    def __enter__(self):
        return self

    def __exit__(self, *_):
        with files.named(self.lines_path):  # what could not be written before
            self._file.close()
        if not stamp(self.lines_path)["size"]:  # nothing was done
            self.lines_path.unlink(missing_ok=True)
        elif self._has_replaced:
            # On a full disk, say, they stay: nothing depends on it.
            with contextlib.suppress(OSError):
                self._drop_replaced()

    def forget(self) -> None:
        """Count nothing as done; lines stay until others replace them."""
        self._counts_from = self._file.seek(0, os.SEEK_END)

    def find(self, image: Path) -> dict | None:
        """Return the line of an image that was done before and has not changed since.

        Of its pictures those are named that no other image of the same name has replaced, each with
        how it was drawn; None where an earlier version did not say that.
        """
        line = self._line(str(image))
        if line is None or line.get("settings") != self.settings:
            return None
        if stamp(image) != {name: line.get(name) for name in ("size", "mtime_ns")}:
            return None
        self._done.add(str(image))
        return self._with_own_pictures(line)

    def add(
        self, image: Path, poses: Sequence[dict], drawn: Mapping[str, dict] | None = None
    ) -> None:
        """Write an image's poses, and the pictures made of it (`drawing.Drawn`), as a line."""
        drawn = drawn or {}
        self.add_line(str(image), line(image, self.settings, poses, drawn), drawn)
        self._done.add(str(image))

    def add_line(self, image: str, made: bytes, drawn: Iterable[str]) -> None:
        """Write a line that `line` made of an image, now or before: `find` says if it counts."""
        self._drawn |= dict.fromkeys(drawn, image)
        with files.named(self.lines_path):
            self._has_replaced |= image in self._places
            self._places[image] = self._file.seek(0, os.SEEK_END)
            self._file.write(made + b"\n")
            self._file.flush()

    def is_done(self, image: Path) -> bool:
        return str(image) in self._done

    @property
    def goes_on(self) -> str:
        """Say how an interrupted command goes on."""
        if self._again:
            return "without --again the same command goes on, and keeps what was done before"
        return "the same command goes on from there"

    @property
    def has_any(self) -> bool:
        """Tell whether an image is done, by this command or before."""
        return bool(self._done)

    def write(self, images: Iterable[Path]) -> int:
        """Write the poses of those images that are done to NAME.json; return how many."""
        count = 0
        with files.json_list(self.path, indent=2) as add:
            for image in filter(self.is_done, images):
                for pose in self._line(str(image))["poses"]:
                    add(pose)
                    count += 1
        return count

    def _drop_replaced(self) -> None:
        with (
            open(self.lines_path, "rb") as lines,
            files.atomic_path(self.lines_path) as path,
            open(path, "wb") as kept,
        ):
            for place in sorted(self._places.values()):
                lines.seek(place)
                # A line that goes may have been the one that said whose a picture is now.
                line = self._with_own_pictures(json.loads(lines.readline()))
                kept.write(json.dumps(line).encode() + b"\n")

    def _with_own_pictures(self, line: dict) -> dict:
        """Return a line without the pictures that another image's have replaced since."""
        drawn = line.get("drawn", {})
        drawn = drawn if isinstance(drawn, dict) else dict.fromkeys(drawn)
        own = {name: how for name, how in drawn.items() if self._drawn.get(name) == line["image"]}
        return line | {"drawn": own}

    def _line(self, image: str) -> dict | None:
        if self._places.get(image, -1) < self._counts_from:
            return None
        self._file.seek(self._places[image])
        return json.loads(self._file.readline())

    def _read_places(self) -> None:
        self._file.seek(0)
        place, line, value = 0, b"\n", None
        for line in self._file:
            value = _value_of(line)
            if value is not None:
                self._has_replaced |= value["image"] in self._places
                self._places[value["image"]] = place
                self._drawn |= dict.fromkeys(value.get("drawn", ()), value["image"])
            place += len(line)
        if not line.endswith(b"\n"):  # the end of a process that was killed
            if value is None:
                self._file.truncate(place - len(line))
            else:
                self._file.write(b"\n")


def line(image: Path, settings: dict, poses: Sequence[dict], drawn: Mapping[str, dict]) -> bytes:
    """Return the line of an image, without its end."""
    value = {"image": str(image)} | stamp(image)
    value |= {"settings": settings, "drawn": dict(drawn), "poses": list(poses)}
    return json.dumps(value).encode()


def _value_of(line: bytes) -> dict | None:
    """Return what a line holds, None where it is none that `line` made."""
    try:
        value = json.loads(line)
        is_whole = "image" in value and isinstance(value["poses"], list)
        return value if is_whole else None
    except (ValueError, KeyError, TypeError):
        return None


def stamp(image: Path) -> dict:
    """Return a file's size and time of change; None for both where it is gone."""
    try:
        status = image.stat()
    except OSError:
        return {"size": None, "mtime_ns": None}
    return {"size": status.st_size, "mtime_ns": status.st_mtime_ns}


def model_settings(model: Path, output_dir: Path) -> dict:
    """Return what tells a model from others: its path, and when its newest file changed.

    What is in `output_dir`, which may lie in a model's folder, does not count.
    """
    model, output_dir = model.resolve(), output_dir.resolve()
    inside = model.rglob("*") if model.is_dir() else [model]
    times = [
        path.stat().st_mtime_ns
        for path in inside
        if path.is_file() and output_dir not in path.parents
    ]
    return {"model": str(model), "model_mtime_ns": max(times, default=None)}


def collect(images: Sequence[Path], failures: Iterable[str | None], results: Results) -> int:
    """Work until the end or Ctrl-C, write NAME.json, name what failed; return the exit status.

    Where no image could be done an earlier NAME.json stays, and none is made.

    Args:
      images: all that were asked for.
      failures: does the work while it is iterated over; yields for each image None, or a line.
      results: where the work is written to.
    """
    failed: list[str] = []
    interrupted = False
    try:
        failed.extend(failure for failure in failures if failure is not None)
    except KeyboardInterrupt:
        interrupted = True
    if results.has_any:
        print(f"{counted(results.write(images), 'pose')}: {results.path}")
    else:
        kept = "holds what it held before" if results.path.exists() else "is not written"
        print(f"nothing was done: {results.path} {kept}")
    if results.reused:
        again = "--again does everything anew"
        print(f"{results.reused} of {len(images)} images had been done before: {again}")
    for failure in failed:
        print(f"error: {failure}", file=sys.stderr)
    if not interrupted:
        return 1 if failed else 0
    done = sum(map(results.is_done, images))
    print(
        f"interrupted: {done} of {len(images)} images are done; {results.goes_on}", file=sys.stderr
    )
    return _INTERRUPTED
