"""Decoding in the graph gives the boxes that NumPy's gives."""

import numpy as np
import pytest
from support.rendered_people import three_people

from hg3d_tf.network import box_decoding, shipped
from hg3d_tf.prediction import finder_decoding
from hg3d_tf.prediction.person_finder import letterbox


def agrees(maps: dict[str, np.ndarray]) -> list[int]:
    """Compare both ways on each row of maps; return how many boxes each has."""
    boxes, scores = box_decoding.decode(**maps)
    counts = []
    for row in range(len(boxes)):
        expected, expected_scores = finder_decoding.decode(**{n: m[row] for n, m in maps.items()})
        count = len(expected)
        np.testing.assert_allclose(scores[row, :count], expected_scores, rtol=1e-5)
        np.testing.assert_allclose(boxes[row, :count], expected, atol=1e-3)
        assert not boxes[row, count:].numpy().any() and not scores[row, count:].numpy().any()
        counts.append(count)
    return counts


@pytest.mark.parametrize("logit", [-6.0, -1.0, 2.0])
def test_boxes_of_random_maps(logit):
    rng = np.random.default_rng(0)

    def noise(channels, level=0.0):
        return (level + 3 * rng.standard_normal((4, 32, 24, channels))).astype(np.float32)

    counts = agrees({"centre": noise(1, logit), "box": 0.3 * noise(4, 1), "quality": noise(1)})
    assert min(counts) > 5


def test_nobody():
    empty = np.full((2, 8, 8, 1), -9.0, np.float32)
    box = np.zeros((2, 8, 8, 4), np.float32)
    assert agrees({"centre": empty, "box": box, "quality": empty}) == [0, 0]


@pytest.mark.slow
def test_boxes_of_a_picture():
    image = letterbox(three_people(), 256)[0] / np.float32(255)
    maps = shipped.load_finder()(image[np.newaxis], training=False)
    [count] = agrees({name: value.numpy() for name, value in maps.items()})
    assert count >= 3
