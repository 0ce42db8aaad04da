"""What a page shows of records of poses: whoever is placed, and what the millimetres mean."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np

from hg3d_tf.pictures.view_3d import ShownPerson, ShownSpace
from hg3d_tf.pose_files import json_poses
from hg3d_tf.prediction import bends, people, pose_json
from hg3d_tf.skeleton import joint_index

_HEAD = joint_index("head_top")


def of_records(records: Iterable[dict], scale: np.ndarray | float = 1.0) -> list[ShownPerson]:
    """Return the people of a photo or a frame, in px of an image with `scale` px for theirs."""
    shown = []
    for record in filter(_is_placed, records):
        pose = pose_json.from_json(record)
        unclear = people.are_unclear(pose["confidence"])
        shown.append(ShownPerson(pose["joints_2d"] * scale, pose["joints_3d"], unclear))
    return shown


def of_frame(records: Sequence[dict], angles: bool) -> list[ShownPerson]:
    """Return the people of a film's frame with the texts that are written over it."""
    placed = [record for record in records if _is_placed(record)]
    shown = []
    for record, person in zip(placed, of_records(placed), strict=True):
        number = record["person"] if len(records) > 1 else None
        pose = {"joints_3d": person.joints_3d}
        written = texts(pose, person.unclear, number, angles)
        shown.append(person._replace(texts=written))
    return shown


def texts(
    pose: Mapping[str, np.ndarray], unclear: np.ndarray, number: int | None, angles: bool
) -> dict[int, str]:
    """Return what a film says beside a person's joints, by the joint's place.

    Args:
      pose: of the person; of it joints_3d [16, 3] mm are wanted for angles.
      unclear: [16] bool.
      number: of the person, or None.
      angles: of clear knees and elbows, too.
    """
    written = bends.labels(pose["joints_3d"], unclear) if angles else {}
    return written if number is None else written | {_HEAD: str(number)}


def _is_placed(record: dict) -> bool:
    """Tell whether all joints are there: of somebody who is never clear no place is known."""
    joints = record.get("joints_3d_mm")
    return joints is not None and None not in joints.values()


def space_of(record: dict, poses: Path) -> ShownSpace:
    """Return what a record of the file `poses` says of its 3D joints."""
    space = json_poses.space_of(record, str(poses))
    return ShownSpace(space.size, space.origin, space.axes)
