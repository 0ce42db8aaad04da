"""TFDS builder of anybody's photos with 2D joints: COCO's or MPII's kind of annotation."""

from pathlib import Path
from typing import ClassVar

from own_photos.own_photos_annotations import read_annotations, read_persons
from own_photos.own_photos_files import locate
from own_photos.own_photos_persons import Person, once_each
from own_photos.own_photos_pixels import SEEN, STORED, check_sizes
from preparation.pose_builder import PoseBuilder, require_tree
from preparation.stored_crop import Storage
from preparation.units import Skipped, Unit, left_out

LABELS = "annotations.json"
EXPECTED_TREE = f"{LABELS} and images/"
PERSONS_PER_UNIT = 200
# Every so many images are for validation, if there are that many.
IMAGES_PER_VALIDATION_IMAGE = 10


class Builder(PoseBuilder):
    """Prepares a folder of photos: train, and every tenth image for validation.

    Args:
      label_pixels: which pixels of photos that their Exif turns the labels count, "seen" or
        "stored"; None: "seen", but sizes in the labels that say otherwise stop the build.
      image_size: see `PoseBuilder`, as for all that follows.
      num_processes: units at a time.
      **kwargs: as of TFDS's builders.
    """

    ORIGINALS: ClassVar = (LABELS, "images")
    storage = Storage(size=384, margin=1.75)

    def __init__(
        self,
        *,
        label_pixels: str | None = None,
        image_size: int | None = None,
        num_processes: int | None = None,
        **kwargs,
    ):
        self._label_pixels = label_pixels
        self.options = {"label_pixels": label_pixels or SEEN}
        super().__init__(image_size=image_size, num_processes=num_processes, **kwargs)

    def extra_features(self) -> dict:
        return {}

    def split_units(self, manual_dir: Path) -> dict[str, list[Unit]]:
        labels, images = manual_dir / LABELS, manual_dir / "images"
        require_tree(manual_dir, EXPECTED_TREE, labels.is_file() and images.is_dir())
        persons, skipped = self._persons(labels, images)
        names = sorted({person.image for person in persons})
        held_out = set(names[IMAGES_PER_VALIDATION_IMAGE - 1 :: IMAGES_PER_VALIDATION_IMAGE])
        splits = {
            "train": [person for person in persons if person.image not in held_out],
            "validation": [person for person in persons if person.image in held_out],
        }
        units = {split: self._units(manual_dir, of_split) for split, of_split in splits.items()}
        if skipped:
            units["train"].append(Unit("left_out", left_out, {"items": skipped}))
        return units

    def _persons(self, labels, images) -> tuple[list[Person], list[Skipped]]:
        """Return the persons whose photos are there, sorted by photo, and what is left out."""
        persons, skipped = read_annotations(labels)
        for step in (
            lambda persons: locate(images, persons),
            once_each,
            lambda persons: check_sizes(labels, images, persons, self._label_pixels),
        ):
            items = step(persons)
            persons = [item for item in items if isinstance(item, Person)]
            skipped += [item for item in items if isinstance(item, Skipped)]
        return sorted(persons, key=lambda person: (person.image, person.key)), skipped

    def _units(self, manual_dir, persons):
        return [
            self._unit(manual_dir, first, persons[first : first + PERSONS_PER_UNIT])
            for first in range(0, len(persons), PERSONS_PER_UNIT)
        ]

    def _unit(self, manual_dir, first, persons):
        arguments = {
            "images": manual_dir / "images",
            "persons": persons,
            "storage": self.storage,
            "as_stored": self._label_pixels == STORED,
        }
        photos = {manual_dir / "images" / person.image for person in persons}
        files = (manual_dir / LABELS, *sorted(photos))
        return Unit(f"persons_{first:05d}", read_persons, arguments, files, len(persons))
