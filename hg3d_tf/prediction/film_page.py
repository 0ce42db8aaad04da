"""The page of a film's poses in 3D, beside the frames of the film that was drawn."""

import itertools
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hg3d_tf.pictures import view_3d
from hg3d_tf.pictures.skeleton_lines import film_label_px
from hg3d_tf.pictures.view_3d import Shot
from hg3d_tf.pose_files import json_poses
from hg3d_tf.prediction import shown_people
from hg3d_tf.prediction.film_reader import FilmReader
from hg3d_tf.prediction.film_sources import Source

_MOST_IMAGES = 60


def write(page: Path, title: str, film: Path, poses: Path, angles: bool = False) -> None:
    """Write the page, of as many frames as it has room for.

    Args:
      page: path of the HTML file.
      title: above all.
      film: with the skeletons drawn; its frames are counted from 0.
      poses: file of its poses, whose records have `frame` and `seconds`; it says what their
        millimetres mean, as `hg3d_tf.pose_files.placement` changes it.
      angles: they are written over the film.
    """
    crowds = [sum(1 for _ in records) for _, records in _by_frame(poses)]
    kept = set(view_3d.thinned(len(crowds), max(crowds, default=1)).tolist())
    chosen = (entry for i, entry in enumerate(_by_frame(poses)) if i in kept)
    records = [(frame, list(group)) for frame, group in chosen]
    pictured = np.linspace(0, len(records) - 1, min(_MOST_IMAGES, len(records))).round()
    images = _frames(film, {records[int(i)][0] for i in pictured})
    shots = [_shot(group, images.get(frame), angles) for frame, group in records]
    space = shown_people.space_of(records[0][1][0], poses)
    sizes = [image.shape[1::-1] for image in images.values()]
    text_px = film_label_px(sizes[0]) if sizes else 0.0
    view_3d.write(page, title, shots, drawn=True, space=space, text_px=text_px)


def _by_frame(poses: Path) -> Iterator[tuple[int, Iterator[dict]]]:
    return itertools.groupby(json_poses.records(poses), lambda record: record["frame"])


def _frames(film: Path, numbers: set[int]) -> dict[int, np.ndarray]:
    """Return the frames [H, W, 3] uint8 with these numbers."""
    with FilmReader(Source(str(film))) as reader:
        return {i: frame.pixels for i, frame in enumerate(reader) if i in numbers}


def _shot(records: list[dict], image: np.ndarray | None, angles: bool) -> Shot:
    return Shot(shown_people.of_frame(records, angles), image, records[0]["seconds"])
