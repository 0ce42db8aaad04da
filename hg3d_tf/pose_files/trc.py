"""Marker files of OpenSim and Pose2Sim: TRC.

Written with the frames' own numbers (from 1) and times, y up, in metres as Pose2Sim does. A marker
that is missing is the word nan: OpenSim refuses a row whose last cell is empty.
"""

from pathlib import Path

import numpy as np

from hg3d_tf import files
from hg3d_tf.pose_files import csv_table, markers
from hg3d_tf.pose_files.sequence import PoseSequence, film_clock

_DECIMALS = {"m": 6, "cm": 4, "mm": 3}


def write(path: Path, poses: PoseSequence, unit: str = "m") -> None:
    """Write the joints of one person's film.

    Args:
      path: of the file.
      poses: of one person.
      unit: "m", "cm" or "mm".
    """
    scale, rate, count = markers.units_per_mm(unit), 1 / film_clock(poses).step_s, len(poses.rows)
    first = str(poses.rows["frame"][0] + 1)
    names = "DataRate CameraRate NumFrames NumMarkers Units OrigDataRate OrigDataStartFrame"
    values = [str(count), str(len(markers.MARKERS)), unit, f"{rate:.6g}", first, str(count)]
    head = [
        ["PathFileType", "4", "(X/Y/Z)", path.name],
        [*names.split(), "OrigNumFrames"],
        [f"{rate:.6g}", f"{rate:.6g}", *values],
        ["Frame#", "Time", *(text for name in markers.MARKERS for text in (name, "", ""))],
        ["", "", *(f"{a}{i}" for i in range(1, len(markers.MARKERS) + 1) for a in "XYZ")],
        [],
    ]
    with files.atomic_text(path) as file:
        file.writelines("\t".join(line) + "\n" for line in head)
        for block in poses.blocks():
            joints = markers.y_up(block["joints_3d"]) * scale + 0.0  # no minus before a zero
            joints[np.isnan(joints).any(axis=-1)] = np.nan
            texts = csv_table.cells(joints.reshape(len(block), -1), _DECIMALS[unit], "nan")
            for row, cells in zip(block, texts, strict=True):
                file.write("\t".join([f"{row['frame'] + 1}\t{row['seconds']:.6f}", *cells]) + "\n")
