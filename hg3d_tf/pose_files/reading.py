"""Poses from the files that this package writes, or that others write in its forms."""

import re
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hg3d_tf.cli import UserError
from hg3d_tf.pose_files import csv_table, json_poses, named_arrays
from hg3d_tf.pose_files.sequence import (
    BLOCK,
    PoseSequence,
    Space,
    counted,
    empty_rows,
    spooled,
)

_COCOS_FIRST_NAME = re.compile(r'\{\s*"(info|licenses|images|annotations|categories)"')


def read(path: str | Path, frame_rate: float | None = None) -> PoseSequence:
    """Return the poses of a file, which is read record by record.

    Args:
      path: .json or .jsonl as `predict` writes (`json_poses` describes them), .csv as `csv_table`
        writes, or the predictions file of evaluation, .npz or .json (`named_arrays`).
      frame_rate: frames a second: the poses, which have no times, are those of a film.

    Returns:
      Joints in px and mm; unknown ones are NaN.

    Raises:
      UserError: one line for a file that holds no poses, one of COCO's, unknown joints, numbers
        that are not finite, times that do not rise.
    """
    path = Path(path)
    if path.is_dir():
        raise UserError(f"{path} is a folder: give a file of poses, such as one in it")
    if not path.is_file():
        raise UserError(f"{path} does not exist: give a file of poses")
    if path.suffix == ".csv":
        poses = csv_table.read(path)
    elif path.suffix == ".npz" or (path.suffix == ".json" and _beginning(path).startswith("{")):
        poses = _of_arrays(path)
    elif path.suffix in (".json", ".jsonl"):
        poses = _of_records(path)
    else:
        raise UserError(f"{path}: poses are read from .json, .jsonl, .csv and .npz files")
    if not len(poses.rows):
        raise UserError(f"{path}: no person is in it")
    if frame_rate is not None:
        poses = _timed(poses, frame_rate)
    _check_times(poses)
    return poses


def _beginning(path: Path) -> str:
    with open(path, encoding="utf-8-sig", errors="replace") as file:
        return file.read(4096).lstrip()


def _of_arrays(path: Path) -> PoseSequence:
    if path.suffix == ".json" and _COCOS_FIRST_NAME.match(_beginning(path)):
        raise UserError(f"{path}: {json_poses.IS_COCO}")
    arrays = named_arrays.load(path)
    rows = empty_rows(len(arrays["key"]))
    names = {"predicted_2d_px": "joints_2d", "predicted_3d_mm": "joints_3d"}
    for name, field in (names | {"confidence": "confidence"}).items():
        if name in arrays:
            rows[field] = arrays[name]
    if "predicted_2d_px" not in arrays and "predicted_3d_mm" not in arrays:
        raise UserError(f"{path}: holds neither predicted_3d_mm nor predicted_2d_px")
    rows["frame"] = rows["image"] = np.arange(len(rows))
    return PoseSequence(rows, tuple(arrays["key"].tolist()), Space(), str(path))


def _of_records(path: Path) -> PoseSequence:
    reader = _Reader(path)
    rows = spooled(reader.blocks())
    poses = PoseSequence(rows, tuple(reader.images), reader.space or Space(), str(path))
    return counted(poses) if reader.goes_back else poses


class _Reader:
    """Turns records into rows; knows the images and the space afterwards.

    It also knows whether the times, of frames without numbers, go back somewhere.
    """

    def __init__(self, path: Path):
        self._path = path
        self.images: dict[str, int] = {}
        self.space: Space | None = None
        self.goes_back, self._seconds = False, -np.inf
        self._frame, self._moment, self._there = -1, None, 0

    def blocks(self) -> Iterator[np.ndarray]:
        block, count = empty_rows(BLOCK), 0
        for number, record in enumerate(json_poses.records(self._path)):
            self._fill(block[count], record, f"{self._path}, pose {number + 1}")
            count += 1
            if count == BLOCK:
                yield block
                block, count = empty_rows(BLOCK), 0
        yield block[:count]

    def _fill(self, row: np.ndarray, record: dict, where: str) -> None:
        json_poses.fill(row, record, where)
        space = json_poses.space_of(record, where)
        if self.space not in (None, space):
            raise UserError(f"{where}: size, origin or axes differ from those of the poses before")
        self.space = space
        image = str(record.get("image", ""))
        row["image"] = self.images.setdefault(image, len(self.images))
        seconds = record.get("seconds")
        moment = (image, seconds, record.get("frame"))
        if moment != self._moment:
            self._moment, self._frame, self._there = moment, self._frame + 1, 0
        self._there += 1
        if seconds is not None:
            row["seconds"] = json_poses.number(seconds, "seconds", where)
            self.goes_back |= "frame" not in record and seconds < self._seconds
            self._seconds = seconds
        for name, given in (("frame", self._frame), ("person", self._there)):
            row[name] = json_poses.number(record.get(name, given), name, where, whole=True)
        if row["person"] < 1:
            raise UserError(f"{where}: person is 0, numbers of persons begin at 1")


def _timed(poses: PoseSequence, frame_rate: float) -> PoseSequence:
    if poses.is_film:
        raise UserError(f"{poses.name}: its poses have times of their own: leave --frame_rate out")
    _check_rising(poses, "frame")

    def change(block):
        block["seconds"] = block["frame"] / frame_rate
        block["image"] = 0
        return block

    film = poses.changed(change)
    return PoseSequence(film.rows, poses.images[:1], poses.space, poses.name)


def _check_times(poses: PoseSequence) -> None:
    timed = ~np.isnan(poses.rows["seconds"])
    if not timed.any():
        return
    if not timed.all():
        raise UserError(
            f"{poses.name}: pose {int(np.argmin(timed)) + 1} has no seconds, others have"
        )
    if len(poses.images) > 1:
        raise UserError(f"{poses.name}: holds {len(poses.images)} films: one at a time")
    _check_rising(poses, "seconds")
    _check_rising(poses, "frame")


def _check_rising(poses: PoseSequence, field: str) -> None:
    """Raise UserError unless the seconds, or the frame, of each person rise from pose to pose."""
    problem = {
        "seconds": "do not rise",
        "frame": "does not rise: it must be the number, from 0, of the frame in the film",
    }[field]
    rows = poses.rows
    for person in poses.persons:
        places = np.flatnonzero(rows["person"] == person)
        rising = np.diff(rows[field][places]) > 0
        if not rising.all():
            place = int(places[np.argmin(rising) + 1]) + 1
            raise UserError(f"{poses.name}: {field} of pose {place} {problem}")
