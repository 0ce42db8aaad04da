import numpy as np
import pytest
import tensorflow as tf

from hg3d_tf.data import appearance
from hg3d_tf.data.addons import tfa

IMAGE = tf.constant(np.random.default_rng(0).uniform(0, 1, (64, 64, 3)), tf.float32)
SEED = tf.constant([3, 4])
CHANGES = {
    "grayscale": appearance.grayscale,
    "blur": appearance.blur(2.0),
    "jpeg": appearance.compress(20),
    "patch": appearance.paste_patch(0.4),
    "cutout": appearance.cover_square(0.3),
}


@pytest.mark.parametrize("name", CHANGES)
def test_a_change_is_the_same_eagerly_and_in_tf_data_and_follows_its_seed(name):
    change = CHANGES[name]
    dataset = tf.data.Dataset.from_tensors((IMAGE, SEED)).map(change)
    assert dataset.element_spec.shape == (64, 64, 3)
    changed = change(IMAGE, SEED).numpy()
    np.testing.assert_allclose(next(iter(dataset)), changed, atol=1e-6)
    assert np.abs(changed - IMAGE).max() > 0.05
    assert changed.min() >= 0 and changed.max() <= 1 + 1e-6
    if name != "grayscale":
        assert np.abs(change(IMAGE, SEED + 3) - changed).max() > 0.01


def test_grayscale_has_equal_channels():
    gray = CHANGES["grayscale"](IMAGE, SEED).numpy()
    np.testing.assert_array_equal(gray[..., 0], gray[..., 2])


def test_blur_keeps_brightness_and_moves_no_centre():
    dot = np.zeros((65, 65, 3), np.float32)
    dot[20, 40] = 1
    blurred = CHANGES["blur"](tf.constant(dot), SEED).numpy()[..., 0]
    assert blurred.max() < 0.9
    np.testing.assert_allclose(blurred.sum(), 1, rtol=1e-4)
    rows, columns = np.indices(blurred.shape)
    np.testing.assert_allclose((blurred * rows).sum(), 20, atol=1e-3)
    np.testing.assert_allclose((blurred * columns).sum(), 40, atol=1e-3)


def test_a_patch_is_a_rectangle_copied_from_the_image():
    for seed in range(5):
        pasted = CHANGES["patch"](IMAGE, tf.constant([seed, 0])).numpy()
        rows, columns = np.nonzero((pasted != IMAGE.numpy()).any(-1))
        patch = pasted[rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        assert max(patch.shape) <= 26
        windows = np.lib.stride_tricks.sliding_window_view(IMAGE.numpy(), patch.shape)
        assert (np.abs(windows - patch).max((3, 4, 5)) < 1e-6).any()


def test_cutout_covers_a_square_of_its_size_with_grey():
    covered = appearance.cutout(tf.zeros((64, 64, 3)), 20, tf.constant([32, 40]))
    expected = np.zeros((64, 64, 3))
    expected[22:42, 30:50] = appearance.CUTOUT_GREY
    np.testing.assert_array_equal(covered, expected)


needs_addons = pytest.mark.skipif(tfa is None, reason="tensorflow-addons is not installed")


@needs_addons
@pytest.mark.parametrize("center", [(30, 40), (0, 0), (63, 5), (10, 63)])
def test_both_cutouts_give_the_same_pixels(center):
    center = tf.constant(center)
    np.testing.assert_array_equal(
        appearance.cutout_addons(IMAGE, 24, center), appearance.cutout_core(IMAGE, 24, center)
    )


@needs_addons
def test_cutout_at_a_random_centre_is_the_random_cutout_of_addons():
    covered = tfa.image.random_cutout(IMAGE[tf.newaxis], (24, 24), appearance.CUTOUT_GREY)[0]
    rows, columns = np.nonzero((covered.numpy() == appearance.CUTOUT_GREY).all(-1))
    center = tf.constant([rows.min() + 12, columns.min() + 12], tf.int32)
    np.testing.assert_array_equal(appearance.cutout_core(IMAGE, 24, center), covered)
