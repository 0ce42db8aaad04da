"""The people of a photo: in given boxes, or where the finder sees them."""

from collections.abc import Iterable, Sequence
from typing import NamedTuple

import numpy as np

from hg3d_tf.network.finding import LEAST_SCORE, SAME_PERSON
from hg3d_tf.prediction import likeness
from hg3d_tf.prediction.boxes import check_boxes
from hg3d_tf.prediction.person_finder import Found, PersonFinder
from hg3d_tf.prediction.photos import Photo
from hg3d_tf.prediction.predictors import Predictor
from hg3d_tf.skeleton import SEEN_CONFIDENCE

# How many joints must be seen to make a box of them.
_FEWEST_SEEN = 6
# What a person extends beyond the joints, in longer sides of their box.
_FLESH = 0.06
# How far from a photo's middle, in its width and height, people are as likely not meant.
_MIDDLE = 0.3
# How much it tells that somebody is large: the power of their share of the picture.
_SIZE = 0.3
# How many more than the clearest are looked at, if they are surely somebody and at least this share
# as likely meant: the pose's confidence hardly changes more.
_MORE_CANDIDATES, _LEAST_MEANT = 2, 0.35


class Person(NamedTuple):
    """A person in a picture.

    Attributes:
      box: [4] x1, y1, x2, y2 px in which the pose was found.
      pose: see `predictors.Predictor`.
      score: how sure it is that this is somebody, in [0, 1]; 1 in a box that the user gave.
      number: from 1, to tell people of a picture or a film apart.
    """

    box: np.ndarray
    pose: dict[str, np.ndarray]
    score: float = 1.0
    number: int = 1

    @property
    def confidence(self) -> float:
        """Return the mean over the joints."""
        return float(self.pose["confidence"].mean())

    @property
    def unclear(self) -> np.ndarray:
        """Return which joints, [16] bool, the network hardly saw: they may be guessed."""
        return are_unclear(self.pose["confidence"])


def are_unclear(confidence: np.ndarray) -> np.ndarray:
    """Return which joints the network hardly saw, by their confidence; any shape."""
    return confidence <= SEEN_CONFIDENCE


def in_boxes(photo: Photo, look: Predictor, boxes: Iterable[np.ndarray]) -> list[Person]:
    """Return the person in each box [N, 4] px.

    Raises:
      TypeError: if `photo` is no Photo.
      ValueError: if a box is not x1, y1, x2, y2, or shows nothing of the photo.
    """
    _check_kind(photo)
    boxes = [np.asarray(box) for box in boxes]
    check_boxes(boxes, photo.pixels.shape[1::-1])
    people = [Person(box, look(photo, box)) for box in boxes]
    return [person._replace(number=number) for number, person in enumerate(people, 1)]


def find_people(photo: Photo, look: Predictor, find: PersonFinder) -> list[Person]:
    """Return all people of a photo, the surest first and numbered in that order.

    The finder's box is looked at once: a second look at the box of the joints finds hardly more.
    The score is the finder's: a network that was never validated has no confidences of its own.

    Raises:
      TypeError: if `photo` is no Photo.
    """
    _check_kind(photo)
    found = find(photo)
    people = without_twins(
        Person(box, look(photo, box), float(score))
        for box, score in zip(found.boxes, found.scores, strict=True)
    )
    return [person._replace(number=number) for number, person in enumerate(people, 1)]


def _check_kind(photo: Photo) -> None:
    if not isinstance(photo, Photo):
        kind = type(photo).__name__
        raise TypeError(f"a Photo is wanted, not {kind}: give Photo(name, pixels), uint8 RGB")


def without_twins(people: Iterable[Person]) -> list[Person]:
    """Return people, the surest first, of whom no two have the same pose."""
    people = sorted(people, key=lambda person: person.score, reverse=True)
    kept = likeness.distinct([person.pose["joints_2d"] for person in people], SAME_PERSON)
    return [people[place] for place in kept]


def clearest(people: Sequence[Person], size, count: int) -> list[Person]:
    """Return those `count` people whom a picture of width and height `size` px most likely shows.

    They are surely somebody, clearly seen, large and near the middle; the surest come first.
    """
    if not people:
        return []
    boxes, scores = np.stack([p.box for p in people]), np.array([p.score for p in people])
    meant = _meant(boxes, scores, size) * np.array([p.confidence for p in people]) ** 1.25
    kept = [people[place] for place in np.argsort(-meant, kind="stable")[:count]]
    kept.sort(key=lambda person: person.score, reverse=True)
    return [person._replace(number=number) for number, person in enumerate(kept, 1)]


def candidates(found: Found, size, count: int) -> Found:
    """Return those boxes, the surest first, among whom the `count` clearest are: few more."""
    meant = _meant(found.boxes, found.scores, size)
    places = np.argsort(-meant, kind="stable")[: count + _MORE_CANDIDATES]
    if len(places) > count:
        more = places[count:]
        likely = meant[more] >= _LEAST_MEANT * meant[places[count - 1]]
        places = np.append(places[:count], more[likely & (found.scores[more] >= LEAST_SCORE)])
    places = np.sort(places)
    return Found(found.boxes[places], found.scores[places])


def _meant(boxes: np.ndarray, scores: np.ndarray, size) -> np.ndarray:
    """Return how likely a picture is of each box [N, 4] px, by score, size and place."""
    shares = boxes.reshape(-1, 2, 2) / np.asarray(size)
    off = np.sum((shares.mean(axis=1) - 0.5) ** 2, axis=1) / (2 * _MIDDLE**2)
    return scores * np.prod(shares[:, 1] - shares[:, 0], axis=1) ** _SIZE * np.exp(-off)


def box_of_seen_joints(pose: dict[str, np.ndarray]) -> np.ndarray | None:
    """Return the box [4] px round the joints that were seen, if there are enough of them."""
    joints = pose["joints_2d"][pose["confidence"] > SEEN_CONFIDENCE]
    if len(joints) < _FEWEST_SEEN or np.ptp(joints, axis=0).max() < 8:
        return None
    margin = _FLESH * np.ptp(joints, axis=0).max()
    return np.concatenate([joints.min(0) - margin, joints.max(0) + margin]).astype(np.float32)
