"""Two rendered people who cross: the whole way from pixels to who is who."""

import numpy as np
import pytest

pytest.importorskip("embreex", reason="embreex is not installed")
pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")

from support import rendered_walks

from hg3d_tf import weights
from hg3d_tf.prediction import person_finder, predictors, tracking
from hg3d_tf.prediction.film_reader import Frame

COUNT = 300


@pytest.mark.smoke
def test_rendered_people_who_cross_keep_their_numbers():
    way = (1 - np.cos(2 * np.pi * np.arange(COUNT) / rendered_walks.RATE / 8)) / 2
    walkers = [
        rendered_walks.Walker(3, (-1700, 300), (1700, 300), way),
        rendered_walks.Walker(8, (1700, -300), (-1700, -300), way),
    ]
    film = rendered_walks.film(walkers, COUNT, 320, 180)
    frames = (Frame(*each) for each in zip(film.frames, range(COUNT), film.seconds, strict=True))
    look = predictors.load_predictor(weights.TFLITE_FILE)
    find = person_finder.LiteRTFinder(weights.FINDER_FILE)
    numbers, errors, seen = [set(), set()], [], 0
    for i, (_, people) in enumerate(tracking.follow(frames, look, find, tracking.Wanted(), 0.0)):
        seen += len(people)
        for person in people:
            off = person.pose["joints_2d"] - film.joints_2d[i]
            error = np.linalg.norm(off, axis=-1).mean(-1)
            if np.ptp(error) > 10:  # they do not stand together
                numbers[int(error.argmin())].add(person.number)
                errors.append(error.min() / np.ptp(film.joints_2d[i, error.argmin(), :, 1]))
    assert [len(one) for one in numbers] == [1, 1] and numbers[0] != numbers[1]
    assert seen > 1.85 * COUNT and np.median(errors) < 0.06
