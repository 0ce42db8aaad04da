"""Reads MPII's persons with their images into records."""

import itertools
from collections.abc import Iterator
from pathlib import Path

from mpii.mpii_annotations import Person, from_one_based, network_square
from preparation.records import open_photo, pose_record, stored
from preparation.stored_crop import Storage
from preparation.units import Skipped


def read_persons(
    images: Path, persons: list[Person | Skipped], storage: Storage
) -> Iterator[dict | Skipped]:
    """Yield a record for each person; `Skipped`s pass through."""
    for person in persons:
        if isinstance(person, Skipped):
            yield person
    present = (person for person in persons if isinstance(person, Person))
    for name, together in itertools.groupby(present, lambda person: person.image):
        image = open_photo(images / name, Path(name).stem)
        for person in together:
            yield _record(person, image, storage)


def _record(person, image, storage):
    if isinstance(image, Skipped):
        return Skipped(person.key, image.reason)
    record = pose_record(
        person.key,
        from_one_based(person.joints),
        person.visible,
        square=network_square(person.center, person.scale),
        head_box_size_px=person.head_size_px,
        center_raw=person.center,
        scale_raw=person.scale,
        **person.more,
    )
    if isinstance(record, Skipped):
        return record
    return stored(record | {"occluded": person.occluded}, image, storage)
