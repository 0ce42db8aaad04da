import numpy as np

from hg3d_tf.prediction.one_euro import OneEuroFilter


def test_it_follows_its_formulas_at_uneven_times():
    values = np.random.default_rng(0).normal(size=(5, 3))
    times = np.array([0, 0.03, 0.07, 1.2, 1.21])
    cutoff, beta = 1.5, 0.2
    smooth = OneEuroFilter(cutoff, beta)
    last, speed = values[0], np.zeros(3)
    np.testing.assert_allclose(smooth(values[0], 0.0), values[0])
    for value, time, step in zip(values[1:], times[1:], np.diff(times), strict=True):
        alpha = lambda hz, step=step: 1 / (1 + 1 / (2 * np.pi * hz * step))  # noqa: E731
        speed = alpha(1.0) * (value - last) / step + (1 - alpha(1.0)) * speed
        weight = alpha(cutoff + beta * np.abs(speed))
        last = weight * value + (1 - weight) * last
        np.testing.assert_allclose(smooth(value, time), last)


def test_after_a_pause_the_new_value_counts_and_not_the_old_one():
    without_pause, with_pause = OneEuroFilter(), OneEuroFilter()
    for smooth in (without_pause, with_pause):
        smooth(np.zeros(1), 0.0)
    assert without_pause(np.ones(1), 1 / 30)[0] < 0.3
    assert with_pause(np.ones(1), 5.0)[0] > 0.9
