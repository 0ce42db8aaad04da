"""Boxes of people in COCO's JSON; see `given_boxes`."""

import json
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hg3d_tf.cli import UserError

NO_NUMBER = 0
_MOST_PX = 1e9
_PERSON = 1  # COCO's category


class Row(NamedTuple):
    """A box x1, y1, x2, y2, in px or in the picture's width and height.

    The number, from 1, says who it is; 0: unknown. `where` is its place in the file, for messages.
    """

    box: tuple[float, float, float, float]
    score: float
    number: int
    where: str


def row(box, score, number, where: str) -> Row:
    """Return a row. Raises UserError, which begins with `where`, for a box that cannot be."""
    if not np.isfinite([*box, score, number]).all() or max(map(abs, box)) > _MOST_PX:
        raise UserError(f"{where}: a number is not finite, or more than {_MOST_PX:g}")
    if not (box[2] > box[0] and box[3] > box[1]):
        raise UserError(f"{where}: width and height must be more than 0")
    if number != int(number):
        raise UserError(f"{where}: id is {number:g}, not a whole number")
    return Row(tuple(map(float, box)), float(score), max(int(number), NO_NUMBER), where)


def read(path: Path, text: str) -> dict[str, list[Row]]:
    """Return the boxes of people by the photo's name, or its number as text.

    Raises:
      UserError: for what is no COCO, with the number of the first annotation that is wrong.
    """
    try:
        value = json.loads(text)
    except ValueError as error:
        raise UserError(f"{path}: cannot be read as JSON ({error})") from error
    names: dict | None = None
    if isinstance(value, dict):
        names = _names(path, value.get("images"))
        value = value.get("annotations")
    if not isinstance(value, list):
        raise UserError(f"{path}: wanted: a list of results, or images and annotations, as COCO's")
    rows: dict[str, list[Row]] = {}
    for number, annotation in enumerate(value, 1):
        if not _is_of_something_else(annotation):
            name, found = _annotation(annotation, names, f"{path}, annotation {number}")
            rows.setdefault(name, []).append(found)
    return rows


def _is_of_something_else(annotation) -> bool:
    """Tell whether an annotation is no person's: another thing's, or a crowd's."""
    if not isinstance(annotation, dict):
        return False  # which is said where it is read
    return annotation.get("category_id", _PERSON) != _PERSON or annotation.get("iscrowd") == 1


def _names(path: Path, images) -> dict:
    try:
        paths = {image["id"]: Path(image["file_name"]) for image in images}
    except (KeyError, TypeError) as error:
        raise UserError(f"{path}: images must have id and file_name") from error
    first: dict[str, Path] = {}
    for image in paths.values():
        if (other := first.setdefault(image.name, image)) != image:
            problem = f"boxes go by the image's name, which {other} and {image} share"
            raise UserError(f"{path}: {problem}: give a file for each folder")
    return {number: image.name for number, image in paths.items()}


def _annotation(annotation, names: dict | None, where: str) -> tuple[str, Row]:
    try:
        image = annotation["image_id"]
        x, y, width, height = map(float, annotation["bbox"])
        score = float(annotation.get("score", 1))
        number = float(annotation.get("track_id", NO_NUMBER))
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise UserError(f"{where}: wanted image_id and bbox x, y, width, height") from error
    if names is not None:
        if image not in names:
            raise UserError(f"{where}: image_id {image!r} is not among the images")
        image = names[image]
    name = Path(image).name if isinstance(image, str) else str(image)
    return name, row((x, y, x + width, y + height), score, number, where)
