import numpy as np
import pytest
import tensorflow as tf

from hg3d_tf.optimizers import OptimizerConfig, Schedule, create_optimizer


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
    ("settings", "problem"),
    [
        ({"name": "sgd"}, "'sgd'"),
        ({"schedule": "linear"}, "'linear'"),
        ({"learning_rate": 0.0}, "must be positive"),
    ],
)
def test_settings_that_cannot_be_are_named(settings, problem):
    with pytest.raises(ValueError, match=problem):
        OptimizerConfig(**settings)
