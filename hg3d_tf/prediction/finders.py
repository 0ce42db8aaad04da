"""Functions from a photo to its people, as a command's flags want them."""

from collections.abc import Callable

import numpy as np

from hg3d_tf.cli import UserError
from hg3d_tf.prediction import boxes, people
from hg3d_tf.prediction.people import Person
from hg3d_tf.prediction.photos import Photo
from hg3d_tf.prediction.predictors import Predictor

Finder = Callable[[Photo], list[Person]]


def finder(predictor: Predictor, box: np.ndarray | None = None, detector: str = "none") -> Finder:
    """Return the function from a photo to its people, in px of the picture as it is seen.

    Args:
      predictor: finds the pose in a box.
      box: [4] px, of the one person in every photo.
      detector: "none" for the clearest person, "search" for everybody, "hog" for upright people.
    """
    find = _finder_in_pixels(predictor, box, detector)

    def find_in_picture(photo: Photo) -> list[Person]:
        return [_in_picture(person, photo.scale) for person in find(photo)]

    return find_in_picture


def _finder_in_pixels(predictor: Predictor, box, detector: str) -> Finder:
    """As `finder`, in px of `Photo.pixels`, of which there are fewer in pictures too large."""
    if box is not None:
        return lambda photo: [person_in_box(photo, predictor, box)]
    if detector == "search":
        return lambda photo: people.find_everybody(photo, predictor)
    if detector == "hog":
        detect = people.hog_detector()
        return lambda photo: people.in_boxes(photo, predictor, detect(photo.pixels))
    return lambda photo: [people.find_person(photo, predictor)]


def person_in_box(photo: Photo, predictor: Predictor, box: np.ndarray) -> Person:
    """Return the person in a box that the user gave, in px of the picture as it is seen.

    Raises:
      UserError: where nothing of the photo is in the box.
    """
    try:
        boxes.check_inside(box, np.rint(photo.pixels.shape[1::-1] / photo.scale).astype(int))
    except ValueError as error:
        raise UserError(f"{photo.name}: {error}") from error
    [person] = people.in_boxes(photo, predictor, [_scaled(box, photo.scale)])
    return person


def _in_picture(person: Person, scale: np.ndarray) -> Person:
    joints_2d = person.pose["joints_2d"] / scale
    return Person(_scaled(person.box, 1 / scale), person.pose | {"joints_2d": joints_2d})


def _scaled(box: np.ndarray, scale: np.ndarray) -> np.ndarray:
    return (np.reshape(box, (2, 2)) * scale).reshape(4).astype(np.float32)
