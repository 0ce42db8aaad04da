"""Poses of many photos, one after the other: what is done is kept, whatever comes next."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from tqdm import tqdm

from hg3d_tf.cli import UserError
from hg3d_tf.prediction import drawing, pose_json, results
from hg3d_tf.prediction.drawing import Drawing
from hg3d_tf.prediction.finders import Finder
from hg3d_tf.prediction.photos import read_photo
from hg3d_tf.prediction.results import Results


def predict(paths: Sequence[Path], find: Finder, done: Results, drawn: Drawing) -> int:
    """Find the people in photos, write and draw them; return the exit status.

    What `done` knows is not looked at again, but drawn where pictures of it are missing. One photo
    is in memory at a time.
    """
    try:
        return results.collect(paths, _failures(paths, find, done, drawn), done)
    finally:
        drawn.close()


def _failures(paths, find, done: Results, drawn: Drawing) -> Iterator[str | None]:
    stems = drawing.names(paths)
    for path, stem in zip(tqdm(paths, unit="image", disable=len(paths) == 1), stems, strict=True):
        try:
            _predict_one(path, stem, find, done, drawn)
            yield None
        except UserError as error:
            yield str(error)
        except MemoryError:
            yield f"{path}: too large for the memory of this machine: save it smaller"


def _predict_one(path: Path, stem: str, find: Finder, done: Results, drawn: Drawing) -> None:
    known = done.find(path)
    if known is not None:
        done.reused += 1
        if not drawn.lacks(stem, known):
            return
    photo = read_photo(path)
    if known is not None:
        poses = known["poses"]
    else:
        size = np.round(photo.pixels.shape[1::-1] / photo.scale)
        poses = [
            pose_json.as_json(path, person.pose, person.box, size, person.number, person.score)
            for person in find(photo)
        ]
        _warn(path, poses)
    files = drawn.draw(photo, poses, stem)
    if known is None or files != known["drawn"]:
        done.add(path, poses, files)


def _warn(path: Path, poses: Sequence[dict]) -> None:
    """Say what the user should look at twice."""
    if not poses:
        print(f"warning: {path}: no person found: --box=x1,y1,x2,y2 says where to look")
    elif all(map(drawing.too_unclear, poses)):
        print(f"warning: {path}: most joints are unclear: does a box hold one whole person?")
