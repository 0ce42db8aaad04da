"""Poses as a table: a row for each person in a frame, three or two columns for each joint.

Columns: image, image_width_px, image_height_px (empty where not known), frame, seconds (empty for
photos), person, score (empty where not known), size, origin, axes (of the 3D joints, see
`sequence.Space`); box_x1_px, box_y1_px, box_x2_px, box_y2_px; NAME_x_mm, NAME_y_mm, NAME_z_mm;
NAME_x_px, NAME_y_px; NAME_confidence. A missing joint's cells are empty. A table made by hand wants
person and joints; without frame the frames are counted by seconds, photos by image.
"""

import csv
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hg3d_tf import files
from hg3d_tf.cli import UserError
from hg3d_tf.pose_files import json_poses
from hg3d_tf.pose_files.sequence import (
    BLOCK,
    ROW,
    PoseSequence,
    Space,
    counted,
    empty_rows,
    spooled,
)
from hg3d_tf.skeleton import JOINT_NAMES

_SPACE = ("size", "origin", "axes")
_SIZES = ("image_width_px", "image_height_px")
_FIRST = ("image", *_SIZES, "frame", "seconds", "person", "score", *_SPACE)
_COLUMNS = {
    "box_px": [f"box_{side}_px" for side in ("x1", "y1", "x2", "y2")],
    "joints_3d": [f"{name}_{axis}_mm" for name in JOINT_NAMES for axis in "xyz"],
    "joints_2d": [f"{name}_{axis}_px" for name in JOINT_NAMES for axis in "xy"],
    "confidence": [f"{name}_confidence" for name in JOINT_NAMES],
}


def write(path: Path, poses: PoseSequence) -> None:
    """Write the table; numbers have three decimals, scores four, times six."""
    fields = [field for field in _COLUMNS if _anywhere(poses, field)]
    space = [poses.space.size, poses.space.origin, poses.space.axes]
    with files.atomic_text(path) as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow([*_FIRST, *(name for f in fields for name in _COLUMNS[f])])
        for block in poses.blocks():
            numbers = np.concatenate([block[field].reshape(len(block), -1) for field in fields], 1)
            for row, values in zip(block, cells(numbers), strict=True):
                seconds, score = _text(row["seconds"], 6), _text(row["score"], 4)
                sizes = [side or "" for side in row["image_size_px"].tolist()]
                start = [poses.images[row["image"]], *sizes, row["frame"], seconds, row["person"]]
                table.writerow([*start, score, *space, *values])


def _text(number: float, decimals: int) -> str:
    return "" if np.isnan(number) else f"{number:.{decimals}f}"


def _anywhere(poses: PoseSequence, field: str) -> bool:
    return any(np.isfinite(block[field]).any() for block in poses.blocks())


def cells(numbers: np.ndarray, decimals: int = 3, missing: str = "") -> Iterator[list[str]]:
    """Yield for each row of numbers [N, C] its texts [C]; NaN becomes `missing`."""
    form, gaps = f"%.{decimals}f", np.isnan(numbers)
    for row, is_gap, any_gap in zip(numbers.tolist(), gaps, gaps.any(axis=1), strict=True):
        texts = [form % value for value in row]
        if any_gap:
            for place in np.flatnonzero(is_gap):
                texts[place] = missing
        yield texts


def read(path: Path) -> PoseSequence:
    """Read what `write` wrote, or fewer of its columns.

    Raises:
      UserError: for other columns and what is no number.
    """
    images: dict[str, int] = {}
    with open(path, encoding="utf-8-sig", newline="") as file:  # as Excel writes it, too
        table = csv.reader(file)
        names = next(table, [])
        known = {*_FIRST, *(name for columns in _COLUMNS.values() for name in columns)}
        unknown = [name for name in names if name not in known]
        if unknown or "person" not in names:
            what = f"{unknown[0]!r} is no column of poses" if unknown else "has no column person"
            raise UserError(f"{path}: {what}: names are NAME_x_mm with {', '.join(JOINT_NAMES)}")
        spaces: set[Space] = set()
        rows = spooled(_blocks(path, names, table, images, spaces))
    if len(spaces) > 1:
        raise UserError(f"{path}: size, origin or axes differ between its rows")
    poses = PoseSequence(rows, tuple(images), (spaces or {Space()}).pop(), str(path))
    return poses if "frame" in names else counted(poses)


def _blocks(path, names: list[str], table, images, spaces) -> Iterator[np.ndarray]:
    lines = []
    for line in table:
        if len(line) != len(names):
            raise UserError(f"{path}, line {table.line_num}: has {len(line)} cells of {len(names)}")
        lines.append(line)
        if len(lines) == BLOCK:
            yield _block(path, names, lines, images, spaces)
            lines = []
    yield _block(path, names, lines, images, spaces)


def _whole(cell: str) -> float:
    number = float(cell)
    if number % 1:
        raise ValueError(f"{cell} is no whole number")
    return number


def _block(path, names: list[str], lines: list[list[str]], images, spaces) -> np.ndarray:
    rows = empty_rows(len(lines))
    columns = dict(zip(names, zip(*lines, strict=True), strict=True)) if lines else {}
    try:
        for name in ("frame", "seconds", "person", "score"):
            number = _whole if name in ("frame", "person") else float
            if name in columns:
                rows[name] = [number(cell) if cell else np.nan for cell in columns[name]]
        for place, name in enumerate(_SIZES):
            if name in columns:
                rows["image_size_px"][:, place] = [int(cell or 0) for cell in columns[name]]
        for field, wanted in _COLUMNS.items():
            for place, name in enumerate(wanted):
                if name in columns:
                    values = [float(cell) if cell else np.nan for cell in columns[name]]
                    rows[field].reshape(len(rows), -1)[:, place] = values
        if (rows["person"] < 1).any() or (rows["frame"] < 0).any():
            raise ValueError("persons count from 1, frames from 0")
        for name in ROW.names:
            if np.any(np.abs(rows[name]) > json_poses.LARGEST):
                raise ValueError(f"a {name} is beyond {json_poses.LARGEST}")
    except (ValueError, OverflowError) as error:
        raise UserError(f"{path}: holds a cell that is no number ({error})") from error
    if "image" in columns:
        rows["image"] = [images.setdefault(name, len(images)) for name in columns["image"]]
    else:
        images.setdefault("", 0)
    if columns.keys() >= set(_SPACE):
        try:
            spaces |= {Space(*it) for it in set(zip(*map(columns.get, _SPACE), strict=True))}
        except ValueError as error:
            raise UserError(f"{path}: {error}") from None
    return rows
