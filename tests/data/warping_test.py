import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from support.painted_samples import (
    assert_discs_at_labels,
    eagerly,
    in_tf_data,
    painted_sample,
    render,
)

from hg3d_tf.data import augment, warping
from hg3d_tf.data.addons import tfa
from hg3d_tf.data.augment import AugmentConfig

needs_addons = pytest.mark.skipif(tfa is None, reason="tensorflow-addons is not installed")
needs_opencv = pytest.mark.skipif(
    warping.fastest_warp is warping.warp, reason="the datasets extra is not installed"
)


@needs_addons
@pytest.mark.parametrize("seed", range(5))
def test_both_warps_give_the_same_pixels(seed):
    rng = np.random.default_rng(seed)
    image = tf.constant(rng.uniform(0, 255, (160, 160, 3)), tf.float32)
    transform = np.eye(3) + rng.normal(0, 0.2, (3, 3)) * [[1, 1, 50], [1, 1, 50], [0, 0, 0]]
    transform = tf.constant(transform.ravel()[:8], tf.float32)
    np.testing.assert_array_equal(
        warping.transform_image_addons(image, transform, 96),
        warping.transform_image_core(image, transform, 96),
    )


@needs_opencv
@pytest.mark.parametrize("seed", range(5))
def test_opencv_gives_the_same_pixels_within_its_rounding(seed):
    rng = np.random.default_rng(seed)
    noise = Image.fromarray(rng.integers(0, 255, (20, 30, 3), dtype=np.uint8))
    image = np.asarray(noise.resize((180, 120), Image.Resampling.BICUBIC))
    matrix = np.eye(3) + rng.normal(0, 0.2, (3, 3)) * [[1, 1, 50], [1, 1, 50], [0, 0, 0]]
    expected = warping.warp(image, tf.constant(matrix, tf.float32), 96).numpy()
    warped = warping.warp_opencv(image, tf.constant(matrix, tf.float32), 96).numpy()
    assert warped.dtype == np.float32
    # A grey value is rounded by at most 0.5, a place in x and y by 1/64 px; black lies outside.
    padded = np.pad(image.astype(float), [(1, 1), (1, 1), (0, 0)])
    steepest = max(np.abs(np.diff(padded[1:-1, 1:-1], axis=axis)).max() for axis in (0, 1))
    inside = warping.warp(np.full_like(image, 255), tf.constant(matrix, tf.float32), 96) > 254
    assert np.abs(warped - expected)[inside].max() <= 0.5 + 2 * steepest / 32
    assert np.abs(warped - expected).max() <= 0.5 + 2 * 255 / 32
    assert np.abs(warped - expected).mean() < 0.6


@pytest.mark.slow
@needs_opencv
@pytest.mark.parametrize("run", [eagerly, in_tf_data])
@pytest.mark.parametrize("seed", [0, 2])
def test_opencv_finds_painted_joints_at_the_labels(run, seed):
    move = augment.random_geometry(AugmentConfig(rotation=60, rotation_probability=1.0))
    op = render(128, warping.warp_opencv)
    assert_discs_at_labels(run(lambda sample: op(move(sample)))(painted_sample(seed)))
