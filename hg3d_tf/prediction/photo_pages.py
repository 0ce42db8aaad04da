"""Pages of photos' poses in 3D, as a file of poses has them after they were placed."""

import itertools
from collections.abc import Iterator, Sequence
from pathlib import Path

from tqdm import tqdm

from hg3d_tf.pictures import view_3d
from hg3d_tf.pose_files import json_poses
from hg3d_tf.prediction import drawing, one_photo, shown_people
from hg3d_tf.prediction.photos import read_photo


def write(poses: Path, photos: Sequence[Path]) -> list[str]:
    """Write NAME_pose.html beside a file of poses, for each photo that has some in it.

    Args:
      poses: the file; it says what its millimetres mean.
      photos: all that were asked for, in order.

    Returns:
      A line for each photo whose page cannot be written.
    """
    stems = dict(zip(map(str, photos), drawing.names(photos), strict=True))
    bar = tqdm(_by_photo(poses), unit="page", disable=len(photos) == 1)
    pages = ((name, poses.with_name(f"{stems[name]}.html"), records) for name, records in bar)
    written = (_write(page, Path(name), records, poses) for name, page, records in pages)
    return [line for line in written if line is not None]


def _by_photo(poses: Path) -> Iterator[tuple[str, list[dict]]]:
    groups = itertools.groupby(json_poses.records(poses), lambda record: record["image"])
    return ((name, list(records)) for name, records in groups)


def _write(page: Path, path: Path, records: list[dict], poses: Path) -> str | None:
    """Write a page; return why that cannot be, or None."""
    try:
        photo = read_photo(path)
        people = shown_people.of_records(records, photo.scale)
        space = shown_people.space_of(records[0], poses)
        view_3d.write(page, path.name, [view_3d.Shot(people, photo.pixels)], space=space)
    except one_photo.FAILURES as error:
        return one_photo.reason(path, error)
    return None
