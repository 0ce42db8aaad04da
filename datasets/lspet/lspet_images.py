"""Reads Leeds Sports Pose Extended: joints.mat and images/im%05d.jpg."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import scipy.io

from hg3d_tf.data.joint_orders import LSP_14_NAMES
from hg3d_tf.skeleton import JOINT_NAMES, MIDDLES, NUM_JOINTS, joint_index
from preparation.label_files import reading
from preparation.records import open_photo, pose_record, stored
from preparation.stored_crop import Storage
from preparation.units import Skipped

# The neck lies between MPII's thorax and upper neck: it is neither.
_SHARED = [name for name in LSP_14_NAMES if name in JOINT_NAMES]
_FROM = np.array([LSP_14_NAMES.index(name) for name in _SHARED])
_TO = np.array([joint_index(name) for name in _SHARED])
_NECK = LSP_14_NAMES.index("neck")


def load_joints(path: Path) -> np.ndarray:
    """Return [images, 14, 3] = x, y, annotated, as they stand in joints.mat.

    Here 1 means annotated; in the original LSP, which looks the same, 1 means occluded.
    """
    with reading(path, "the joints of LSPET"):
        joints = scipy.io.loadmat(path, variable_names=["joints"])["joints"].transpose(2, 0, 1)
        if joints.shape[1:] != (len(LSP_14_NAMES), 3):
            raise ValueError(f"joints have the shape {joints.shape}, not [images, 14, 3]")
        return joints


def photo_path(manual_dir: Path, number: int) -> Path:
    """Return where a photo lies; the first is 1."""
    return manual_dir / f"images/im{number:05d}.jpg"


def to_mpii_order(joints: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return joints_2d [16, 2] px and visible [16] of one image's [14, 3].

    The coordinates are taken as they are: the annotators' clicks, whose spread is far larger than
    the half pixel between conventions.
    """
    joints_2d = np.zeros((NUM_JOINTS, 2))
    visible = np.zeros(NUM_JOINTS, bool)
    joints_2d[_TO] = joints[_FROM, :2]
    visible[_TO] = joints[_FROM, 2] > 0
    for middle, ends in MIDDLES.items():
        joints_2d[middle] = joints_2d[ends].mean(0)
        visible[middle] = visible[ends].all()
    return joints_2d, visible


def read_images(
    manual_dir: Path, start: int, stop: int, storage: Storage
) -> Iterator[dict | Skipped]:
    """Yield the records of images start..stop-1; the first image is 1."""
    joints = load_joints(manual_dir / "joints.mat")
    for number in range(start, stop):
        path = photo_path(manual_dir, number)
        yield _read_image(path, number, joints[number - 1], storage)


def _read_image(path, number, joints, storage):
    key = path.stem
    joints_2d, visible = to_mpii_order(joints)
    if not visible.any():
        return Skipped(key, "no joint is annotated")
    neck_visible = bool(joints[_NECK, 2] > 0)
    neck_2d = joints[_NECK, :2] if neck_visible else np.zeros(2)
    record = pose_record(
        key, joints_2d, visible, neck_2d=neck_2d, neck_visible=neck_visible, number=number
    )
    if isinstance(record, Skipped):
        return record
    image = open_photo(path, key)
    return image if isinstance(image, Skipped) else stored(record, image, storage)
