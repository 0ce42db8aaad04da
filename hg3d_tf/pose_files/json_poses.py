"""Poses as JSON, joints by name: what `predict` writes and what other systems may write.

A list of records, or a file of lines (poses.jsonl). A record is a person in an image:

  image: the photo's or the film's name;
  seconds: of the film, for each record or for none; frame: its number, if frames are left out;
  person: a number, from 1 [its place among the records of its image and time]; through a film it
    stays the same person's;
  score: how sure it is that this is somebody; kept, if it is a number;
  joints_2d_px, joints_3d_mm, confidence: joints by the names of `skeleton.JOINT_NAMES`; null, or no
    entry, is a joint that is missing. At least one of the first two must be there. A confidence is
    how likely the joint is within 0.1 of the longer side of the person's box;
  image_size_px: width, height; box_px: x1, y1, x2, y2;
  size, origin, axes: of the 3D joints, see `sequence.Space`.
"""

import json
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

import numpy as np

from hg3d_tf import files
from hg3d_tf.cli import UserError
from hg3d_tf.pose_files.sequence import PoseSequence, Space
from hg3d_tf.skeleton import JOINT_NAMES

JOINTS = {"joints_2d_px": "joints_2d", "joints_3d_mm": "joints_3d", "confidence": "confidence"}
_WIDTHS = {"joints_2d_px": 2, "joints_3d_mm": 3, "confidence": None}
_CHUNK = 1 << 20  # characters
# Of coordinates in mm and px, seconds and numbers of frames: beyond it all is a mistake.
LARGEST = 10**8
IS_COCO = (
    "is COCO's JSON, of which only boxes are read, by `predict --boxes`: give poses.json as"
    " `predict` writes it, or joints by name as hg3d_tf/pose_files/README.md says"
)


def records(path: Path) -> Iterator[dict]:
    """Yield the records of a .json or .jsonl file, one in memory at a time.

    Of a .jsonl file a last line that is only begun is passed over, which is said: `predict` was
    killed there.

    Raises:
      UserError: for what is no JSON, or not a list of records.
    """
    try:
        if path.suffix == ".jsonl":
            yield from _of_lines(path)
        else:
            yield from _of_list(path)
    except json.JSONDecodeError as error:
        text = f"is no JSON, or only a part of it ({error}): write it anew"
        raise UserError(f"{path}: {text}") from error
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{path}: cannot be read as a list of poses ({error})") from error


def _of_list(path: Path) -> Iterator[dict]:
    decoder = json.JSONDecoder()
    with open(path, encoding="utf-8-sig") as file:  # with the mark of Windows' editors, too
        buffer = file.read(_CHUNK).lstrip()
        if not buffer.startswith("["):
            raise ValueError("wanted: a list")
        place, at_end = 1, False
        while buffer[(place := _next_place(buffer, place)) : place + 1] != "]":
            try:
                record, place = decoder.raw_decode(buffer, place)
            except ValueError:
                if at_end:
                    raise
                more = file.read(max(_CHUNK, len(buffer) - place))
                buffer, place, at_end = buffer[place:] + more, 0, not more
                continue
            yield record


def _next_place(buffer: str, place: int) -> int:
    while place < len(buffer) and buffer[place] in " \n\r\t,":
        place += 1
    return place


def _of_lines(path: Path) -> Iterator[dict]:
    """Yield the poses of each image's last line, or of lines that are records themselves."""
    with open(path, "rb") as file:
        last: dict[str, int] = {}
        for number, value in _values(file):
            if value is None:
                text = (
                    "only its beginning is there, as `predict` leaves it when killed: passed over"
                )
                print(f"warning: {path}, line {number}: {text}", file=sys.stderr)
            elif "poses" in value:
                last[value["image"]] = number
        file.seek(0)
        for number, value in _values(file):
            if value is None:
                continue
            if "poses" not in value:
                yield value
            elif last[value["image"]] == number:
                yield from value["poses"]


def _values(file: Iterable[bytes]) -> Iterator[tuple[int, dict | None]]:
    """Yield the number of each line, from 1, and its value; None of a last one only begun."""
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            value = json.loads(line)
        except ValueError as error:
            if line.endswith(b"\n"):
                raise ValueError(f"line {number}: {error}") from None
            value = None
        yield number, value


def fill(row: np.ndarray, record: dict, where: str) -> None:
    """Write the joints, box, size and score of a record into a row of `sequence.ROW`.

    Raises:
      UserError: that starts with `where`, for unknown joints and what is no number.
    """
    if not isinstance(record, dict) or not {"joints_2d_px", "joints_3d_mm"} & set(record):
        is_result = isinstance(record, dict) and "image_id" in record
        problem = IS_COCO if is_result else "holds no joints_3d_mm and no joints_2d_px"
        raise UserError(f"{where}: {problem}")
    for key, field in JOINTS.items():
        if key in record:
            row[field] = _joints(record[key], key, where)
    score = record.get("score")
    if isinstance(score, int | float) and abs(score) <= LARGEST:
        row["score"] = score
    for key in ("box_px", "image_size_px"):
        if record.get(key) is not None:
            wanted = row[key].size
            if not isinstance(record[key], list) or len(record[key]) != wanted:
                raise UserError(f"{where}: {key} is {record[key]!r}, not {wanted} numbers")
            whole = key == "image_size_px"
            row[key] = [number(side, key, where, whole) for side in record[key]]


def number(value, name: str, where: str, whole: bool = False):
    """Return a number of a record. Raises UserError for what is none, or beyond all sense."""
    is_one = isinstance(value, int if whole else (int, float)) and not isinstance(value, bool)
    low, high = (0, LARGEST) if whole else (-LARGEST, LARGEST)
    if not is_one or not low <= value <= high:
        kind = "a whole number" if whole else "a number"
        raise UserError(f"{where}: {name} is {value!r}, not {kind} from {low} to {high}")
    return value


def _joints(values: dict, key: str, where: str) -> np.ndarray:
    width = _WIDTHS[key]
    missing = np.nan if width is None else [np.nan] * width
    try:
        by_name = [values.get(name) for name in JOINT_NAMES]
        array = np.array([missing if value is None else value for value in by_name], np.float64)
        if array.shape != ((16,) if width is None else (16, width)):
            raise ValueError(f"wanted: {width or 1} numbers a joint")
    except (AttributeError, ValueError, TypeError) as error:
        raise UserError(f"{where}: {key} is not numbers by joint ({error})") from error
    if len(values) > len(JOINT_NAMES) or not values.keys() <= set(JOINT_NAMES):
        unknown = next(name for name in values if name not in JOINT_NAMES)
        raise UserError(f"{where}: {unknown!r} is no joint; there are {', '.join(JOINT_NAMES)}")
    if not (np.abs(array) <= LARGEST).all():
        _require_finite(array, by_name, key, where)
    return array


def _require_finite(array, by_name, key: str, where: str) -> None:
    for name, value, given in zip(JOINT_NAMES, array, by_name, strict=True):
        if given is not None and not (np.abs(value) <= LARGEST).all():
            what = "is not finite" if not np.isfinite(value).all() else f"is beyond {LARGEST}"
            raise UserError(f"{where}: {key} of {name} {what}; null means a missing joint")


def space_of(record: dict, where: str) -> Space:
    """Return what a record says of its 3D joints. Raises UserError for words not known."""
    given = {name: record[name] for name in ("size", "origin", "axes") if name in record}
    try:
        return Space(**given)
    except ValueError as error:
        raise UserError(f"{where}: {error}") from None


def write(path: Path, poses: PoseSequence) -> None:
    """Write poses as a list of records; numbers have three decimals."""
    with files.json_list(path) as add:
        for block in poses.blocks():
            for record in _records_of(block, poses):
                add(record)


def _records_of(block: np.ndarray, poses: PoseSequence) -> Iterable[dict]:
    space = {"size": poses.space.size, "origin": poses.space.origin, "axes": poses.space.axes}
    is_told = poses.persons != [1]
    for row in block:
        record = {"image": poses.images[row["image"]]}
        if not np.isnan(row["seconds"]):
            record = {
                "seconds": round(float(row["seconds"]), 6),
                "frame": int(row["frame"]),
            } | record
        if is_told:
            record["person"] = int(row["person"])
        if np.isfinite(row["score"]):
            record["score"] = round(float(row["score"]), 4)
        if row["image_size_px"].all():
            record["image_size_px"] = row["image_size_px"].tolist()
        if not np.isnan(row["box_px"]).any():
            record["box_px"] = np.round(row["box_px"], 1).tolist()
        for key, field in JOINTS.items():
            if not np.isnan(row[field]).all():
                record[key] = _by_name(row[field])
        yield record | space


def _by_name(values: np.ndarray) -> dict:
    known = np.isfinite(values.reshape(len(values), -1)).all(axis=1)
    numbers = np.round(values, 3).tolist()
    return {
        name: value if is_known else None
        for name, value, is_known in zip(JOINT_NAMES, numbers, known.tolist(), strict=True)
    }
