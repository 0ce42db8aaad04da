"""TFDS builder of Leeds Sports Pose Extended."""

from pathlib import Path
from typing import ClassVar

import numpy as np
import tensorflow_datasets as tfds

from lspet.lspet_images import load_joints, photo_path, read_images
from preparation.pose_builder import PoseBuilder, require_tree
from preparation.stored_crop import Storage
from preparation.units import Unit

FIRST_VALIDATION_IMAGE = 9001
FIRST_TEST_IMAGE = 9501
IMAGES_PER_UNIT = 500
EXPECTED_TREE = "joints.mat and images/im00001.jpg ..."


class Builder(PoseBuilder):
    """Prepares LSPET: train is images 1..9000, validation 9001..9500, test the rest."""

    ORIGINALS: ClassVar = ("joints.mat", "images")
    # The photos are small: nearly always they are stored whole.
    storage = Storage(size=512, margin=2.0)

    def extra_features(self) -> dict:
        return {
            "neck_2d": tfds.features.Tensor(shape=(2,), dtype=np.float32),
            "neck_visible": tfds.features.Scalar(dtype=np.bool_),
            "number": tfds.features.Scalar(dtype=np.int32),
        }

    def split_units(self, manual_dir: Path) -> dict[str, list[Unit]]:
        labels = manual_dir / "joints.mat"
        present = labels.is_file() and (manual_dir / "images").is_dir()
        require_tree(manual_dir, EXPECTED_TREE, present)
        end = len(load_joints(labels)) + 1
        starts = {"train": 1, "validation": FIRST_VALIDATION_IMAGE, "test": FIRST_TEST_IMAGE}
        starts = {split: min(start, end) for split, start in starts.items()}
        ends = [*starts.values(), end][1:]
        return {
            split: self._units(manual_dir, start, stop)
            for (split, start), stop in zip(starts.items(), ends, strict=True)
        }

    def _units(self, manual_dir, first, end):
        starts = range(first, end, IMAGES_PER_UNIT)
        return [
            self._unit(manual_dir, start, min(start + IMAGES_PER_UNIT, end)) for start in starts
        ]

    def _unit(self, manual_dir, start, stop):
        images = {"start": start, "stop": stop}
        arguments = {"manual_dir": manual_dir, "storage": self.storage} | images
        photos = (photo_path(manual_dir, number) for number in range(start, stop))
        files = (manual_dir / "joints.mat", *photos)
        return Unit(f"images_{start:05d}", read_images, arguments, files, stop - start)
