import numpy as np
import pytest

from hg3d_tf.prediction import boxes


@pytest.mark.parametrize(
    ("box", "problem"),
    [
        ([0.1, 0.1, 0.5, 0.5], "less than a pixel wide or high (px are wanted)"),
        ([200, 10, 300, 90], "lies outside"),
        ([0, 0, 1e7, 1e7], boxes.TOO_LARGE),
    ],
)
def test_a_box_that_shows_nothing_is_said_and_why(box, problem):
    with pytest.raises(ValueError, match="120 x 90 px as it is seen") as caught:
        boxes.check_inside(np.array(box, float), (120, 90))
    assert problem in str(caught.value)


def test_a_box_of_a_pixel_at_the_corner_is_taken():
    boxes.check_inside(np.array([119.0, 89, 140, 200]), (120, 90))
