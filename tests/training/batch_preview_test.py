"""The picture of a batch that training draws."""

import logging

import numpy as np
import tensorflow as tf

from hg3d_tf.training.batch_preview import batch_figure


def test_brightness_that_rounds_above_one_is_drawn_without_a_word(caplog):
    white = np.nextafter(np.ones((2, 32, 32, 3), np.float32), np.float32(2))
    spread = np.linspace(-0.5, 0.5, 16, dtype=np.float32)
    batch = {
        "image": white,
        "joints_2d_norm": np.tile(spread[:, np.newaxis], (2, 1, 2)),
        "visible": np.ones((2, 16), bool),
        "depth": np.tile(spread, (2, 1)),
        "has_depth": np.array([True, False]),
        "key": np.array([b"with depth", b"without"]),
    }
    with caplog.at_level(logging.WARNING):
        figure = batch_figure({name: tf.constant(value) for name, value in batch.items()}, 8)
    titles = [axes.get_title() for axes in figure.axes]
    assert titles.count("with depth") == titles.count("without") == 1 and len(figure.axes) == 5
    assert not caplog.records
