"""People through the frames of a film: who is who."""

import numpy as np
import pytest
from support.crossing import Crossing

from hg3d_tf.prediction import tracking
from hg3d_tf.prediction.given_boxes import Given
from hg3d_tf.prediction.person_finder import Found
from hg3d_tf.prediction.photos import Photo
from hg3d_tf.prediction.tracking import Wanted
from hg3d_tf.prediction.tracks import Tracks


def followed(film, wanted=None):
    wanted = wanted or Wanted()
    return list(tracking.follow(film.frames(), film.look, film.find, wanted, 0.0))


def numbers_of(film, frames):
    """Return for each of the film's people the numbers that they were given."""
    numbers = [set(), set()]
    for number, (_, people) in enumerate(frames):
        for person in people:
            off = [np.abs(person.pose["joints_2d"] - j).mean() for j in film.joints[number]]
            if person.confidence and number and max(off) > 20:  # they do not stand together
                numbers[int(np.argmin(off))].add(person.number)
    return numbers


@pytest.mark.slow
@pytest.mark.parametrize("turns", [False, True])
@pytest.mark.parametrize("seed", [0, 1, 2])
def test_who_crosses_keeps_their_number(turns, seed):
    film = Crossing(300, turns, seed)
    frames = followed(film)
    numbers = numbers_of(film, frames)
    assert [len(one) for one in numbers] == [1, 1] and numbers[0] != numbers[1]
    both = np.mean([len(people) == 2 for _, people in frames])
    visible = np.mean([len(film.seen(number)) == 2 for number in range(300)])
    assert both > visible - 0.05


class Alone:
    """One person who stands still, unless hidden, in a film without an end."""

    def __init__(self, hidden=()):
        self.box = np.array([40, 20, 80, 100], float)
        self.hidden, self.frame, self.looks, self.finds = hidden, 0, 0, 0
        self.joints = np.random.default_rng(0).uniform(self.box[:2] + 4, self.box[2:] - 4, (16, 2))

    def look(self, photo, box):
        self.looks += 1
        clear = 0.1 if self.frame in self.hidden else 0.8
        confidence = np.full(16, clear)
        deep = np.zeros((16, 3))
        return {"joints_2d": self.joints.copy(), "joints_3d": deep, "confidence": confidence}

    def find(self, photo):
        self.finds += 1
        there = [] if self.frame in self.hidden else [self.box]
        return Found(np.array(there, np.float32).reshape(-1, 4), np.full(len(there), 0.9))

    def run(self, tracks, count, rate=30.0):
        photo = Photo("frame", np.zeros((120, 160, 3), np.uint8))
        people = []
        for self.frame in range(count):
            people.append(tracks(photo, self.frame / rate))
        return people


def test_one_person_costs_at_most_1_15_looks_a_frame():
    film = Alone()
    people = film.run(Tracks(film.look, film.find), 300)
    assert all(len(one) == 1 for one in people)
    assert (film.looks + film.finds) / 300 <= 1.15


def test_whom_the_network_hardly_sees_is_kept_while_the_finder_finds_them():
    film = Alone()
    tracks = Tracks(lambda *_: film.look(*_) | {"confidence": np.full(16, 0.1)}, film.find)
    assert all(len(one) == 1 for one in film.run(tracks, 60))


@pytest.mark.parametrize(("gap", "numbers"), [(20, {1}), (90, {1, 2})])
def test_short_gaps_are_bridged_and_long_ones_are_not(gap, numbers):
    film = Alone(hidden=range(50, 50 + gap))
    people = film.run(Tracks(film.look, film.find), 200)
    assert {person.number for one in people for person in one} == numbers
    assert not any(people[53 : 50 + gap])
    assert any(people[50 + gap + 3])


def test_who_is_seen_in_every_frame_keeps_the_number_however_few_there_are_a_second():
    film = Alone()
    people = film.run(Tracks(film.look, film.find), 20, rate=0.5)
    assert [[person.number for person in one] for one in people] == [[1]] * 20


def test_the_one_person_asked_for_keeps_the_number_over_any_gap():
    film = Alone(hidden=range(50, 140))
    people = film.run(Tracks(film.look, film.find, most=1), 200)
    assert {person.number for one in people for person in one} == {1}
    assert len(people[-1]) == 1


def test_a_first_box_is_followed_alone():
    film = Crossing(60)
    wanted = Wanted(box=film.boxes[0, 1])
    frames = followed(film, wanted)
    assert numbers_of(film, frames) == [set(), {1}]


def test_given_boxes_say_who_is_who_and_cost_no_finder():
    film = Crossing(90)

    def given(frame, size):
        seen = film.seen(frame)
        return Given(film.boxes[frame][seen], np.ones(len(seen)), np.array(seen) + 7)

    frames = list(tracking.follow(film.frames(), film.look, None, Wanted(given=given), 0.0))
    assert numbers_of(film, frames) == [{7}, {8}]
    assert film.finds == 0


def test_of_given_numbers_as_many_are_kept_as_are_wanted_the_surest_first():
    film = Crossing(90)

    def given(frame, size):
        seen = film.seen(frame)
        return Given(film.boxes[frame][seen], np.array([0.6, 0.9])[seen], np.array(seen) + 7)

    frames = list(tracking.follow(film.frames(), film.look, None, Wanted(None, given, 1), 0.0))
    assert numbers_of(film, frames) == [set(), {8}]
    assert film.looks == sum(1 in film.seen(number) for number in range(90))


@pytest.mark.parametrize("score", [1.0, -0.4])
def test_given_boxes_without_numbers_are_followed(score):
    film = Crossing(90)

    def given(frame, size):
        seen = film.seen(frame)
        scores = np.full(len(seen), score)
        return Given(film.boxes[frame][seen], scores, np.zeros(len(seen), int))

    frames = list(tracking.follow(film.frames(), film.look, None, Wanted(given=given), 0.0))
    assert sorted(map(len, numbers_of(film, frames))) == [1, 1]


@pytest.mark.parametrize("numbers", [(0, 0), (7, 8)])
def test_boxes_outside_of_the_picture_are_left_out(numbers):
    film = Crossing(12)

    def given(frame, size):
        outside = [size[0] + 5.0, 10, size[0] + 50, 90]
        return Given(np.stack([film.boxes[frame, 0], outside]), np.ones(2), np.array(numbers))

    frames = list(tracking.follow(film.frames(), film.look, None, Wanted(given=given), 0.0))
    assert [len(people) for _, people in frames] == [1] * 12


@pytest.mark.parametrize("number", [0, 7])
def test_somebody_given_in_one_frame_is_kept(number):
    film = Crossing(12)

    def given(frame, size):
        rows = slice(int(frame == 5))
        return Given(film.boxes[frame][rows], np.ones(2)[rows], np.array([number] * 2)[rows])

    frames = list(tracking.follow(film.frames(), film.look, None, Wanted(given=given), 0.0))
    assert [len(people) for _, people in frames] == [0] * 5 + [1] + [0] * 6
