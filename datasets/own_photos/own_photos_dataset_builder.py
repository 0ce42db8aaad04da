"""TFDS builder of anybody's photos with 2D joints: COCO's or MPII's kind of annotation."""

from pathlib import Path

from own_photos.own_photos_annotations import read_annotations, read_persons
from preparation.pose_builder import PoseBuilder, require_tree
from preparation.stored_crop import Storage
from preparation.units import Unit

EXPECTED_TREE = "annotations.json and images/"
PERSONS_PER_UNIT = 200
# Every so many images are for validation, if there are that many.
IMAGES_PER_VALIDATION_IMAGE = 10


class Builder(PoseBuilder):
    """Prepares a folder of photos: train, and every tenth image for validation."""

    storage = Storage(size=384, margin=1.75)

    def extra_features(self) -> dict:
        return {}

    def split_units(self, manual_dir: Path) -> dict[str, list[Unit]]:
        labels = manual_dir / "annotations.json"
        present = labels.is_file() and (manual_dir / "images").is_dir()
        require_tree(manual_dir, EXPECTED_TREE, present)
        persons = read_annotations(labels)
        images = sorted({person.image for person in persons})
        held_out = set(images[IMAGES_PER_VALIDATION_IMAGE - 1 :: IMAGES_PER_VALIDATION_IMAGE])
        splits = {
            "train": [person for person in persons if person.image not in held_out],
            "validation": [person for person in persons if person.image in held_out],
        }
        return {split: self._units(manual_dir, of_split) for split, of_split in splits.items()}

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
        }
        files = (manual_dir / "annotations.json",)
        return Unit(f"persons_{first:05d}", read_persons, arguments, files, len(persons))
