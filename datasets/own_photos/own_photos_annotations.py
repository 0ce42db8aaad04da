"""Reads annotations.json: COCO's keypoints, or a list of persons as for MPII."""

import collections
import itertools
import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hg3d_tf.cli import UserError
from hg3d_tf.skeleton import JOINT_NAMES, NUM_JOINTS
from own_photos.own_photos_coco import foreign_joints, read_coco
from own_photos.own_photos_persons import Person, placed, printable
from preparation.label_files import reading
from preparation.records import open_photo, pose_record, stored
from preparation.stored_crop import Storage
from preparation.units import Skipped

_KIND = "COCO keypoints or a list of persons as for MPII"


def read_annotations(path: Path) -> tuple[list[Person], list[Skipped]]:
    """Return the persons, in the file's order, and what was left out of it.

    Raises:
      UserError: if the file is not of one of the two kinds, or nobody is labelled in it.
    """
    with reading(path, _KIND):
        # The bytes: they may begin with a mark of their order, and be UTF-16.
        content = json.loads(path.read_bytes())
        found = read_coco(content) if isinstance(content, dict) else _read_mpii(content)
        foreign = foreign_joints(content) if isinstance(content, dict) else []
    persons = [item for item in found if isinstance(item, Person)]
    if not persons:
        raise UserError(_nothing_labelled(path, found, foreign))
    return persons, [item for item in found if isinstance(item, Skipped)]


def _nothing_labelled(path, found, foreign) -> str:
    counts = collections.Counter(item.reason for item in found)
    reasons = "".join(f", {count} left out: {reason}" for reason, count in counts.items())
    line = f"{path}: nothing is labelled with joints: {len(found)} annotations{reasons}; "
    if foreign:
        line += f"names of joints that are not known: {', '.join(map(repr, foreign[:20]))}; "
        return line + f"known are {', '.join(JOINT_NAMES)} and what means the same, as left_hip"
    return line + "label the joints as points of a skeleton and export COCO keypoints"


def _read_mpii(content: list) -> list[Person | Skipped]:
    found = [_mpii_person(number, person) for number, person in enumerate(content)]
    if found and not any(isinstance(item, Person) for item in found):
        raise ValueError(f"{found[0].name}: {found[0].reason}")
    return found


def _mpii_person(number: int, person) -> Person | Skipped:
    try:
        # As in MPII, the top left pixel's centre is (1, 1).
        joints = np.array(person["joints"], float).reshape(NUM_JOINTS, 2) - 0.5
        labelled = np.array(person["joints_vis"], float).reshape(NUM_JOINTS) > 0
        place = placed(JOINT_NAMES, joints, labelled)
        return Person(
            f"{number}", printable(person["image"]), *place, joints_3d=_joints_3d(person, labelled)
        )
    except _BadJoints3D as error:
        return Skipped(f"person {number}", str(error))
    except (ValueError, KeyError, TypeError, IndexError, OverflowError):
        return Skipped(f"person {number}", "it has not image, joints [16, 2] and joints_vis [16]")


class _BadJoints3D(Exception):
    """Why joints_3d_mm is no pose."""


def _joints_3d(person: dict, labelled: np.ndarray) -> np.ndarray | None:
    """Return joints_3d_mm, if there is any; depth is taught from whole poses only."""
    if person.get("joints_3d_mm") is None:
        return None
    try:
        joints = np.array(person["joints_3d_mm"], float)
    except (ValueError, TypeError, OverflowError):
        joints = np.zeros(0)
    if joints.shape != (NUM_JOINTS, 3) or not np.isfinite(joints).all():
        raise _BadJoints3D("its joints_3d_mm are not numbers [16, 3]")
    if not labelled.all():
        raise _BadJoints3D("it has joints_3d_mm, but not all of its joints are labelled in 2D")
    return joints


def read_persons(
    images: Path, persons: list[Person], storage: Storage, as_stored: bool
) -> Iterator[dict | Skipped]:
    """Yield a record for each person, whose photos lie below `images`."""
    for name, together in itertools.groupby(persons, lambda person: person.image):
        image = open_photo(images / name, name, as_stored)
        for person in together:
            yield _record(person, image, storage)


def _record(person: Person, image, storage: Storage) -> dict | Skipped:
    key = f"{printable(person.image)}/{person.key}"
    if isinstance(image, Skipped):
        return Skipped(key, image.reason)
    if not person.visible.any():
        return Skipped(key, "no joint is annotated")
    record = pose_record(key, person.joints_2d, person.visible, person.joints_3d)
    return record if isinstance(record, Skipped) else stored(record, image, storage)
