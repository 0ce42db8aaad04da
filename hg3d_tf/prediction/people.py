"""Where the people are in a photo: in given boxes, or where the network or a detector sees them."""

import math
from typing import NamedTuple

import numpy as np

from hg3d_tf import extras
from hg3d_tf.network.crop import BOX_MARGIN
from hg3d_tf.prediction.photos import Photo
from hg3d_tf.prediction.predictors import Predictor
from hg3d_tf.skeleton import SEEN_CONFIDENCE

# How many joints must be seen to make a box of them.
_FEWEST_SEEN = 6
# What a person extends beyond the joints, in longer sides of their box.
_FLESH = 0.06
# Mean confidence of a pose: from which nobody clearer is searched for; of one of several people.
_SURE = 0.4
_FAIRLY_SURE = 0.3
# Sides of the crops that are searched in turn, in shorter sides of the photo, or in quarters of the
# longer if that is more; how many of a size are looked at again, and how often.
_SEARCHED = (1.0, 0.7, 0.5)
_PROMISING = 2
_CLOSER_LOOKS = 2
# Overlap (intersection over union) of the boxes of two poses that are one person's.
_SAME_PERSON = 0.3
# HOG: score of a detection that counts, overlap at which two are one person.
_HOG_SCORE = 0.3
_HOG_LONGEST_SIDE_PX = 800
_HOG_SAME_PERSON = 0.5


class Person(NamedTuple):
    """A pose and the box that it was found in."""

    box: np.ndarray  # [4] x1, y1, x2, y2 px
    pose: dict[str, np.ndarray]

    @property
    def confidence(self) -> float:
        """Return the mean over the joints."""
        return float(self.pose["confidence"].mean())

    @property
    def unclear(self) -> np.ndarray:
        """Return which joints, [16] bool, the network hardly saw: they may be guessed."""
        return are_unclear(self.pose["confidence"])

    @property
    def is_clear(self) -> bool:
        """Tell whether most joints were seen; else the box hardly shows a person."""
        return bool(self.unclear.mean() <= 0.5)


def are_unclear(confidence: np.ndarray) -> np.ndarray:
    """Return which joints the network hardly saw, by their confidence; any shape."""
    return confidence <= SEEN_CONFIDENCE


def in_boxes(photo: Photo, predictor: Predictor, boxes) -> list[Person]:
    """Return the person in each box [N, 4] px."""
    return [Person(box, predictor(photo, box)) for box in boxes]


def find_person(photo: Photo, predictor: Predictor) -> Person:
    """Return the person whom the network sees most clearly in a photo.

    It looks at the whole photo, then at ever smaller parts, until somebody is clear.
    """
    best = _look_closer(photo, predictor, _look_at_all(photo, predictor))
    for share in _SEARCHED:
        if best.confidence >= _SURE:
            break
        found = sorted(_look_at_parts(photo, predictor, share), key=lambda look: look.confidence)
        closer = [_look_closer(photo, predictor, look) for look in found[-_PROMISING:]]
        best = max([best, *closer], key=lambda person: person.confidence)
    return best


def find_everybody(photo: Photo, predictor: Predictor) -> list[Person]:
    """Return all whom the network sees in a photo or a part of it, the clearest first."""
    looks = [_look_at_all(photo, predictor)]
    for share in _SEARCHED:
        looks += _look_at_parts(photo, predictor, share)
    promising = [look for look in looks if look.confidence >= SEEN_CONFIDENCE]
    found = [_look_closer(photo, predictor, look) for look in promising]
    found = sorted(found, key=lambda person: person.confidence, reverse=True)
    people: list[tuple[Person, np.ndarray]] = []
    for person in found:
        box = box_of_seen_joints(person.pose)
        if box is None or person.confidence < _FAIRLY_SURE:
            continue
        if all(_overlap(box, other) < _SAME_PERSON for _, other in people):
            people.append((person, box))
    return [person for person, _ in people]


def _look_at_all(photo: Photo, predictor: Predictor) -> Person:
    height, width = photo.pixels.shape[:2]
    return Person(np.array([0, 0, width, height], np.float32), predictor(photo, None))


def _look_at_parts(photo: Photo, predictor: Predictor, share: float) -> list[Person]:
    height, width = photo.pixels.shape[:2]
    return in_boxes(photo, predictor, _boxes(width, height, share))


def _overlap(one: np.ndarray, other: np.ndarray) -> float:
    """Return the intersection over union of two boxes [4]."""
    low, high = np.maximum(one[:2], other[:2]), np.minimum(one[2:], other[2:])
    shared = np.prod(np.clip(high - low, 0, None))
    return float(shared / (np.prod(one[2:] - one[:2]) + np.prod(other[2:] - other[:2]) - shared))


def _look_closer(photo: Photo, predictor: Predictor, person: Person) -> Person:
    """Look again at the box of the joints that were seen, as long as that makes them clearer."""
    for _ in range(_CLOSER_LOOKS):
        box = box_of_seen_joints(person.pose)
        if box is None:
            break
        closer = Person(box, predictor(photo, box))
        if closer.confidence < person.confidence:
            break
        person = closer
    return person


def _boxes(width: int, height: int, share: float) -> np.ndarray:
    """Return boxes [N, 4] px whose crops, of one size, cover a photo and overlap by a third."""
    side = share * max(min(width, height), max(width, height) / 4)
    middles = np.meshgrid(*(_middles(length, side) for length in (width, height)))
    middles = np.stack(middles, axis=-1).reshape(-1, 2)
    reach = side / BOX_MARGIN / 2
    return np.concatenate([middles - reach, middles + reach], axis=1).astype(np.float32)


def _middles(length: float, side: float) -> np.ndarray:
    """Return the middles of pieces of a length, at most two thirds of a side apart."""
    if length <= side:
        return np.array([length / 2])
    count = 1 + math.ceil((length - side) / (side * 2 / 3))
    return np.linspace(side / 2, length - side / 2, count)


def box_of_seen_joints(pose: dict[str, np.ndarray]) -> np.ndarray | None:
    """Return the box [4] px round the joints that were seen, if there are enough of them."""
    joints = pose["joints_2d"][pose["confidence"] > SEEN_CONFIDENCE]
    if len(joints) < _FEWEST_SEEN or np.ptp(joints, axis=0).max() < 8:
        return None
    margin = _FLESH * np.ptp(joints, axis=0).max()
    return np.concatenate([joints.min(0) - margin, joints.max(0) + margin]).astype(np.float32)


def hog_detector():
    """Return OpenCV's detector of upright people (Dalal & Triggs 2005): pixels -> boxes [N, 4].

    Raises:
      UserError: where OpenCV is not installed.
    """
    try:
        import cv2

        hog = cv2.HOGDescriptor()
        hog.setSVMDetector(cv2.HOGDescriptor_getDefaultPeopleDetector())
    except (ImportError, AttributeError) as error:  # OpenCV 5 has it no more
        raise extras.missing("--detector=hog", "OpenCV 4", "detector") from error

    def detect(pixels: np.ndarray) -> np.ndarray:
        scale = min(1.0, _HOG_LONGEST_SIDE_PX / max(pixels.shape[:2]))
        small = cv2.resize(pixels, None, fx=scale, fy=scale, interpolation=cv2.INTER_AREA)
        found, scores = hog.detectMultiScale(small, winStride=(8, 8), scale=1.05)
        if not len(found):
            return np.zeros((0, 4), np.float32)
        keep = cv2.dnn.NMSBoxes(
            found.tolist(), scores.ravel().tolist(), _HOG_SCORE, _HOG_SAME_PERSON
        )
        corner, size = np.split(found[np.asarray(keep, int)].astype(np.float32), 2, axis=1)
        # Its boxes are 64 x 128 windows with a margin of 16 all round.
        margin = size[:, :1] / 4
        return np.concatenate([corner + margin, corner + size - margin], axis=1) / scale

    return detect
