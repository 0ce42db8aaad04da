import numpy as np
import pytest
import tensorflow as tf
from support.small_network import random_batch, shrunk

from hg3d_tf.network import updates
from hg3d_tf.network.keras_api import keras
from hg3d_tf.network.pose_model import LossConfig
from hg3d_tf.network.updates import UpdateConfig


def compiled(optimizer, **settings):
    keras.utils.set_random_seed(0)
    model = shrunk()
    model.compile(optimizer, LossConfig(), UpdateConfig(**settings))
    model.optimizer.build(model.trainable_variables)  # else the step is traced twice
    return model


@pytest.mark.slow
def test_a_clipped_step_has_the_length_of_the_norm():
    model = compiled(keras.optimizers.SGD(1.0), clip_norm=0.01)
    before = [variable.numpy() for variable in model.trainable_variables]
    results = tf.function(model.take_step)(random_batch())
    assert results["gradient_norm"] > 0.01
    moved = [
        np.square(variable.numpy() - old).sum()
        for variable, old in zip(model.trainable_variables, before, strict=True)
    ]
    np.testing.assert_allclose(np.sqrt(sum(moved)), 0.01, rtol=1e-3)


@pytest.mark.slow
def test_a_batch_that_is_not_finite_changes_nothing_when_skipped():
    model = compiled(keras.optimizers.Adam(), skip_nonfinite=True)
    take_step = tf.function(model.take_step)
    good = random_batch()
    bad = good | {"image": good["image"] * np.nan}
    assert take_step(good)["finite"]
    before = [value.numpy() for value in (*model.variables, *model.optimizer.variables)]
    assert not take_step(bad)["finite"]
    after = [value.numpy() for value in (*model.variables, *model.optimizer.variables)]
    for old, new in zip(before, after, strict=True):
        np.testing.assert_array_equal(new, old)
    assert take_step(good)["finite"]


def test_parts_of_a_batch_sum_to_its_gradient():
    weights = tf.Variable([0.5, -2.0])
    batch = {"image": tf.constant([[1.0, 2.0], [3.0, -1.0], [0.5, 0.5], [2.0, 4.0]])}

    def compute(part):
        with tf.GradientTape() as tape:
            per_sample = tf.square(part["image"] @ weights[:, tf.newaxis])[:, 0]
            loss = tf.reduce_mean(per_sample)
        return loss, tape.gradient(loss, [weights]), {"loss": per_sample}

    whole, parts = (updates.in_parts(batch, count, compute) for count in (1, 2))
    np.testing.assert_allclose(parts[0], whole[0], rtol=1e-6)
    np.testing.assert_allclose(parts[1][0], whole[1][0], rtol=1e-6)
    np.testing.assert_allclose(parts[2]["loss"], whole[2]["loss"])


def test_under_float16_gradients_are_scaled_and_back():
    weights = tf.Variable([2.0])
    optimizer = keras.mixed_precision.LossScaleOptimizer(keras.optimizers.SGD(0.1))
    loss, gradients, _ = updates.compute_gradients(
        optimizer, lambda: (tf.reduce_sum(weights**2), None), [weights]
    )
    np.testing.assert_allclose([loss, gradients[0][0]], [4.0, 4.0])


@pytest.mark.parametrize(
    ("settings", "problem"),
    [({"clip_norm": -1.0}, "clip_norm is -1.0"), ({"accumulate": 0}, "accumulate is 0")],
)
def test_settings_that_cannot_be_are_named(settings, problem):
    with pytest.raises(ValueError, match=problem):
        UpdateConfig(**settings)
