import sys

import numpy as np
import pytest
import tensorflow as tf

from hg3d_tf.cli import UserError
from hg3d_tf.training.optimizers import OptimizerConfig, Schedule, create_optimizer


def rates(config, steps, epochs=4, steps_per_epoch=10):
    schedule = Schedule(config, steps_per_epoch, epochs)
    return [float(schedule(step)) for step in steps]


def test_steps_divide_the_rate_by_ten_after_their_epochs():
    config = OptimizerConfig(learning_rate=1.0, decay_epochs=(2, 3))
    np.testing.assert_allclose(rates(config, [0, 19, 20, 29, 30, 39]), [1, 1, 0.1, 0.1, 0.01, 0.01])


def test_cosine_falls_from_the_rate_to_zero():
    config = OptimizerConfig(learning_rate=2.0, schedule="cosine")
    np.testing.assert_allclose(rates(config, [0, 20, 40, 50]), [2, 1, 0, 0], atol=1e-6)


def test_the_rate_rises_over_the_warmup():
    config = OptimizerConfig(learning_rate=1.0, warmup_steps=4)
    np.testing.assert_allclose(rates(config, [0, 1, 3, 9]), [0.25, 0.5, 1, 1])


def test_rmsprop_is_torchs():
    # Torch: v = 0.99 v + 0.01 g^2; w -= lr g / (sqrt(v) + 1e-8).
    gradients = [1e-4, -3e-5, 2e-4]
    weight, mean_square = 0.5, 0.0
    variable = tf.Variable(0.5)
    optimizer = create_optimizer(OptimizerConfig(learning_rate=0.01), 10, 1)
    for gradient in gradients:
        mean_square = 0.99 * mean_square + 0.01 * gradient**2
        weight -= 0.01 * gradient / (np.sqrt(mean_square) + 1e-8)
        optimizer.apply_gradients([(tf.constant(gradient), variable)])
    np.testing.assert_allclose(variable.numpy() - 0.5, weight - 0.5, rtol=2e-3)


@pytest.mark.parametrize(
    "settings",
    [
        {"name": "radam"},
        {"name": "lamb", "weight_decay": 1e-4},
        {"name": "radam", "lookahead": True},
    ],
)
def test_optimizers_of_addons_lead_to_the_minimum(settings):
    pytest.importorskip("tensorflow_addons", reason="tensorflow-addons has no release here")
    variable = tf.Variable([2.0, -1.0])
    optimizer = create_optimizer(OptimizerConfig(learning_rate=0.05, **settings), 10, 1)
    for _ in range(150):
        optimizer.apply_gradients(
            [(2 * variable, variable)], experimental_aggregate_gradients=False
        )
    assert np.abs(variable.numpy()).max() < 1.0


def test_without_addons_one_line_says_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "tensorflow_addons", None)
    with pytest.raises(UserError, match="optimizer lamb is tensorflow-addons', which is not"):
        create_optimizer(OptimizerConfig("lamb"), 10, 1)


def test_adamw_decays_kernels_and_not_biases():
    kernel, bias = tf.Variable([1.0], name="kernel"), tf.Variable([1.0], name="bias")
    optimizer = create_optimizer(OptimizerConfig("adamw", 0.1, weight_decay=0.5), 10, 1)
    optimizer.apply_gradients([(tf.constant([0.0]), kernel), (tf.constant([0.0]), bias)])
    np.testing.assert_allclose([kernel[0], bias[0]], [0.95, 1.0], rtol=1e-6)


def test_radam_decays_all_weights():
    pytest.importorskip("tensorflow_addons", reason="tensorflow-addons has no release here")
    kernel, gamma = tf.Variable([1.0], name="kernel"), tf.Variable([1.0], name="gamma")
    optimizer = create_optimizer(OptimizerConfig("radam", 0.1, weight_decay=0.5), 10, 1)
    optimizer.apply_gradients([(tf.constant([0.0]), kernel), (tf.constant([0.0]), gamma)])
    np.testing.assert_allclose([kernel[0], gamma[0]], [0.95, 0.95], rtol=1e-6)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"weight_decay": 0.1}, "weight_decay wants"),
        ({"lookahead": True}, "lookahead wants"),
        ({"name": "sgd"}, "'sgd'"),
        ({"schedule": "linear"}, "'linear'"),
        ({"learning_rate": 0.0}, "must be positive"),
        ({"warmup_steps": -1}, "warmup_steps is -1, must not be negative"),
        ({"decay_epochs": (40, 0)}, "must be positive"),
    ],
)
def test_settings_that_cannot_be_are_named(settings, problem):
    with pytest.raises(ValueError, match=problem):
        OptimizerConfig(**settings)
