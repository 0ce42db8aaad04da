"""C3D, the files of motion laboratories, written by ezc3d.

Millimetres, y up (POINT:X_SCREEN is +X, POINT:Y_SCREEN is +Y), the markers of `markers`. A missing
joint has the residual -1, as the standard wants it; a joint that was not seen clearly is there. The
first frame's number tells when in the film the person comes. The format counts frames in 16 bits.
"""

from pathlib import Path

import numpy as np

from hg3d_tf import files
from hg3d_tf.cli import UserError
from hg3d_tf.pose_files import libraries, markers
from hg3d_tf.pose_files.sequence import PoseSequence

# One less than 16 bits count: readers that add one to the last frame fail at 65,535.
MOST_FRAMES = 65_534


def write(path: Path, poses: PoseSequence) -> None:
    """Write the joints of one person's film at one rate (see `markers.evenly_timed`).

    Raises:
      UserError: for a film that is too long, and where ezc3d is not installed.
    """
    ezc3d = libraries.load("ezc3d", "c3d")
    poses, step_s, before = markers.evenly_timed(poses)
    count = len(poses.rows)
    if before + count > MOST_FRAMES:
        raise UserError(
            f"{poses.name}: c3d counts {MOST_FRAMES} frames, this has {before + count}: take trc"
        )
    joints = np.concatenate([markers.y_up(block["joints_3d"]) for block in poses.blocks()])
    missing = np.isnan(joints).any(axis=-1)
    joints[missing] = np.nan
    film = ezc3d.c3d()
    film["header"]["points"]["first_frame"] = before  # from 0: ezc3d writes one more
    film.add_parameter("POINT", "RATE", [1 / step_s])
    film.add_parameter("POINT", "LABELS", list(markers.MARKERS))
    film.add_parameter("POINT", "UNITS", ["mm"])
    film.add_parameter("POINT", "X_SCREEN", ["+X"])
    film.add_parameter("POINT", "Y_SCREEN", ["+Y"])
    film.add_parameter("HG3D", "SPACE", [str(poses.space)])
    points = np.ones((4, len(markers.MARKERS), count))
    points[:3] = joints.transpose(2, 1, 0)
    film["data"]["points"] = points
    film["data"]["meta_points"]["residuals"] = np.where(missing.T, -1.0, 0.0)[np.newaxis]
    film["data"]["meta_points"]["camera_masks"] = np.zeros((7, len(markers.MARKERS), count), bool)
    with files.atomic_path(path) as temporary:
        film.write(str(temporary))
