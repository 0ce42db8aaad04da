"""Reads annotations.json: COCO's keypoints, or a list of persons as for MPII."""

import itertools
import json
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hg3d_tf.cli import UserError
from hg3d_tf.skeleton import JOINT_NAMES, NUM_JOINTS, PELVIS, THORAX, joint_index
from preparation.records import open_photo, pose_record, stored
from preparation.stored_crop import Storage
from preparation.units import Skipped

# Joints that lie half way between two others, where the annotation does not have them.
_MIDDLES = {PELVIS: ("r_hip", "l_hip"), THORAX: ("r_shoulder", "l_shoulder")}


class Person(NamedTuple):
    """The labels of one person, MPII order."""

    key: str
    image: str  # path below images/
    joints_2d: np.ndarray  # [16, 2] px
    visible: np.ndarray  # [16]


def read_annotations(path: Path) -> list[Person]:
    """Return the persons, sorted by image.

    Raises:
      UserError: if the file is not of one of the two kinds.
    """
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
        persons = _from_coco(content) if isinstance(content, dict) else _from_mpii(content)
    except (ValueError, KeyError, TypeError, IndexError, AttributeError) as error:
        raise UserError(
            f"{path}: neither COCO keypoints nor a list of persons as for MPII "
            f"({type(error).__name__}: {error})"
        ) from error
    return sorted(persons, key=lambda person: (person.image, person.key))


def _from_coco(content: dict) -> list[Person]:
    names = {image["id"]: image["file_name"] for image in content["images"]}
    orders = {c["id"]: _our_names(c["keypoints"]) for c in content["categories"]}
    persons = []
    for number, annotation in enumerate(content["annotations"]):
        if annotation.get("iscrowd") or not annotation.get("num_keypoints", 1):
            continue
        rows = np.array(annotation["keypoints"], float).reshape(-1, 3)
        joints_2d, visible = _placed(orders[annotation["category_id"]], rows[:, :2], rows[:, 2] > 0)
        key = f"{annotation.get('id', number)}"
        persons.append(Person(key, names[annotation["image_id"]], joints_2d, visible))
    return persons


def _from_mpii(content: list) -> list[Person]:
    persons = []
    for number, person in enumerate(content):
        # As in MPII, the top left pixel's centre is (1, 1).
        joints = np.array(person["joints"], float).reshape(NUM_JOINTS, 2) - 0.5
        seen = np.array(person["joints_vis"]).reshape(NUM_JOINTS) > 0
        persons.append(Person(f"{number}", person["image"], *_placed(JOINT_NAMES, joints, seen)))
    return persons


def _our_names(names: list[str]) -> list[str]:
    """Return MPII's names for COCO's: "left_hip" is l_hip; what has none keeps its own."""
    return [name.replace("left_", "l_").replace("right_", "r_") for name in names]


def _placed(names, joints, seen) -> tuple[np.ndarray, np.ndarray]:
    """Return joints_2d [16, 2] and visible [16] in MPII order."""
    joints_2d, visible = np.zeros((NUM_JOINTS, 2)), np.zeros(NUM_JOINTS, bool)
    for name, joint, is_seen in zip(names, joints, seen, strict=True):
        if name in JOINT_NAMES and is_seen:
            joints_2d[joint_index(name)], visible[joint_index(name)] = joint, True
    for middle, names_of_ends in _MIDDLES.items():
        ends = [joint_index(name) for name in names_of_ends]
        if not visible[middle] and visible[ends].all():
            joints_2d[middle], visible[middle] = joints_2d[ends].mean(0), True
    return joints_2d, visible


def read_persons(images: Path, persons: list[Person], storage: Storage) -> Iterator[dict | Skipped]:
    """Yield a record for each person."""
    for name, together in itertools.groupby(persons, lambda person: person.image):
        image = open_photo(images / name, name)
        for person in together:
            yield _record(person, image, storage)


def _record(person: Person, image, storage: Storage) -> dict | Skipped:
    key = f"{person.image}/{person.key}"
    if isinstance(image, Skipped):
        return Skipped(key, image.reason)
    if not person.visible.any():
        return Skipped(key, "no joint is annotated")
    record = pose_record(key, person.joints_2d, person.visible)
    return record if isinstance(record, Skipped) else stored(record, image, storage)
