"""Reads the authors' pre-processed Human3.6M: annot*.h5 and 224 px crops, into records."""

from collections.abc import Iterator
from pathlib import Path

import h5py
import numpy as np

from h36m.h36m_camera import PIXEL_SHIFT, Camera
from h36m.h36m_metadata import ACTIONS, CAMERA_IDS, FIRST_ACTION
from hg3d_tf.data.joint_orders import H36M_17_NAMES, MPII_16_FROM_H36M_17
from hg3d_tf.skeleton import NUM_JOINTS
from preparation.label_files import reading
from preparation.records import open_photo, pose_record, with_mid_shoulder_thorax
from preparation.units import Skipped

IMAGE_SIZE_PX = 224
_PLACE = ("id", "subject", "action", "subaction", "camera")
_COLUMNS = (*_PLACE, "joint_2d", "joint_3d_mono", "bbox")


def split_rows(annotations: Path, training: bool) -> np.ndarray:
    """Return the numbers of the rows of a split."""
    with reading(annotations, "the authors' annotations"), h5py.File(annotations) as file:
        return np.flatnonzero(np.ravel(file["istrain"]).astype(bool) == training)


def photo_paths(annotations: Path, images: Path, rows: np.ndarray) -> list[Path]:
    """Return where the photos of some rows (increasing) of annotations lie."""
    return [_photo_path(images, _place(row)) for row in _rows(annotations, rows, _PLACE)]


def read_rows(
    annotations: Path, images: Path, rows: np.ndarray, cameras: dict[tuple[int, str], Camera]
) -> Iterator[dict | Skipped]:
    """Yield the records of some rows (increasing) of annotations.

    `cameras`, by (subject, camera id), may be empty: the records then lack the calibration.
    """
    for row in _rows(annotations, rows, _COLUMNS):
        yield _read_row(row, images, cameras)


def _rows(annotations, rows, names):
    with reading(annotations, "the authors' annotations"), h5py.File(annotations) as file:
        columns = {name: file[name][rows[0] : rows[-1] + 1][rows - rows[0]] for name in names}
    for i in range(len(rows)):
        yield {name: column[i] for name, column in columns.items()}


def _place(row):
    return {name: int(np.ravel(row[name])[0]) for name in _PLACE}


def _photo_path(images, place):
    folder = (
        f"s_{place['subject']:02d}_act_{place['action']:02d}"
        f"_subact_{place['subaction']:02d}_ca_{place['camera']:02d}"
    )
    return images / folder / f"{folder}_{place['id']:06d}.jpg"


def _read_row(row, images, cameras):
    numbers = _place(row)
    subaction = numbers["subaction"]
    action, camera_id = ACTIONS[numbers["action"] - FIRST_ACTION], CAMERA_IDS[numbers["camera"] - 1]
    key = f"S{numbers['subject']}/{action} {subaction}/{camera_id}/{numbers['id']:06d}"
    path = _photo_path(images, numbers)
    image = open_photo(path, key)
    if isinstance(image, Skipped):
        return image
    if image.size != (IMAGE_SIZE_PX, IMAGE_SIZE_PX):
        return Skipped(key, f"the image is not {IMAGE_SIZE_PX} px wide and high")
    place = {"subject": numbers["subject"], "action": action, "subaction": subaction}
    place |= {"camera": camera_id, "frame": numbers["id"]}
    camera = cameras.get((numbers["subject"], camera_id))
    record = _record(key, row, camera, place)
    return record | {"image": path.read_bytes()} if isinstance(record, dict) else record


def _record(key, row, camera, place):
    corners = np.reshape(row["bbox"], (2, 2)).astype(float)
    scale = IMAGE_SIZE_PX / np.ptp(corners, axis=0)
    joints_2d = row["joint_2d"] + PIXEL_SHIFT * scale
    in_17 = {name: np.zeros((len(H36M_17_NAMES), d)) for name, d in (("2d", 2), ("3d", 3))}
    visible_17 = np.zeros(len(H36M_17_NAMES), bool)
    order = list(MPII_16_FROM_H36M_17)
    in_17["2d"][order], in_17["3d"][order], visible_17[order] = (
        joints_2d,
        row["joint_3d_mono"],
        True,
    )
    half = IMAGE_SIZE_PX / 2
    return pose_record(
        key,
        with_mid_shoulder_thorax(joints_2d),
        np.ones(NUM_JOINTS, bool),
        with_mid_shoulder_thorax(row["joint_3d_mono"].astype(float)),
        _crop_intrinsics(camera, corners[0], scale) if camera else None,
        square=(np.array([half, half]), float(IMAGE_SIZE_PX)),
        joints_2d_17=in_17["2d"],
        joints_3d_17=in_17["3d"],
        visible_17=visible_17,
        stored_region=corners.ravel(),
        extrinsics=camera.extrinsics if camera else np.zeros((3, 4)),
        distortion=camera.distortion if camera else np.zeros(5),
        **place,
    )


def _crop_intrinsics(camera, corner, scale):
    focal, center = camera.intrinsics[:2], camera.intrinsics[2:]
    return np.concatenate([focal * scale, (center - corner) * scale])
