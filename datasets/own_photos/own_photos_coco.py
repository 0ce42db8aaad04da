"""Reads labels in COCO's form as annotation tools write them: what is no skeleton is left out."""

from collections.abc import Iterable

import numpy as np

from own_photos.own_photos_joint_names import our_names, unknown_names
from own_photos.own_photos_persons import Person, placed, printable
from preparation.units import Skipped

_SEVERAL = object()  # stands for an id that entries of different contents share


def read_coco(content: dict) -> list[Person | Skipped]:
    """Return a person, or why there is none, for each annotation.

    Raises:
      KeyError: if there are no annotations, images or categories.
      TypeError: if these are not lists.
    """
    photos = _by_id(content["images"], _photo)
    if _is_of_label_studio(content):
        photos = {key: _without_size(photo) for key, photo in photos.items()}
    skeletons = _by_id(content["categories"], _skeleton)
    return [
        _person_or_reason(number, annotation, photos, skeletons)
        for number, annotation in enumerate(content["annotations"])
    ]


def foreign_joints(content: dict) -> list[str]:
    """Return the names of joints, in all categories, that mean nothing known."""
    skeletons = [_skeleton(category) for category in _objects(content["categories"])]
    return list(dict.fromkeys(name for names in skeletons for name in unknown_names(names)))


def _is_of_label_studio(content: dict) -> bool:
    """Tell whether sizes are those of photos as stored, though labels are of what is seen.

    See https://github.com/HumanSignal/label-studio/issues/6608.
    """
    info = content.get("info")
    return isinstance(info, dict) and info.get("contributor") == "Label Studio"


def _objects(entries) -> list[dict]:
    return [entry for entry in iter(entries or ()) if isinstance(entry, dict)]


def _by_id(entries, read) -> dict:
    """Return what `read` makes of each entry, by id; _SEVERAL where entries of one id differ."""
    found = {}
    for entry in _objects(entries):
        key, value = _id(entry.get("id")), read(entry)
        found[key] = value if found.get(key, value) == value else _SEVERAL
    return found


def _id(value) -> str:
    """Return an id as text: some tools write 7, others "7" or 7.0."""
    whole = isinstance(value, float) and value.is_integer()
    return printable(int(value) if whole else value).strip()


def _photo(entry: dict) -> tuple[str, tuple[int, int] | None]:
    """Return the file's name ("" if there is none), and width and height, if they are given."""
    names = (entry.get(key) for key in ("file_name", "path", "coco_url"))
    name = next((name for name in names if isinstance(name, str) and name.strip()), "")
    sides = [entry.get(key) for key in ("width", "height")]
    given = all(isinstance(side, (int, float)) and 1 < side < 1e6 for side in sides)
    return name, tuple(round(side) for side in sides) if given else None


def _without_size(photo):
    return photo if photo is _SEVERAL else (photo[0], None)


def _skeleton(category: dict) -> list[str]:
    names = category.get("keypoints")
    return [printable(name) for name in names] if isinstance(names, list) else []


def _person_or_reason(number, annotation, photos, skeletons) -> Person | Skipped:
    if not isinstance(annotation, dict):
        return Skipped(f"annotation {number} from 0", "it is no object")
    key = _id(annotation.get("id", number))
    name = f"annotation {key} (image_id {_id(annotation.get('image_id'))})"
    try:
        return _person(key, annotation, photos, skeletons)
    except _NoPerson as reason:
        return Skipped(name, str(reason))


class _NoPerson(Exception):
    """Why an annotation is no labelled person."""


def _require(condition, reason: str) -> None:
    if not condition:
        raise _NoPerson(reason)


def _person(key, annotation, photos, skeletons) -> Person:
    """Return the person, or raise _NoPerson."""
    keypoints = annotation.get("keypoints")
    _require(keypoints, "no keypoints: a box or an outline")
    _require(str(annotation.get("iscrowd")) not in ("1", "True"), "a crowd")
    names = _looked_up(skeletons, annotation.get("category_id"), "category_id")
    _require(names, "its category has no keypoints")
    rows = _rows(keypoints, len(names))
    photo, size = _looked_up(photos, annotation.get("image_id"), "image_id")
    _require(photo, "the entry of its photo has no file_name")
    # Tools that do not write v = 0 for what is not labelled write a place that nobody clicks at.
    labelled = (rows[:, 2] > 0) & rows[:, :2].any(1) & np.isfinite(rows).all(1)
    _require(labelled.any(), "no joint is annotated")
    joints_2d, visible = placed(our_names(names), rows[:, :2], labelled)
    _require(visible.any(), "none of its joints is known here")
    return Person(key, printable(photo), joints_2d, visible, size)


def _looked_up(found: dict, value, what: str):
    entry = found.get(_id(value))
    _require(entry is not None, f"its {what} is in no entry of the file")
    _require(entry is not _SEVERAL, f"its {what} stands for several entries that differ")
    return entry


def _rows(keypoints: Iterable, count: int) -> np.ndarray:
    """Return x, y, v [count, 3]."""
    try:
        return np.array(keypoints, float).reshape(count, 3)
    except (ValueError, TypeError, OverflowError) as error:
        reason = "its keypoints are not x, y, v for each joint of its category"
        raise _NoPerson(reason) from error
