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
needs_opencv = pytest.mark.skipif(not warping.OPENCV, reason="the datasets extra is not installed")


def with_opencv(image, matrix, size, factors=(1, 1, 1)):
    """Return one crop, grey values up to 255."""
    matrices, factors = np.float32([matrix]), np.float32([factors])
    return 255 * warping.crops_opencv([tf.constant(image)], matrices, factors, size)[0].numpy()


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
    warped = with_opencv(image, matrix, 96)
    # A grey value is rounded by at most 0.5, a place in x and y by 1/64 px; black lies outside.
    padded = np.pad(image.astype(float), [(1, 1), (1, 1), (0, 0)])
    steepest = max(np.abs(np.diff(padded[1:-1, 1:-1], axis=axis)).max() for axis in (0, 1))
    white = np.full_like(image, 255)
    inside = warping.warp(white, tf.constant(matrix, tf.float32), 96) > 254
    assert np.abs(warped - expected)[inside].max() <= 0.5 + 2 * steepest / 32
    assert np.abs(warped - expected).max() <= 0.5 + 2 * 255 / 32
    assert np.abs(warped - expected).mean() < 0.6


@needs_opencv
@pytest.mark.parametrize("flip", [1, -1])
@pytest.mark.parametrize(
    "corner, side", [((20, 30), 60), ((20, 30), 31), ((-15, 70), 90), ((150, -40), 77)]
)
def test_upright_squares_of_whole_pixels_are_those_of_the_warp(corner, side, flip):
    image = np.random.default_rng(0).integers(0, 256, (120, 180, 3), dtype=np.uint8)
    size, factors = 48, np.float32([0.6, 1.0, 1.4])
    scale = side / size
    start = corner[0] + (side if flip < 0 else 0)
    matrix = np.float32([[flip * scale, 0, start], [0, scale, corner[1]], [0, 0, 1]])
    assert warping._resize(image, matrix, np.empty((size, size, 3), np.uint8))
    expected = warping.scaled(warping.warp(image, tf.constant(matrix), size), factors).numpy()
    found = with_opencv(image, matrix, size, factors) / 255
    assert found.max() == 1
    # At the square's own edges the resize repeats pixels, where the warp sees what lies beyond.
    places = (np.arange(size) + 0.5) * scale
    within = (places > 0.5) & (places < side - 0.5)
    columns, rows = (
        within & (places + c > 1) & (places + c < end - 1)
        for c, end in zip(corner, (180, 120), strict=True)
    )
    columns = columns[::flip]
    # Grey values are rounded before they are scaled.
    np.testing.assert_allclose(
        found[rows][:, columns], expected[rows][:, columns], atol=1.5 * 1.4 / 255
    )


@needs_opencv
def test_a_square_far_larger_than_the_picture_is_warped_without_the_black_round_it():
    image = np.full((120, 180, 3), 255, np.uint8)
    side = 1e6  # 3 TB of pixels
    matrix = np.float32([[side / 48, 0, -side / 2], [0, side / 48, -side / 2], [0, 0, 1]])
    found = with_opencv(image, matrix, 48)
    assert found.shape == (48, 48, 3) and (found == 0).mean() > 0.99


@needs_opencv
@pytest.mark.parametrize("shape", [(1, warping.LARGEST_SIDE), (warping.LARGEST_SIDE, 1)])
def test_the_largest_picture_is_warped(shape):
    image = np.full((*shape, 3), 255, np.uint8)
    turned = np.float32([[0, 1, 0.25], [-1, 0, 48.25], [0, 0, 1]])
    assert with_opencv(image, turned, 48).max() > 100


@needs_opencv
def test_squares_between_pixels_and_outside_are_warped():
    image = np.full((120, 180, 3), 255, np.uint8)
    for corner in ((20.5, 30), (500, 30)):
        matrix = np.float32([[1, 0, corner[0]], [0, 1, corner[1]], [0, 0, 1]])
        assert not warping._resize(image, matrix, np.empty((48, 48, 3), np.uint8))
        found = with_opencv(image, matrix, 48)
        np.testing.assert_array_equal(found, 255 * (corner[0] < 180))


@needs_opencv
@pytest.mark.parametrize("count", [1, 5])
def test_grey_values_are_scaled_by_channel_to_the_same_bits_by_both(count):
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (count, 8, 8, 3)).astype(np.uint8)
    factors = rng.uniform(0.6, 1.4, (count, 3)).astype(np.float32)
    matrices = np.tile(np.eye(3, dtype=np.float32), (count, 1, 1))
    found = warping.crops_opencv([*tf.constant(images)], matrices, factors, 8).numpy()
    by_pixel = (factors / np.float32(255))[..., np.newaxis, np.newaxis, :]
    expected = np.minimum(images.astype(np.float32) * by_pixel, 1)
    assert found.dtype == np.float32 and found.max() == 1
    np.testing.assert_array_equal(found, expected)
    for image, factor, one in zip(images, factors, expected, strict=True):
        np.testing.assert_array_equal(warping.scaled(image, factor), one)


def test_tensorflow_takes_over_an_array_without_copying():
    made = []

    def make():
        made.append(warping._empty((16, 64, 64, 3), np.float32))
        made[0][:] = 1
        return made[0]

    dataset = tf.data.Dataset.range(1).map(lambda _: tf.numpy_function(make, [], tf.float32))
    taken = next(iter(dataset))
    made[0][0, 0, 0] = [2, 3, 4]
    np.testing.assert_array_equal(taken[0, 0, 0], [2, 3, 4])


@pytest.mark.slow
@needs_opencv
@pytest.mark.parametrize("run", [eagerly, in_tf_data])
@pytest.mark.parametrize("seed", [0, 2])
def test_opencv_finds_painted_joints_at_the_labels(run, seed):
    move = augment.random_geometry(AugmentConfig(rotation=60, rotation_probability=1.0))
    op = render(128, with_opencv=True)
    assert_discs_at_labels(run(lambda sample: op(move(sample)))(painted_sample(seed)))
