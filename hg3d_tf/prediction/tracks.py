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
from hg3d_tf.prediction.track import Track, colour_of

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
        self._tracks: list[Track] = []
        self._number, self._frame, self._last_find = 0, -1, -(10**9)

    def __call__(self, photo: Photo, seconds: float) -> list[Person]:
        self._frame += 1
        if self._frame == 0 and self._first_box is not None:
            [first] = people.in_boxes(photo, self._look, [self._first_box])
            self._start([first], seconds, photo.pixels)
            return [first]
        if self._most is None:
            self._tracks = [
                track
                for track in self._tracks
                if not track.is_lost or seconds - track.seconds <= _LONGEST_GAP_S
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
        others = self._others(photo, found, seen)
        lost = [track for track in self._tracks if track.is_lost]
        colours = [colour_of(photo.pixels, person) for person in others]
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
        known = [people.box_of_seen_joints(person.pose) for person in seen]
        known = [*(box for box in known if box is not None), *(person.box for person in seen)]
        is_new = found.scores >= self._least_score
        if known:
            alike = boxes.overlaps(found.boxes[:, np.newaxis], np.stack(known))
            is_new &= alike.max(axis=1) < _SAME_BOX
        new = Found(found.boxes[is_new], found.scores[is_new])
        if self._most is not None:
            room = self._most - len(seen)
            if room <= 0:
                return []
            new = people.candidates(new, photo.pixels.shape[1::-1], room)
        others = [
            Person(box, self._look(photo, box), float(score))
            for box, score in zip(new.boxes, new.scores, strict=True)
        ]
        others = people.without_twins(others)
        return [person for person in others if not _is_twin(person, seen)]

    def _start(self, new: Sequence[Person], seconds: float, pixels) -> list[Person]:
        started = []
        for person in new:
            self._number += 1
            started.append(person._replace(number=self._number))
            self._tracks.append(Track(started[-1], seconds, pixels))
        return started


def _plausible(
    looked: Sequence[tuple[Track, Person, bool]], seconds: float, has_looked: bool
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
