"""People through the frames of a film: found, followed, mended and smoothed."""

from collections.abc import Callable, Iterable, Iterator
from typing import NamedTuple

import numpy as np

from hg3d_tf.prediction import boxes, finders, steady
from hg3d_tf.prediction.film_reader import Frame
from hg3d_tf.prediction.given_boxes import Given
from hg3d_tf.prediction.people import Person
from hg3d_tf.prediction.person_finder import (
    LEAST_SCORE,
    LEAST_SCORE_OF_KNOWN,
    Found,
    PersonFinder,
)
from hg3d_tf.prediction.photos import Photo
from hg3d_tf.prediction.predictors import Predictor
from hg3d_tf.prediction.tracks import Tracks


class Wanted(NamedTuple):
    """Whom to follow.

    Attributes:
      box: [4] px of the one person in the first frame.
      given: boxes of people by a frame's number and size, instead of the finder's; they say who is
        who if they have numbers, all of the film's. Those outside of the picture are left out.
      most: how many people; None for all. Of given numbers those that come first, of one frame the
        surest.
      check_given: raises UserError for given boxes that a film cannot have, by its longer side, px.
    """

    box: np.ndarray | None = None
    given: Callable[..., Given] | None = None
    most: int | None = None
    check_given: Callable[[int], None] | None = None


def follow(
    frames: Iterable[Frame],
    look: Predictor,
    find: PersonFinder | None,
    wanted: Wanted,
    smoothing: float,
) -> Iterator[tuple[Frame, list[Person]]]:
    """Yield each frame with its people, whose numbers stay theirs.

    Args:
      frames: of the film.
      look: finds the pose in a box.
      find: finds the boxes of a picture, unless they are given.
      wanted: whom to follow.
      smoothing: see `steady.steady`.

    Raises:
      UserError: where nothing of the picture is in the box, or a box is far too large.
    """
    people_of = _given(look, wanted) if wanted.given else _found(look, find, wanted)
    # Whom the user gave is somebody, in however few frames.
    is_given = wanted.given is not None or wanted.box is not None
    return steady.steady(
        ((frame, people_of(n, frame)) for n, frame in enumerate(frames)),
        smoothing,
        fewest_seen=1 if is_given else steady.FEWEST_SEEN,
    )


def _found(look: Predictor, find: PersonFinder, wanted: Wanted):
    least = LEAST_SCORE_OF_KNOWN if wanted.most == 1 else LEAST_SCORE
    tracks = Tracks(look, find, wanted.box, wanted.most, least_score=least)

    def people_of(number: int, frame: Frame) -> list[Person]:
        photo = Photo(f"frame {number}", frame.pixels)
        if number == 0 and wanted.box is not None:
            finders.check_box(photo, wanted.box)
        return tracks(photo, frame.seconds)

    return people_of


def _given(look: Predictor, wanted: Wanted):
    here: list[Found] = []
    every = {"always": True, "least_score": -np.inf}
    tracks = Tracks(look, lambda photo: here[0], None, wanted.most, **every)
    kept: set[int] = set()  # of the given numbers

    def is_kept(number: int) -> bool:
        if number not in kept and (wanted.most is None or len(kept) < wanted.most):
            kept.add(number)
        return number in kept

    def people_of(number: int, frame: Frame) -> list[Person]:
        size = frame.pixels.shape[1::-1]
        photo = Photo(f"frame {number}", frame.pixels)
        given = wanted.given(number, size)
        inside = [row for row, box in enumerate(given.boxes) if boxes.shows(box, size)]
        given = Given(*(values[inside] for values in given))
        for box in given.boxes:
            finders.check_box(photo, box)
        here[:] = [Found(given.boxes, given.scores)]
        if not (given.numbers > 0).all():
            return tracks(photo, frame.seconds)
        surest = np.argsort(-given.scores, kind="stable")
        wanted_here = sorted(row for row in surest.tolist() if is_kept(int(given.numbers[row])))
        return [
            Person(box, look(photo, box), float(score), int(person))
            for box, score, person in zip(*(values[wanted_here] for values in given), strict=True)
        ]

    return people_of
