"""What a page shows of records of poses: whoever is placed, and what the millimetres mean."""

from collections.abc import Iterable
from pathlib import Path

import numpy as np

from hg3d_tf.pictures.view_3d import ShownPerson, ShownSpace
from hg3d_tf.pose_files import json_poses
from hg3d_tf.prediction import people, pose_json


def of_records(records: Iterable[dict], scale: np.ndarray | float = 1.0) -> list[ShownPerson]:
    """Return the people of a photo or a frame, in px of an image with `scale` px for theirs."""
    shown = []
    for record in filter(_is_placed, records):
        pose = pose_json.from_json(record)
        unclear = people.are_unclear(pose["confidence"])
        shown.append(ShownPerson(pose["joints_2d"] * scale, pose["joints_3d"], unclear))
    return shown


def _is_placed(record: dict) -> bool:
    """Tell whether all joints are there: of somebody who is never clear no place is known."""
    joints = record.get("joints_3d_mm")
    return joints is not None and None not in joints.values()


def space_of(record: dict, poses: Path) -> ShownSpace:
    """Return what a record of the file `poses` says of its 3D joints."""
    space = json_poses.space_of(record, str(poses))
    return ShownSpace(space.size, space.origin, space.axes)
