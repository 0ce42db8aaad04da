"""A pose in a crop's frame and in the camera's, against a camera that really looks there."""

import numpy as np
import pytest
import tensorflow as tf
from support import reference

from hg3d_tf import line_of_sight

RNG = np.random.default_rng(0)
POINTS = RNG.normal(0, 300, (5, 16, 3))
OFF_AXIS = RNG.uniform(-0.7, 0.7, (5, 2))


def of_numpy(values):
    return np.moveaxis(values, -1, 0)


def of_tensorflow(values):
    return tf.unstack(values, axis=-1)


@pytest.mark.parametrize(("unstack", "sqrt"), [(of_numpy, np.sqrt), (of_tensorflow, tf.sqrt)])
def test_points_are_turned_by_the_smallest_turn_to_the_line_of_sight(unstack, sqrt):
    found = line_of_sight.turned(unstack(POINTS), unstack(OFF_AXIS[:, np.newaxis]), sqrt)
    for number, (points, (x, y)) in enumerate(zip(POINTS, OFF_AXIS, strict=True)):
        expected = reference.line_of_sight([x, y, 1]).apply(points)
        np.testing.assert_allclose(np.stack(found, -1)[number], expected, atol=1e-9)


def test_who_is_in_the_middle_is_not_turned():
    found = line_of_sight.turned(POINTS[0].T, np.zeros((2, 1)))
    np.testing.assert_array_equal(np.stack(found, -1), POINTS[0])


def test_it_undoes_what_a_camera_that_looks_elsewhere_sees():
    # A person 4 m away, 20 degrees off the axis. A crop sees it as a camera does that looks there.
    place = 4000 * np.array([np.sin(np.radians(20)), 0, np.cos(np.radians(20))])
    looks_there = reference.line_of_sight(place)
    seen = looks_there.inv().apply(place + POINTS[0]) - [0, 0, 4000]
    found = line_of_sight.turned(seen.T, np.array([[place[0] / place[2]], [0.0]]))
    np.testing.assert_allclose(np.stack(found, -1), POINTS[0], atol=1e-6)
