"""Joint angles as files: MOT for OpenSim, and a CSV table of all persons."""

import csv
from pathlib import Path

import numpy as np

from hg3d_tf import files
from hg3d_tf.pose_files import angles, csv_table
from hg3d_tf.pose_files.sequence import PoseSequence


def write_mot(path: Path, poses: PoseSequence, fill_gaps_s: float = 0.0) -> None:
    """Write one person's angles, degrees by time, as an OpenSim motion; gaps are the word nan."""
    head = [
        path.stem,
        "version=1",
        f"nRows={len(poses.rows)}",
        f"nColumns={len(angles.COLUMNS) + 1}",
        "inDegrees=yes",
        "Angles of joints found in pictures (hg3d_tf); no medical device.",
        f"{poses.space}.",
        "endheader",
        "\t".join(["time", *angles.COLUMNS]),
    ]
    with files.atomic_text(path) as file:
        file.write("\n".join(head) + "\n")
        for block, values in angles.of_film(poses, fill_gaps_s):
            for row, cells in zip(block, csv_table.cells(values, 4, "nan"), strict=True):
                file.write("\t".join([f"{row['seconds']:.6f}", *cells]) + "\n")


def write_csv(path: Path, poses: PoseSequence, fill_gaps_s: float = 0.0) -> None:
    """Write the angles of all persons: image, frame, seconds, person, then degrees; gaps empty."""
    with files.atomic_text(path) as file:
        table = csv.writer(file, lineterminator="\n")
        table.writerow(["image", "frame", "seconds", "person", *angles.COLUMNS])
        for person in poses.persons:
            for block, values in angles.of_film(poses.of_person(person), fill_gaps_s):
                for row, cells in zip(block, csv_table.cells(values, 4), strict=True):
                    seconds = "" if np.isnan(row["seconds"]) else f"{row['seconds']:.6f}"
                    start = [poses.images[row["image"]], row["frame"], seconds, row["person"]]
                    table.writerow([*start, *cells])
