import numpy as np
import pytest
import tensorflow as tf
from support.painted_samples import painted_sample, render

from hg3d_tf.data import augment
from hg3d_tf.data.augment import AugmentConfig

EVERYTHING = AugmentConfig(
    grayscale_probability=1.0,
    blur_probability=1.0,
    jpeg_probability=1.0,
    patch_probability=1.0,
    cutout_probability=1.0,
)


def test_a_change_of_appearance_moves_no_label():
    before = render(128)(painted_sample(2))
    after = augment.random_appearance(EVERYTHING)(before)
    assert np.abs(after["image"] - before["image"]).max() > 0.1
    for name in before.keys() - {"image"}:
        np.testing.assert_array_equal(after[name], before[name])


def test_channels_are_multiplied_each_by_its_factor():
    before = painted_sample(2)
    drawn = augment.random_colours(AugmentConfig(colour=0.4))(before)
    plain, coloured = (render(128)(sample) for sample in (before, drawn))
    expected = np.minimum(plain["image"] * drawn["channel_factors"], 1)
    np.testing.assert_allclose(coloured["image"], expected, atol=1e-6)
    assert np.abs(expected - plain["image"]).max() > 0.05
    np.testing.assert_array_equal(coloured["joints_2d"], plain["joints_2d"])


def test_what_came_after_the_paper_is_off_by_default():
    off = AugmentConfig(colour=0.0)
    before = {
        "image": tf.random.stateless_uniform((64, 64, 3), [1, 2]),
        "seed": tf.constant([1, 2]),
    }
    after = augment.random_appearance(off)(augment.random_colours(off)(before))
    np.testing.assert_array_equal(after["channel_factors"], 1)
    np.testing.assert_array_equal(after["image"], before["image"])
    sample = painted_sample(0)
    moved = augment.random_geometry(AugmentConfig())(sample)
    np.testing.assert_array_equal(moved["crop_center"], sample["crop_center"])


def drawn(op, count, **fields):
    seeds = tf.stack([tf.zeros(count, tf.int32), tf.range(count)], axis=1)
    samples = tf.data.Dataset.from_tensor_slices({"seed": seeds})
    samples = samples.map(lambda sample: op(sample | fields))
    return next(iter(samples.batch(count).as_numpy_iterator()))


def test_geometry_is_drawn_as_configured():
    config = AugmentConfig(rotation_probability=0.4, flip_probability=0.5, shift=0.1)
    fields = {"crop_side": tf.constant(2.0), "crop_center": tf.zeros([2])}
    samples = drawn(augment.random_geometry(config), 2000, **fields)
    assert abs(np.mean(samples["rotation"] != 0) - 0.4) < 0.04
    assert abs(np.mean(samples["flip"]) - 0.5) < 0.04
    clipped = 0.959  # sigma of a normal clipped at 2 sigma
    log_scale = np.log2(samples["crop_side"] / 2)
    assert np.abs(log_scale).max() <= 0.5 + 1e-6
    assert abs(log_scale.std() - 0.25 * clipped) < 0.015
    assert np.abs(samples["crop_center"]).max() <= 2 * 0.1 * 2 + 1e-6
    np.testing.assert_allclose(samples["crop_center"].std(0), 0.1 * 2 * clipped, rtol=0.06)


def test_colours_are_drawn_as_configured():
    factors = drawn(augment.random_colours(AugmentConfig(colour=0.4)), 1000)["channel_factors"]
    assert factors.min() < 0.61 and factors.max() > 1.39
    assert (np.abs(factors - 1) <= 0.4).all()
    assert np.abs(np.corrcoef(factors.T) - np.eye(3)).max() < 0.1


def test_the_share_of_changed_images_is_the_probability():
    op = augment.random_appearance(AugmentConfig(colour=0.0, cutout_probability=0.3))
    images = drawn(op, 1000, image=tf.zeros([8, 8, 3]))["image"]
    assert abs(np.mean(images.any((1, 2, 3))) - 0.3) < 0.05


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"flip_probability": 1.5}, r"flip_probability is 1\.5"),
        ({"scale": -1.0}, r"scale is -1\.0"),
        ({"cutout_size": 2.0}, r"cutout_size is 2\.0"),
        ({"jpeg_quality": 0}, "jpeg_quality is 0"),
    ],
)
def test_a_setting_that_cannot_be_is_named(settings, problem):
    with pytest.raises(ValueError, match=problem):
        AugmentConfig(**settings)
