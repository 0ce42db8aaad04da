"""One person through the frames of a film: looked for where they were before, and smoothed."""

from collections.abc import Iterable, Iterator

import numpy as np

from hg3d_tf.prediction import people
from hg3d_tf.prediction.film_reader import Frame
from hg3d_tf.prediction.finders import person_in_box
from hg3d_tf.prediction.one_euro import OneEuroFilter
from hg3d_tf.prediction.photos import Photo
from hg3d_tf.prediction.predictors import Predictor

# How quickly the filter lets go of fast movement: for 2D px relative to the box, and for mm.
_BETA_BOX, _BETA_MM = 3.0, 0.003


def follow(
    frames: Iterable[Frame], predictor: Predictor, box: np.ndarray | None, smoothing: float
) -> Iterator[tuple[Frame, people.Person]]:
    """Yield each frame with its person.

    Args:
      frames: of the film.
      predictor: finds the pose in a box.
      box: [4] px of the first frame, or None to search the person.
      smoothing: 1 / Hz of what passes when at rest; 0 for none.

    Raises:
      UserError: where nothing of the picture is in the box.
    """
    smoother = last = None
    for number, frame in enumerate(frames):
        photo = Photo(f"frame {number}", frame.pixels)
        if last is not None:
            [person] = people.in_boxes(photo, predictor, [last])
        elif box is not None:
            person = person_in_box(photo, predictor, box)
        else:
            person = people.find_person(photo, predictor)
        last = people.box_of_seen_joints(person.pose)
        if smoothing:
            smoother = smoother or _Smoother(person, smoothing)
            person = smoother(person, frame.seconds)
        yield frame, person


class _Smoother:
    """Smooths one person's joints by the times at which they were seen."""

    def __init__(self, first: people.Person, smoothing: float):
        side = max(first.box[2:] - first.box[:2])
        self._filters = {
            "joints_2d": OneEuroFilter(1 / smoothing, _BETA_BOX / side),
            "joints_3d": OneEuroFilter(1 / smoothing, _BETA_MM),
        }

    def __call__(self, person: people.Person, seconds: float) -> people.Person:
        smooth = {n: apply(person.pose[n], seconds) for n, apply in self._filters.items()}
        return person._replace(pose=person.pose | smooth)
