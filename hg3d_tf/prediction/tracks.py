"""People of a film, frame by frame, each with a number that stays theirs.

Somebody is looked for in the box of their own pose before. The finder looks at the whole picture in
the first frame, in every tenth, and where somebody was lost or is unclear. Who its boxes are, the
overlap with where people were tells; of those who were lost, where they were going and the colour
of what they wear. Two who come to have the same pose are one: whoever was going elsewhere is lost,
until the finder sees two again.
"""

from collections.abc import Sequence

import numpy as np

from hg3d_tf.prediction import boxes, likeness, people
from hg3d_tf.prediction.people import Person
from hg3d_tf.prediction.person_finder import LEAST_SCORE, Found, PersonFinder
from hg3d_tf.prediction.photos import Photo
from hg3d_tf.prediction.predictors import Predictor
from hg3d_tf.skeleton import joint_index

# How often the finder looks, in frames: always, and while somebody is lost.
_EVERY, _EVERY_WHILE_LOST = 10, 3
# How long somebody who was lost is waited for, s.
_LONGEST_GAP_S = 1.2
# Overlap of boxes that are one person's, from a frame to the next; likeness of one person's poses.
_SAME_BOX, _SAME_POSE = 0.3, 0.6
# Of what a pose was expected to be: below it somebody else's was found.
_LEAST_EXPECTED_OVERLAP = 0.15
# Likeness, of place, size and colours, from which somebody found is somebody lost.
_SAME_AGAIN = 0.25
_COLOUR_SCALE = 40.0  # difference of colours, in levels, that counts as much as a person's size
_MOST_BEYOND = 0.3  # of the finder's box beyond the joints', in longer sides of the latter
_SPEED_S = 0.3  # over which speed is averaged
_TRUNK = [joint_index(f"{side}_{name}") for name in ("shoulder", "hip") for side in "rl"]


class _Track:
    """One person: what was seen last, and where that leads."""

    def __init__(self, person: Person, seconds: float, pixels: np.ndarray):
        self.person, self.seconds, self.is_lost = person, seconds, False
        self._beyond = np.zeros(4)  # of the joints' box: sides of the finder's, in longer sides
        self.box = self._next_box(person, is_found=True)
        self.colour = _colour(pixels, person)
        self._speed = np.zeros(2)

    def follow(self, person: Person, seconds: float, pixels: np.ndarray, is_found: bool) -> None:
        """Take what a frame shows of the person; the box may be the finder's."""
        box = self._next_box(person, is_found)
        step = seconds - self.seconds
        if step > 0:
            speed = (_middle(box) - _middle(self.box)) / step
            share = 1 - np.exp(-step / _SPEED_S)
            self._speed = self._speed + share * (speed - self._speed)
        self.colour = 0.9 * self.colour + 0.1 * _colour(pixels, person)
        self.person, self.seconds, self.box = person, seconds, box
        self.is_lost = False

    def _next_box(self, person: Person, is_found: bool) -> np.ndarray:
        """Return where to look next: round the joints, as far beyond them as the finder's box was.

        So much the more is a limb seen that was not seen before.
        """
        own = people.box_of_seen_joints(person.pose)
        if own is None:
            return np.asarray(person.box, float)
        side = max(own[2:] - own[:2])
        if is_found:
            self._beyond = np.clip((person.box - own) / side, -_MOST_BEYOND, _MOST_BEYOND)
        return own + self._beyond * side

    @property
    def is_unclear(self) -> bool:
        """Tell whether the network hardly sees the person, who may not be there."""
        return people.box_of_seen_joints(self.person.pose) is None

    def expected_shift(self, seconds: float) -> np.ndarray:
        return self._speed * (seconds - self.seconds)

    def expected_box(self, seconds: float) -> np.ndarray:
        return self.box + np.tile(self.expected_shift(seconds), 2)

    def likeness_to(self, box: np.ndarray, colour: np.ndarray, seconds: float) -> float:
        """Return how likely somebody in a box is this one, lost before, in [0, 1]."""
        expected = self.expected_box(seconds)
        side = max(expected[2:] - expected[:2])
        off = np.linalg.norm(_middle(box) - _middle(expected)) / side
        size = abs(np.log(max(box[2:] - box[:2]) / side))
        other = np.abs(colour - self.colour).mean() / _COLOUR_SCALE
        return float(np.exp(-(off**2) / 2 - size - other))


class Tracks:
    """Photo and time -> the people of the next frame, in px.

    Args:
      look: finds the pose in a box.
      find: finds the boxes of a frame; those with low scores count for who is known already.
      box: [4] px of the one person in the first frame, or None.
      most: how many people; None for all. Someone lost for long is then looked for again.
      always: look by `find` at every frame.
      least_score: of somebody new.
    """

    def __init__(
        self,
        look: Predictor,
        find: PersonFinder,
        box: np.ndarray | None = None,
        most: int | None = None,
        always: bool = False,
        least_score: float = LEAST_SCORE,
    ):
        self._look, self._find, self._first_box = look, find, box
        self._most = 1 if box is not None else most
        self._always, self._least_score = always, least_score
        self._tracks: list[_Track] = []
        self._number, self._frame, self._last_find = 0, -1, -(10**9)

    def __call__(self, photo: Photo, seconds: float) -> list[Person]:
        self._frame += 1
        if self._frame == 0 and self._first_box is not None:
            [first] = people.in_boxes(photo, self._look, [self._first_box])
            self._start([first], seconds, photo.pixels)
            return [first]
        if self._most is None:
            self._tracks = [
                track for track in self._tracks if seconds - track.seconds <= _LONGEST_GAP_S
            ]
        found = self._found(photo)
        seen = self._follow(photo, seconds, found)
        found = found or self._found(photo)  # somebody may have been lost just now
        if found is not None:
            seen = [*seen, *self._find_again(photo, seconds, found, seen)]
        return sorted(seen, key=lambda person: person.number)

    def _is_due(self) -> bool:
        lost = not self._tracks or any(track.is_lost or track.is_unclear for track in self._tracks)
        since = self._frame - self._last_find
        return self._always or since >= (_EVERY_WHILE_LOST if lost else _EVERY)

    def _found(self, photo: Photo) -> Found | None:
        if not self._is_due():
            return None  # nobody knows
        self._last_find = self._frame
        return self._find(photo)

    def _follow(self, photo: Photo, seconds: float, found: Found | None) -> list[Person]:
        """Return those who were seen before and still are."""
        active = [track for track in self._tracks if not track.is_lost]
        places = [(track.box, None) for track in active]
        if found is not None and len(found.boxes) and active:
            expected = np.stack([track.expected_box(seconds) for track in active])
            alike = boxes.overlaps(expected[:, np.newaxis], found.boxes)
            for row, column in likeness.pairs(alike, _SAME_BOX):
                places[row] = found.boxes[column], float(found.scores[column])
        looked = []
        for track, (box, score) in zip(active, places, strict=True):
            person = track.person._replace(box=box, pose=self._look(photo, box))
            person = person if score is None else person._replace(score=score)
            looked.append((track, person, score is not None))
        kept = _plausible(looked, seconds, has_looked=found is not None)
        for track, person, is_found in looked:
            track.is_lost = person.number not in kept
            if not track.is_lost:
                track.follow(person, seconds, photo.pixels, is_found)
        return [person for _, person, _ in looked if person.number in kept]

    def _find_again(self, photo, seconds: float, found: Found, seen: Sequence[Person]):
        """Return those who were lost and are found again, and who is new."""
        is_full = self._most is not None and len(seen) >= self._most
        others = [] if is_full else self._others(photo, found, seen)
        lost = [track for track in self._tracks if track.is_lost]
        colours = [_colour(photo.pixels, person) for person in others]
        alike = np.zeros((len(lost), len(others)))
        for row, column in np.ndindex(*alike.shape):
            box = others[column].box
            alike[row, column] = lost[row].likeness_to(box, colours[column], seconds)
            if self._most is not None and seconds - lost[row].seconds > _LONGEST_GAP_S:
                alike[row, column] += _SAME_AGAIN  # whoever is most alike
        again = {}
        for row, column in likeness.pairs(alike, _SAME_AGAIN):
            again[column] = others[column]._replace(number=lost[row].person.number)
            lost[row].follow(again[column], seconds, photo.pixels, is_found=True)
        new = [person for place, person in enumerate(others) if place not in again]
        if self._most is not None:
            room = self._most - len(self._tracks)
            new = people.clearest(new, photo.pixels.shape[1::-1], room) if room > 0 else []
        return [*again.values(), *self._start(new, seconds, photo.pixels)]

    def _others(self, photo: Photo, found: Found, seen: Sequence[Person]) -> list[Person]:
        """Return the people found who are none of those seen, the surest first."""
        others = []
        known = [people.box_of_seen_joints(person.pose) for person in seen]
        known = [*(box for box in known if box is not None), *(person.box for person in seen)]
        for box, score in zip(found.boxes, found.scores, strict=True):
            if known and boxes.overlaps(np.stack(known), box).max() >= _SAME_BOX:
                continue
            if score >= self._least_score:
                others.append(Person(box, self._look(photo, box), float(score)))
        others = people.without_twins(others)
        return [person for person in others if not _is_twin(person, seen)]

    def _start(self, new: Sequence[Person], seconds: float, pixels) -> list[Person]:
        started = []
        for person in new:
            self._number += 1
            started.append(person._replace(number=self._number))
            self._tracks.append(_Track(started[-1], seconds, pixels))
        return started


def _plausible(
    looked: Sequence[tuple[_Track, Person, bool]], seconds: float, has_looked: bool
) -> set[int]:
    """Return the numbers of those who were really seen again, each once.

    Whom the network hardly sees is there as long as the finder has not looked, or finds them too.

    Args:
      looked: tracks, what was seen, and whether the finder found them.
      seconds: the time.
      has_looked: whether the finder looked.
    """
    rated = []
    for track, person, is_found in looked:
        box = people.box_of_seen_joints(person.pose)
        if box is None and has_looked and not is_found:
            continue
        box = person.box if box is None else box
        if boxes.overlaps(box, track.expected_box(seconds)) < _LEAST_EXPECTED_OVERLAP:
            continue
        joints = track.person.pose["joints_2d"] + track.expected_shift(seconds)
        rated.append((likeness.of_poses(person.pose["joints_2d"], joints), person))
    kept: list[Person] = []
    for _, person in sorted(rated, key=lambda one: one[0], reverse=True):
        if not _is_twin(person, kept):
            kept.append(person)
    return {person.number for person in kept}


def _is_twin(person: Person, others: Sequence[Person]) -> bool:
    joints = person.pose["joints_2d"]
    return any(likeness.of_poses(joints, p.pose["joints_2d"]) >= _SAME_POSE for p in others)


def _middle(box: np.ndarray) -> np.ndarray:
    return (box[:2] + box[2:]) / 2


def _colour(pixels: np.ndarray, person: Person) -> np.ndarray:
    """Return the mean colour [3] of what a person wears on the trunk, in levels."""
    corners = person.pose["joints_2d"][_TRUNK]
    shares = np.linspace(0.2, 0.8, 6)
    across = corners[[0, 2]] + shares[:, np.newaxis, np.newaxis] * (
        corners[[1, 3]] - corners[[0, 2]]
    )
    points = across[:, :1] + shares[:, np.newaxis] * (across[:, 1:] - across[:, :1])
    size = np.array(pixels.shape[1::-1])
    x, y = np.clip(points.reshape(-1, 2).astype(int), 0, size - 1).T
    return pixels[y, x].mean(axis=0)
