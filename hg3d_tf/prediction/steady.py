"""People's poses through a film, mended and smoothed by the frames before and after.

Frames wait until enough of those after them are known, so that smoothing does not lag. What is
known of a person in at most `_MOST_FRAMES` frames each way decides.
"""

from collections import deque
from collections.abc import Iterable, Iterator
from typing import NamedTuple

import numpy as np

from hg3d_tf.prediction import exchanges
from hg3d_tf.prediction.film_reader import Frame
from hg3d_tf.prediction.people import Person

# How far a frame looks each way: seconds, sigmas of the smoothing, and frames, which lie in memory.
_REACH_S, _REACH_SIGMAS, _MOST_FRAMES = 0.25, 2.5, 24
# Frames in which somebody must be seen, unless the film is shorter: else they were nobody.
FEWEST_SEEN = 3
# What a joint counts that was not seen, and up to which confidence more counts more: odds of nearly
# certain joints would leave nothing of the others.
_UNSEEN_WEIGHT, _SUREST = 0.1, 0.95


class _Seen(NamedTuple):
    frame: int
    seconds: float
    person: Person
    step: exchanges.Step  # since it was seen before


class _Course:
    """What is known of one person around the frame that is next."""

    def __init__(self):
        self.seen: deque[_Seen] = deque()
        self.count = 0
        self._settled: dict[int, np.ndarray] = {}  # frame -> which groups are exchanged

    def add(self, frame: int, seconds: float, person: Person) -> None:
        last = self.seen[-1].person.pose if self.seen else None
        step = exchanges.step(last, person.pose)
        self.seen.append(_Seen(frame, seconds, person, step))
        self.count += 1

    def forget_before(self, frame: int) -> None:
        while self.seen and self.seen[0].frame < frame:
            self._settled.pop(self.seen.popleft().frame, None)

    def around(self, frame: int) -> tuple[list[_Seen], list[dict[str, np.ndarray]]]:
        """Return what was seen, and its poses mended; what is mended up to `frame` stays so."""
        seen = list(self.seen)
        known = [one for one in seen if one.frame in self._settled]
        start = max(0, len(known) - 1)
        first = self._settled[known[-1].frame] if known else None
        states = exchanges.states([one.step for one in seen[start:]], first)
        states = [self._settled[one.frame] for one in known[:-1]] + list(states)
        for one, state in zip(seen, states, strict=True):
            if one.frame <= frame:
                self._settled[one.frame] = state
        poses = [
            exchanges.mended(one.person.pose, state)
            for one, state in zip(seen, states, strict=True)
        ]
        return seen, poses


def steady(
    frames: Iterable[tuple[Frame, list[Person]]], smoothing: float, fewest_seen: int = FEWEST_SEEN
) -> Iterator[tuple[Frame, list[Person]]]:
    """Yield frames with their people, smoothed; those that wait come before a Ctrl-C goes on.

    A short gap, in which somebody was lost, is filled in; its joints were not seen, so that their
    confidence is 0.

    Args:
      frames: of a film, with people whose numbers stay theirs.
      smoothing: sigma of the time around a frame that counts, s; 0 only mends.
      fewest_seen: people of fewer frames are left out.
    """
    film = _Film(smoothing, fewest_seen)
    interruption = None
    source = iter(frames)
    while interruption is None:
        try:
            frame, people = next(source)
        except StopIteration:
            break
        except KeyboardInterrupt as error:
            interruption = error
            break
        film.add(frame, people)
        while film.is_ready():
            yield film.next()
    while film.waiting:
        yield film.next()
    if interruption is not None:
        raise interruption


class _Film:
    """The frames that wait, and the courses of their people."""

    def __init__(self, smoothing: float, fewest_seen: int):
        self._smoothing, self._fewest_seen = smoothing, fewest_seen
        self._reach_s = max(_REACH_S, _REACH_SIGMAS * smoothing)
        self.waiting: deque[tuple[int, Frame]] = deque()
        self._courses: dict[int, _Course] = {}
        self._count = 0

    def add(self, frame: Frame, people: list[Person]) -> None:
        for person in people:
            course = self._courses.setdefault(person.number, _Course())
            course.add(self._count, frame.seconds, person)
        self.waiting.append((self._count, frame))
        self._count += 1

    def is_ready(self) -> bool:
        """Tell whether the next frame has waited enough."""
        # In a film of few frames a second, too, who comes into it has to be seen often enough.
        if len(self.waiting) < max(2, self._fewest_seen):
            return False
        waited = self.waiting[-1][1].seconds - self.waiting[0][1].seconds
        return waited >= self._reach_s or len(self.waiting) > _MOST_FRAMES

    def next(self) -> tuple[Frame, list[Person]]:
        number, frame = self.waiting.popleft()
        for key, course in list(self._courses.items()):
            course.forget_before(number - _MOST_FRAMES)
            if not course.seen:
                del self._courses[key]
        enough = min(self._fewest_seen, self._count)
        people = [
            self._person(course, number, frame.seconds)
            for course in self._courses.values()
            if course.count >= enough
        ]
        people = [person for person in people if person is not None]
        return frame, sorted(people, key=lambda person: person.number)

    def _person(self, course: _Course, number: int, seconds: float) -> Person | None:
        """Return a person as seen in a frame, or between two frames; None before and after."""
        seen, poses = course.around(number)
        near = [place for place, one in enumerate(seen) if self._is_near(one, seconds)]
        before = [place for place in near if seen[place].frame <= number]
        after = [place for place in near if seen[place].frame >= number]
        if not before or not after:
            return None
        nearest = before[-1]
        is_there = seen[nearest].frame == number
        pose = dict(poses[nearest])
        if self._smoothing or not is_there:
            times = np.array([seen[place].seconds - seconds for place in near])
            there = [poses[place] for place in near]
            pose |= _smooth(times, there, self._smoothing or _REACH_S)
        if is_there:
            return seen[nearest].person._replace(pose=pose)
        box = (seen[nearest].person.box + seen[after[0]].person.box) / 2
        pose["confidence"] = np.zeros_like(pose["confidence"])
        return seen[nearest].person._replace(box=box, pose=pose)

    def _is_near(self, one: _Seen, seconds: float) -> bool:
        return abs(one.seconds - seconds) <= self._reach_s


def _smooth(times: np.ndarray, poses: list[dict], sigma_s: float) -> dict[str, np.ndarray]:
    """Return joints at time 0: of the parabola that fits those around it best.

    Args:
      times: [N] s.
      poses: N of them; a joint weighs by a power of its odds to be right, and by a Gaussian of its
        time.
      sigma_s: of the Gaussian.
    """
    scaled = times / sigma_s
    confidence = np.stack([pose["confidence"] for pose in poses])
    sure = np.clip(confidence, 0, _SUREST)  # peaks, of files from before, may be negative
    weights = (sure / (1 - sure)) ** 1.5 + _UNSEEN_WEIGHT
    weights *= np.exp(-0.5 * scaled**2)[:, np.newaxis]
    basis = np.stack([np.ones_like(scaled), scaled, scaled**2], axis=1)
    # A little of no slope and no bend: at the ends, and where there are few.
    moments = np.einsum("nj,na,nb->jab", weights, basis, basis)
    moments += np.eye(3) * np.array([0, 0.005, 0.02]) * weights.sum(0)[:, np.newaxis, np.newaxis]
    shares = weights * (basis @ _first_rows_of_inverses(moments).T)
    return {
        name: np.einsum("nj,njc->jc", shares, np.stack([pose[name] for pose in poses]))
        for name in ("joints_2d", "joints_3d")
    }


def _first_rows_of_inverses(matrices: np.ndarray) -> np.ndarray:
    """Return the first rows [N, 3] of the inverses of symmetric matrices [N, 3, 3].

    `np.linalg` lets other threads go ahead, and they keep it waiting for longer than a look takes.
    """
    (_, b, c), (_, d, e), (_, _, f) = matrices.transpose(1, 2, 0)
    cofactors = np.stack([d * f - e * e, c * e - b * f, b * e - c * d], axis=1)
    return cofactors / np.sum(cofactors * matrices[:, 0], axis=1, keepdims=True)
