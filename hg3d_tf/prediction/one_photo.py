"""What is done with one photo, in any process: find the people, draw them."""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hg3d_tf import files, weights
from hg3d_tf.cli import UserError
from hg3d_tf.pictures.pose_sheet import ShownPose
from hg3d_tf.prediction import finders, given_boxes, person_finder, pose_json, predictors
from hg3d_tf.prediction.drawing import Drawing
from hg3d_tf.prediction.finders import Finder
from hg3d_tf.prediction.photos import read_photo


class Task(NamedTuple):
    """A photo to be done.

    Attributes:
      place: among all photos, from 0.
      path: of the photo.
      stem: of the names of its pictures.
      known: its line of before, of which pictures are to be drawn; None: nothing is known.
    """

    place: int
    path: Path
    stem: str
    known: dict | None = None


class Outcome(NamedTuple):
    """What became of a photo.

    Attributes:
      poses: as `pose_json` writes them, the surest first.
      drawn: the names of the files drawn, and how; see `drawing.Drawn`.
      parts: the poses for a sheet, if there is one.
      failure: a line that says why there are no poses, or None.
    """

    poses: Sequence[dict] = ()
    drawn: Mapping[str, dict] = {}
    parts: Sequence[ShownPose] = ()
    failure: str | None = None


# What costs a photo, not the run.
FAILURES = (UserError, IsADirectoryError, MemoryError)


def reason(path: Path, error: Exception) -> str:
    """Return the line of one of `FAILURES`."""
    if isinstance(error, IsADirectoryError):
        return f"{path}: {files.words_of(error)}"
    if isinstance(error, MemoryError):
        return f"{path}: too large for the memory of this machine: save it smaller"
    return str(error)


class PhotoWork:
    """Task -> Outcome; one photo is in memory at a time."""

    def __init__(self, find: Finder, drawing: Drawing):
        self._find, self._drawing = find, drawing

    def __call__(self, task: Task) -> Outcome:
        try:
            return self._done(task)
        except FAILURES as error:
            return Outcome(failure=reason(task.path, error))

    def _done(self, task: Task) -> Outcome:
        photo = read_photo(task.path)
        if task.known is not None:
            poses = task.known["poses"]
        else:
            size = np.round(photo.pixels.shape[1::-1] / photo.scale)
            poses = [
                pose_json.as_json(task.path, p.pose, p.box, size, p.number, p.score)
                for p in self._find(photo)
            ]
        return Outcome(poses, *self._drawing.draw(photo, poses, task.stem))


@dataclasses.dataclass(frozen=True, eq=False)
class Setting:
    """All that the work on photos depends on besides them; it can be sent to other processes.

    Attributes:
      model: see `predictors.load_predictor`.
      drawing: of the pictures.
      box: [4] px, of the one person in every photo, or None.
      boxes: file or folder of boxes that others found, or None.
      people: how many; None for all.
      num_threads: that the networks may use.
    """

    model: str
    drawing: Drawing
    box: np.ndarray | None = None
    boxes: str | None = None
    people: int | None = None
    num_threads: int = 2

    def load(self) -> PhotoWork:
        """Return the work. Raises UserError where the model or the boxes cannot be read."""
        look = predictors.load_predictor(self.model, self.num_threads)
        given = given_boxes.GivenBoxes(self.boxes) if self.boxes else None
        find = None if given else self._person_finder()
        return PhotoWork(finders.finder(look, find, self.box, given, self.people), self.drawing)

    def _person_finder(self) -> person_finder.LiteRTFinder:
        # Where one person is asked for less is enough.
        one = self.people == 1
        least = person_finder.LEAST_SCORE_OF_KNOWN if one else person_finder.LEAST_SCORE
        return person_finder.LiteRTFinder(weights.FINDER_FILE, least, self.num_threads)
