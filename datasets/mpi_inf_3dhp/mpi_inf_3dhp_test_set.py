"""Reads the test images of MPI-INF-3DHP into records."""

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from mpi_inf_3dhp.mpi_inf_3dhp_records import fitted_intrinsics, labelled_record
from preparation.label_files import reading
from preparation.records import open_photo, stored
from preparation.stored_crop import Storage
from preparation.units import Skipped

SCENES = {
    "TS1": "studio_green_screen",
    "TS2": "studio_green_screen",
    "TS3": "studio",
    "TS4": "studio",
    "TS5": "outdoor",
    "TS6": "outdoor",
}


def valid_frames(sequence: Path) -> np.ndarray:
    """Return the numbers, from 0, of a sequence's frames that are evaluated."""
    labels = sequence / "annot_data.mat"
    with reading(labels, "a test sequence's labels (HDF5)"), h5py.File(labels) as file:
        return np.flatnonzero(np.ravel(file["valid_frame"]))


def photo_path(sequence: Path, index: int) -> Path:
    """Return where the photo of a frame, from 0, lies: their names count from 1."""
    return sequence / f"imageSequence/img_{index + 1:06d}.jpg"


def read_frames(sequence: Path, frames: np.ndarray, storage: Storage) -> Iterator[dict | Skipped]:
    """Yield the records of some frames (from 0, increasing) of a test sequence."""
    path = sequence / "annot_data.mat"
    with reading(path, "a test sequence's labels (HDF5)"), h5py.File(path) as file:
        names = ("annot2", "annot3", "univ_annot3")
        labels = [np.asarray(file[name], np.float64)[:, 0] for name in names]
        activities = np.ravel(file["activity_annotation"]).astype(int)
        valid = np.ravel(file["valid_frame"]).astype(bool)
    intrinsics = fitted_intrinsics(labels[0][valid], labels[1][valid])
    for index in frames:
        # Its images count from 1.
        key, number = f"{sequence.name}/{index + 1:06d}", int(index) + 1
        fields = {"subject": sequence.name, "sequence": "", "camera": 0, "frame": number}
        fields |= {"scene": SCENES[sequence.name], "activity": int(activities[index])}
        joints = (label[index] for label in labels)
        record = labelled_record(key, *joints, intrinsics, extrinsics=np.zeros((3, 4)), **fields)
        if isinstance(record, dict):
            image = open_photo(photo_path(sequence, index), key)
            record = image if isinstance(image, Skipped) else stored(record, image, storage)
        yield record
