"""Reads Human3.6M's metadata.xml: the names of the recordings and the cameras."""

import dataclasses
import xml.etree.ElementTree
from pathlib import Path

import numpy as np

from h36m.h36m_camera import Camera, rotation_from_euler
from preparation.label_files import reading

# In the order of the published tables; the release numbers them 2..16 and calls 1 "_ALL".
ACTIONS = (
    *("Directions", "Discussion", "Eating", "Greeting", "Phoning", "Photo", "Posing", "Purchases"),
    *("Sitting", "SittingDown", "Smoking", "Waiting", "WalkDog", "Walking", "WalkTogether"),
)
FIRST_ACTION = 2
CAMERA_IDS = ("54138969", "55011271", "58860488", "60457274")
NUM_SUBJECTS = 11
_NUM_CAMERAS = len(CAMERA_IDS)


@dataclasses.dataclass(frozen=True)
class Recording:
    """One trial of one subject.

    Attributes:
      subject: 1..11.
      action: one of `ACTIONS`.
      subaction: 1 or 2.
      prefix: of its files' names, e.g. "Walking 1"; names differ between subjects.
    """

    subject: int
    action: str
    subaction: int
    prefix: str


@dataclasses.dataclass(frozen=True)
class Metadata:
    """What metadata.xml says: all recordings, and cameras by (subject, camera id)."""

    recordings: tuple[Recording, ...]
    cameras: dict[tuple[int, str], Camera]


def load_metadata(path: Path) -> Metadata:
    """Read metadata.xml.

    Raises:
      UserError: if it is something else.
    """
    with reading(path, "Human3.6M's metadata.xml"):
        root = xml.etree.ElementTree.parse(path).getroot()
        camera_ids = [element.text for element in root.find("dbcameras/index2id")]
        return Metadata(tuple(_recordings(root)), _cameras(root.find("w0").text, camera_ids))


def _recordings(root):
    header, *rows = ([cell.text for cell in row] for row in root.find("mapping"))
    subjects = [int(name.removeprefix("S")) for name in header[2:]]
    for action, subaction, *prefixes in rows:
        # Rows without an action hold other tables; action 1 is "_ALL".
        if action is None or not FIRST_ACTION <= int(action) < FIRST_ACTION + len(ACTIONS):
            continue
        name = ACTIONS[int(action) - FIRST_ACTION]
        for subject, prefix in zip(subjects, prefixes, strict=False):
            if prefix:
                yield Recording(subject, name, int(subaction), prefix)


def _cameras(text, camera_ids):
    """Return the cameras: 3 angles and the place for each (camera, subject), 9 numbers a camera."""
    numbers = np.array(text.strip(" []\n").replace(";", " ").split(), float)
    poses = numbers[: _NUM_CAMERAS * NUM_SUBJECTS * 6].reshape(_NUM_CAMERAS, NUM_SUBJECTS, 6)
    lenses = numbers[poses.size :][: _NUM_CAMERAS * 9].reshape(_NUM_CAMERAS, 9)
    return {
        (subject + 1, camera_id): _camera(poses[camera, subject], lenses[camera])
        for camera, camera_id in enumerate(camera_ids)
        for subject in range(NUM_SUBJECTS)
    }


def _camera(pose, lens):
    focal, principal, radial, tangential = np.split(lens, [2, 4, 7])
    return Camera(rotation_from_euler(pose[:3]), pose[3:], focal, principal, radial, tangential)
