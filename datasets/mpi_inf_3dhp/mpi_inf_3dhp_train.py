"""Reads the training videos of MPI-INF-3DHP into records."""

import dataclasses
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import scipy.io

from hg3d_tf.cli import UserError
from hg3d_tf.data.joint_orders import MPI_INF_3DHP_17_FROM_28
from mpi_inf_3dhp.mpi_inf_3dhp_records import labelled_record
from preparation.frame_image import FrameImage
from preparation.label_files import reading
from preparation.records import stored
from preparation.stored_crop import Storage
from preparation.units import Skipped
from preparation.video import UnreadableVideo, decode_frames

# All training scenes were recorded before a green screen.
SCENE = "studio_green_screen"
_NO_ACTIVITY = 0


@dataclasses.dataclass(frozen=True)
class Calibration:
    """One camera: fx, fy, cx, cy in px, and [3, 4] world to camera, mm."""

    intrinsics: np.ndarray
    extrinsics: np.ndarray


def load_calibration(path: Path) -> dict[int, Calibration]:
    """Read camera.calibration: cameras by their number."""
    cameras, values = {}, {}
    for line in path.read_text().splitlines():
        name, *numbers = line.split() or [""]
        values[name] = numbers
        if name == "extrinsic":
            inner = np.array(values["intrinsic"], float).reshape(4, 4)
            outer = np.array(numbers, float).reshape(4, 4)[:3]
            pinhole = np.array([inner[0, 0], inner[1, 1], inner[0, 2], inner[1, 2]])
            cameras[int(values["name"][0])] = Calibration(pinhole, outer)
    return cameras


def load_labels(path: Path, video: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return joints_2d [F, 17, 2] px, joints_3d and universal joints [F, 17, 3] mm of one video.

    Row i of the labels belongs to frame i of the video.
    """
    cameras = scipy.io.loadmat(path, variable_names=["cameras"])["cameras"].ravel()
    place = int(np.flatnonzero(cameras == video)[0])
    return tuple(_joints(path, name, place) for name in ("annot2", "annot3", "univ_annot3"))


def _labels_and_camera(sequence, video):
    labels, calibration = sequence / "annot.mat", sequence / "camera.calibration"
    with reading(labels, "a sequence's labels"):
        joints = load_labels(labels, video)
    with reading(calibration, "a sequence's calibration"):
        return joints, load_calibration(calibration)[video]


def _joints(path, name, place):
    # One variable at a time: together, the cameras' labels take hundreds of MB.
    rows = scipy.io.loadmat(path, variable_names=[name])[name].ravel()[place]
    return rows.reshape(len(rows), 28, -1)[:, MPI_INF_3DHP_17_FROM_28].astype(np.float64)


def read_video(
    sequence: Path, key: str, video: int, step: int, storage: Storage
) -> Iterator[dict | Skipped]:
    """Yield the records of every `step`-th frame of a video of a sequence's folder."""
    try:
        labels, camera = _labels_and_camera(sequence, video)
    except (UserError, OSError) as error:
        yield Skipped(key, str(error))
        return
    fields = {
        "subject": sequence.parent.name,
        "sequence": sequence.name,
        "camera": video,
        "scene": SCENE,
        "activity": _NO_ACTIVITY,
        "extrinsics": camera.extrinsics,
    }
    missing = set(range(0, min(map(len, labels)), step))
    try:
        path = sequence / f"imageSequence/video_{video}.avi"
        for index, frame in decode_frames(path, sorted(missing)):
            missing.remove(index)
            joints = (label[index] for label in labels)
            frame_key = f"{key}/{index + 1:06d}"
            fields["frame"] = index + 1
            record = labelled_record(frame_key, *joints, camera.intrinsics, **fields)
            yield (
                record
                if isinstance(record, Skipped)
                else stored(record, FrameImage(frame), storage)
            )
    except FileNotFoundError:
        yield Skipped(key, "no video file")
        return
    except UnreadableVideo:
        yield Skipped(key, "unreadable video")
        return
    for index in sorted(missing):
        yield Skipped(f"{key}/{index + 1:06d}", "beyond the end of the video, or damaged")
