"""Functions from a photo to its people, as a command's flags want them."""

from collections.abc import Callable

import numpy as np

from hg3d_tf.cli import UserError
from hg3d_tf.prediction import boxes, people
from hg3d_tf.prediction.given_boxes import GivenBoxes
from hg3d_tf.prediction.people import Person
from hg3d_tf.prediction.person_finder import Found, PersonFinder
from hg3d_tf.prediction.photos import Photo
from hg3d_tf.prediction.predictors import Predictor

Finder = Callable[[Photo], list[Person]]


def finder(
    look: Predictor,
    find: PersonFinder | None = None,
    box: np.ndarray | None = None,
    given: GivenBoxes | None = None,
    most: int | None = None,
) -> Finder:
    """Return the function from a photo to its people, in px of the picture as it is seen.

    Args:
      look: finds the pose in a box.
      find: finds the boxes, unless `box` or `given` has them.
      box: [4] px, of the one person in every photo.
      given: boxes of people by photo.
      most: how many people; None for all.
    """

    def boxes_of(photo: Photo) -> Found:
        found = find(photo)
        size = photo.pixels.shape[1::-1]
        return found if most is None else people.candidates(found, size, most)

    def people_of(photo: Photo) -> list[Person]:
        if box is not None:
            return [person_in_box(photo, look, box)]
        if given is not None:
            found = in_given_boxes(photo, look, given)
        else:
            found = people.find_people(photo, look, boxes_of)
        if most is not None:
            found = people.clearest(found, photo.pixels.shape[1::-1], most)
        return [_in_picture(person, photo.scale) for person in found]

    return people_of


def person_in_box(photo: Photo, look: Predictor, box: np.ndarray) -> Person:
    """Return the person in a box that the user gave, both in px of the picture as it is seen.

    Raises:
      UserError: where nothing of the photo is in the box, or the box is far too large.
    """
    check_box(photo, box)
    [person] = people.in_boxes(photo, look, [_scaled(box, photo.scale)])
    return _in_picture(person, photo.scale)


def check_box(photo: Photo, box: np.ndarray) -> None:
    """Raise UserError where a box [4] px of the picture as it is seen cannot show a photo's person.

    See `boxes.check_inside`.
    """
    try:
        boxes.check_inside(box, _seen_size(photo))
    except ValueError as error:
        raise UserError(f"{photo.name}: {error}") from error


def in_given_boxes(photo: Photo, look: Predictor, given: GivenBoxes) -> list[Person]:
    """Return the people in the boxes that a file gives, in px of the photo's `pixels`.

    They have the file's scores, the surest come first. Boxes outside of the photo are left out.

    Raises:
      UserError: where a box is far too large, or the file's boxes cannot be read.
    """
    size = _seen_size(photo)
    found = given.of_photo(photo.name, size)
    inside = [place for place, box in enumerate(found.boxes) if boxes.shows(box, size)]
    for box in found.boxes[inside]:
        check_box(photo, box)
    there = [_scaled(box, photo.scale) for box in found.boxes[inside]]
    in_boxes = people.in_boxes(photo, look, there)
    scores = found.scores[inside].tolist()
    scored = [p._replace(score=score) for p, score in zip(in_boxes, scores, strict=True)]
    scored.sort(key=lambda person: person.score, reverse=True)
    return [person._replace(number=number) for number, person in enumerate(scored, 1)]


def _seen_size(photo: Photo) -> np.ndarray:
    return np.rint(photo.pixels.shape[1::-1] / photo.scale).astype(int)


def _in_picture(person: Person, scale: np.ndarray) -> Person:
    joints_2d = person.pose["joints_2d"] / scale
    pose = person.pose | {"joints_2d": joints_2d}
    return person._replace(box=_scaled(person.box, 1 / scale), pose=pose)


def _scaled(box: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return (np.reshape(box, (2, 2)) * scale).reshape(4).astype(np.float32)
