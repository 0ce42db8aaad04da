"""TFDS builder of the MPII Human Pose Dataset."""

from pathlib import Path
from typing import ClassVar

import numpy as np
import tensorflow_datasets as tfds
from absl import logging

from mpii.mpii_annotations import Person, check_same_persons, read_newell, read_release
from mpii.mpii_images import read_persons
from preparation.pose_builder import PoseBuilder, require_tree
from preparation.stored_crop import Storage
from preparation.units import Skipped, Unit

RELEASE = "mpii_human_pose_v1_u12_1.mat"
NEWELL_FILES = ("train", "valid", "test", "annot")
PERSONS_PER_UNIT = 400
EXPECTED_TREE = f"images/*.jpg and {RELEASE} (or Newell's valid.h5 with train.h5 or annot.h5)"
# Without the list of validation persons, those of every tenth video are taken.
VIDEOS_PER_VALIDATION_VIDEO = 10


class Builder(PoseBuilder):
    """Prepares MPII, an example for each person: train, validation (Tompson's list), test."""

    ORIGINALS: ClassVar = (RELEASE, "*.h5", "annot/*.h5", "images")
    # Training enlarges and turns these photos: their crops need the widest margin.
    storage = Storage(size=448, margin=1.75)

    def extra_features(self) -> dict:
        number = tfds.features.Scalar(dtype=np.float32)
        return {
            "head_box_size_px": number,
            "center_raw": tfds.features.Tensor(shape=(2,), dtype=np.float32),
            "scale_raw": number,
            "activity": tfds.features.Text(),
            "video": tfds.features.Scalar(dtype=np.int32),
            "frame_second": number,
            "alone": tfds.features.Scalar(dtype=np.bool_),
        }

    def split_units(self, manual_dir: Path) -> dict[str, list[Unit]]:
        images = manual_dir / "images"
        persons = split_persons(manual_dir) if images.is_dir() else {}
        require_tree(manual_dir, EXPECTED_TREE, any(persons.values()))
        return {split: self._units(images, of_split) for split, of_split in persons.items()}

    def _units(self, images, persons):
        return [
            self._unit(images, first, persons[first : first + PERSONS_PER_UNIT])
            for first in range(0, len(persons), PERSONS_PER_UNIT)
        ]

    def _unit(self, images, first, persons):
        arguments = {"images": images, "persons": persons, "storage": self.storage}
        names = {person.image for person in persons if isinstance(person, Person)}
        photos = tuple(images / name for name in sorted(names))
        return Unit(f"persons_{first:05d}", read_persons, arguments, photos, len(persons))


def split_persons(manual_dir: Path) -> dict[str, list[Person | Skipped]]:
    """Return the persons of each split, from whichever files are there."""
    newell = {name: _find(manual_dir, f"{name}.h5") for name in NEWELL_FILES}
    if (manual_dir / RELEASE).is_file():
        return _from_release(manual_dir / RELEASE, newell["valid"])
    if newell["valid"] is None:
        return {}
    logging.warning("%s is missing: labels are read from Newell's .h5 files", RELEASE)
    persons = {name: read_newell(path) if path else [] for name, path in newell.items()}
    return {
        "train": persons["train"] or _without(persons["annot"], persons["valid"]),
        "validation": persons["valid"],
        "test": persons["test"],
    }


def _without(persons, others):
    keys = {person.key for person in others}
    return [person for person in persons if person.visible.any() and person.key not in keys]


def _find(manual_dir, name):
    places = (manual_dir / name, manual_dir / "annot" / name)
    return next((path for path in places if path.is_file()), None)


def _from_release(path, validation_file):
    persons = read_release(path)
    training = [person for split, person in persons if split == "train"]
    test = [person for split, person in persons if split == "test"]
    in_validation = _validation_rule(training, validation_file)
    kept = {False: [], True: []}
    for person in training:
        kept[isinstance(person, Person) and in_validation(person)].append(person)
    return {"train": kept[False], "validation": kept[True], "test": test}


def _validation_rule(persons, validation_file):
    if validation_file is None:
        logging.warning(
            "valid.h5 (the list of 2,958 validation persons) is missing: the persons of every"
            " %dth video are taken instead: not comparable with published results",
            VIDEOS_PER_VALIDATION_VIDEO,
        )
        return lambda person: person.more["video"] % VIDEOS_PER_VALIDATION_VIDEO == 0
    listed = read_newell(validation_file)
    ours = {person.key: person for person in persons if isinstance(person, Person)}
    check_same_persons(ours, listed, validation_file)
    keys = {person.key for person in listed}
    return lambda person: person.key in keys
