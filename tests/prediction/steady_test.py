"""Poses through a film, mended and smoothed by the frames before and after."""

import numpy as np
import pytest
from support import walks

from hg3d_tf.prediction import exchanges, steady
from hg3d_tf.prediction.film_reader import Frame
from hg3d_tf.prediction.people import Person
from hg3d_tf.skeleton import MIRROR

COUNT = 60


@pytest.fixture(scope="module")
def walk():
    return walks.walk(COUNT)


def poses(walk, noise_mm=0.0):
    rng = np.random.default_rng(0)
    joints_3d = walk.joints_3d - walk.joints_3d[:, 6:7]
    joints_3d = joints_3d + rng.normal(0, noise_mm, joints_3d.shape)
    joints_2d = walk.joints_2d + rng.normal(0, noise_mm / 4, walk.joints_2d.shape)
    return [
        {"joints_2d": a, "joints_3d": b, "confidence": np.full(16, 0.8)}
        for a, b in zip(joints_2d, joints_3d, strict=True)
    ]


def film(*people, seconds=None):
    """Frames of people, each a list of poses or None where somebody is lost."""
    for number, here in enumerate(zip(*people, strict=True)):
        there = [
            Person(np.array([0.0, 0, 9, 9]), pose, 0.5, place + 1)
            for place, pose in enumerate(here)
            if pose is not None
        ]
        yield Frame(None, number, number / walks.RATE), there


def steadied(*people, smoothing=0.0):
    return [here for _, here in steady.steady(film(*people), smoothing)]


def exchanged(pose, groups=(True, True)):
    return exchanges.mended(pose, np.array(groups))


@pytest.mark.parametrize("frames", [[30], [20, 21, 22, 23], [5, 17, 18, 40]])
@pytest.mark.parametrize("groups", [(True, True), (True, False), (False, True)])
def test_left_and_right_exchanged_for_some_frames_are_mended(walk, frames, groups):
    right = poses(walk, 15)
    wrong = [exchanged(p, groups) if n in frames else p for n, p in enumerate(right)]
    for expected, [person] in zip(right, steadied(wrong), strict=True):
        np.testing.assert_array_equal(person.pose["joints_2d"], expected["joints_2d"])


def test_nothing_is_exchanged_where_nothing_is_wrong(walk):
    right = poses(walk, 30)
    for expected, [person] in zip(right, steadied(right), strict=True):
        np.testing.assert_array_equal(person.pose["joints_3d"], expected["joints_3d"])


def test_mended_twice_is_as_it_was(walk):
    pose = poses(walk, 5)[0]
    both = exchanged(exchanged(pose))
    np.testing.assert_array_equal(both["joints_3d"], pose["joints_3d"])
    np.testing.assert_array_equal(
        exchanged(pose)["joints_2d"][:6], pose["joints_2d"][list(MIRROR)][:6]
    )


def test_smoothing_takes_noise_and_neither_lags_nor_flattens(walk):
    clean, noisy = poses(walk), poses(walk, 30)

    def error(found, of):
        return np.mean(
            [np.abs(a["joints_3d"] - b["joints_3d"]).mean() for a, b in zip(found, of, strict=True)]
        )

    smooth = [here[0].pose for here in steadied(noisy, smoothing=0.1)]
    assert error(smooth, clean) < 0.7 * error(noisy, clean)
    lags = [error(smooth[5:-5], clean[5 + lag : COUNT - 5 + lag]) for lag in (-2, -1, 0, 1, 2)]
    assert np.argmin(lags) == 2
    unchanged = [here[0].pose for here in steadied(clean, smoothing=0.05)]
    assert error(unchanged, clean) < 4


def test_smoothing_is_the_parabola_of_least_squares():
    rng = np.random.default_rng(3)
    times, names = np.sort(rng.normal(0, 0.2, 20)), {"joints_2d": 2, "joints_3d": 3}
    around = [
        {name: rng.normal(0, 50, (16, width)) for name, width in names.items()} for _ in times
    ]
    around = [pose | {"confidence": rng.uniform(-0.2, 1.2, 16)} for pose in around]
    found = steady._smooth(times, around, 0.1)
    bases = np.stack([(times / 0.1) ** power for power in range(3)], axis=1)
    for joint in (0, 7, 15):
        confidence = np.array([pose["confidence"][joint] for pose in around])
        sure = np.clip(confidence, 0, 0.95)
        odds = sure / (1 - sure)
        weights = np.exp(-0.5 * (times / 0.1) ** 2) * (odds**1.5 + 0.1)
        ridge = np.diag(np.sqrt(np.array([0, 0.005, 0.02]) * weights.sum()))
        rows = np.concatenate([bases * np.sqrt(weights)[:, np.newaxis], ridge])
        for name, width in names.items():
            values = np.stack([pose[name][joint] for pose in around])
            values = values * np.sqrt(weights)[:, np.newaxis]
            values = np.concatenate([values, np.zeros((3, width))])
            [expected, *_], *_ = np.linalg.lstsq(rows, values, rcond=None)
            np.testing.assert_allclose(found[name][joint], expected, rtol=1e-6, atol=1e-8)


def test_a_line_stays_a_line_at_the_ends_too(walk):
    start, step = poses(walk)[0], np.random.default_rng(1).normal(0, 5, (16, 2))
    line = [start | {"joints_2d": start["joints_2d"] + n * step} for n in range(COUNT)]
    for number, [person] in enumerate(steadied(line, smoothing=0.1)):
        off = np.abs(person.pose["joints_2d"] - line[number]["joints_2d"]).max()
        assert off < (1e-6 if 8 < number < COUNT - 9 else 3)


def test_a_short_gap_is_filled_and_marked_as_not_seen(walk):
    right = poses(walk)
    gap = [None if 30 <= n < 34 else pose for n, pose in enumerate(right)]
    found = steadied(gap, smoothing=0.1)
    assert all(len(here) == 1 for here in found)
    for number in range(30, 34):
        pose = found[number][0].pose
        assert not pose["confidence"].any()
        assert np.abs(pose["joints_3d"] - right[number]["joints_3d"]).mean() < 25


def test_before_and_after_nobody_is_made_up(walk):
    part = [pose if 20 <= n < 40 else None for n, pose in enumerate(poses(walk))]
    assert [len(here) for here in steadied(part, smoothing=0.1)] == [0] * 20 + [1] * 20 + [0] * 20


def test_who_is_there_for_two_frames_only_was_nobody(walk):
    right = poses(walk)
    ghost = [pose if n in (30, 31) else None for n, pose in enumerate(right)]
    assert all(len(here) == 1 for here in steadied(right, ghost))
    assert [len(here) for here in steadied(right[:2], right[:2])] == [2, 2]


@pytest.mark.parametrize("rate", [0.5, 2, 4, 30])
def test_who_comes_into_a_film_is_there_from_their_first_frame_on(walk, rate):
    late = [pose if n >= 20 else None for n, pose in enumerate(poses(walk))]
    frames = [(one._replace(seconds=n / rate), p) for n, (one, p) in enumerate(film(late))]
    counts = [len(here) for _, here in steady.steady(frames, 0.1)]
    assert counts == [0] * 20 + [1] * (COUNT - 20)


def test_frames_that_wait_come_before_ctrl_c(walk):
    def interrupted():
        for number, item in enumerate(film(poses(walk))):
            if number == 12:
                raise KeyboardInterrupt
            yield item

    frames = steady.steady(interrupted(), 0.1)
    done = []
    with pytest.raises(KeyboardInterrupt):
        for item in frames:
            done.append(item)
    assert len(done) == 12


def test_few_frames_wait(walk):
    taken = 0

    def counted():
        nonlocal taken
        for item in film(poses(walk) * 2):
            taken += 1
            yield item

    ahead = []
    for number, _ in enumerate(steady.steady(counted(), 5.0)):
        ahead.append(taken - number)
    assert max(ahead) <= 26
