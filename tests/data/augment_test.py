import numpy as np
import pytest
import tensorflow as tf
from support.painted_samples import painted_sample, render

from hg3d_tf.data import appearance, augment
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


def test_a_hidden_head_is_a_square_of_cells_between_neck_and_top():
    rng = np.random.default_rng(0)
    image = tf.constant(rng.uniform(0, 1, (128, 128, 3)), tf.float32)
    joints_2d = np.zeros((16, 2), np.float32)
    joints_2d[[8, 9]] = [[64, 50], [64, 20]]  # upper neck and top of the head
    op = augment.random_appearance(AugmentConfig(colour=0.0, pixelated_head_probability=1.0))
    sample = {"image": image, "joints_2d": joints_2d, "visible": np.ones(16, bool)}
    cells = set()
    for seed in range(20):
        hidden = op(sample | {"seed": tf.constant([seed, 0])})["image"].numpy()
        changed = (hidden != image.numpy()).any(-1)
        rows, columns = np.nonzero(changed)
        assert (rows.min(), rows.max(), columns.min(), columns.max()) == (17, 52, 46, 81)
        head = hidden[17:53, 46:82]
        np.testing.assert_allclose(head.mean(), image.numpy()[17:53, 46:82].mean(), atol=0.01)
        cells.add(len(np.unique(head.reshape(-1, 3), axis=0)) ** 0.5)
    assert cells <= {1, 2, 3, 4, 5, 6} and len(cells) > 2


@pytest.mark.parametrize(
    ("labelled", "neck", "top"),
    [
        ((7, 9), 59.0, 39.0),  # as LSPET: the neck lies on the way from thorax to top
        ((6, 7), 60.1, 42.8),  # as networks label: the head goes on as the trunk
        ((6, 7, 8), 62.0, 42.8),
        ((7,), None, None),
        ((6, 9), None, None),
        ((8, 7), None, None),
    ],
)
def test_a_head_without_labels_is_guessed_from_the_trunk_or_left_alone(labelled, neck, top):
    image = tf.constant(np.random.default_rng(0).uniform(0, 1, (128, 128, 3)), tf.float32)
    joints_2d = np.zeros((16, 2), np.float32)
    joints_2d[[6, 7, 8, 9]] = [[50, 107.5], [50, 67.5], [50, 62], [50, 39]]
    op = augment.random_appearance(AugmentConfig(colour=0.0, pixelated_head_probability=1.0))
    visible = np.isin(np.arange(16), labelled)
    sample = {"image": image, "joints_2d": joints_2d, "visible": visible}
    hidden = op(sample | {"seed": tf.constant([0, 0])})["image"].numpy()
    rows, columns = np.nonzero((hidden != image.numpy()).any(-1))
    if neck is None:
        assert not len(rows)
        return
    half = 0.6 * (neck - top)
    square = np.array([(neck + top) / 2 - half, (neck + top) / 2 + half, 50 - half, 50 + half])
    found = [rows.min(), rows.max() + 1, columns.min(), columns.max() + 1]
    np.testing.assert_allclose(found, square, atol=1.5)


@pytest.mark.parametrize("place", [(-60.0, 30.0), (64.0, 130.0), (127.0, 127.0)])
def test_of_a_head_that_the_crop_cuts_only_what_is_inside_is_hidden(place):
    image = tf.constant(np.random.default_rng(0).uniform(0, 1, (128, 128, 3)), tf.float32)
    hidden = appearance.pixelate(image, tf.constant(place), tf.constant(20.0), 1).numpy()
    columns, rows = ((np.arange(128) >= c - 10) & (np.arange(128) < c + 10) for c in place)
    inside = rows[:, np.newaxis] & columns
    np.testing.assert_array_equal((hidden != image.numpy()).any(-1), inside)


def drawn(op, count, **fields):
    seeds = tf.stack([tf.zeros(count, tf.int32), tf.range(count)], axis=1)
    samples = tf.data.Dataset.from_tensor_slices({"seed": seeds})
    samples = samples.map(lambda sample: op(fields | sample))
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


def test_a_cut_body_ends_above_the_knees_or_the_hips():
    sample = painted_sample(2)  # whose left hip has no label
    cut = drawn(augment.random_cut(AugmentConfig(half_body_probability=0.5)), 1000, **sample)
    above_knees, above_hips = [2, 6, 7, 8, 9, *range(10, 16)], [7, 8, 9, *range(10, 16)]
    expected = {(*sample["crop_center"].numpy(), sample["crop_side"].numpy()): 0.5}
    for left in (above_knees, above_hips):
        low, high = (f(sample["joints_2d"].numpy()[left], axis=0) for f in (np.min, np.max))
        expected |= {(*(low + high) / 2, 1.4 * (high - low).max()): 0.25}
    assert len(expected) == 3
    found = np.column_stack([cut["crop_center"], cut["crop_side"]])
    shares = [np.isclose(found, place, rtol=1e-5).all(1).mean() for place in expected]
    assert sum(shares) == 1
    np.testing.assert_allclose(shares, list(expected.values()), atol=0.05)


@pytest.mark.parametrize(
    ("labelled", "half_body_probability"), [(range(16), 0.0), (range(6), 1.0), ((0, 7, 8, 9), 1.0)]
)
def test_a_body_is_cut_where_it_is_asked_for_and_known(labelled, half_body_probability):
    sample = painted_sample(2, visible=np.isin(np.arange(16), list(labelled)))
    config = AugmentConfig(half_body_probability=half_body_probability)
    cut = drawn(augment.random_cut(config), 20, **sample)
    for name in ("crop_center", "crop_side"):
        np.testing.assert_array_equal(cut[name], np.stack(20 * [sample[name].numpy()]))


def test_of_a_folded_body_enough_round_the_joints_is_shown():
    joints = np.zeros((16, 2), np.float32)
    joints[0] = [100, 0]  # an ankle, far from all else
    sample = painted_sample(2, joints_2d=joints, person_side=100.0, crop_side=140.0)
    cut = drawn(augment.random_cut(AugmentConfig(half_body_probability=1.0)), 20, **sample)
    np.testing.assert_allclose(cut["crop_side"], 0.3 * 140)


def test_half_of_the_cut_photos_end_where_they_are_cut():
    config = AugmentConfig(colour=0.0, half_body_probability=0.5)
    assert config.changes_appearance
    joints = np.random.default_rng(1).uniform(40, 90, (16, 2)).astype(np.float32)
    joints[:6] += 20  # the legs reach beyond the rest
    fields = {"joints_2d": joints, "visible": np.ones(16, bool), "image": tf.ones([128, 128, 3])}
    shown = drawn(augment.random_appearance(config), 1000, **fields)["image"]
    expected = [np.ones((128, 128))]
    for left in ([2, 3, *range(6, 16)], range(7, 16)):
        low, high = joints[list(left)].min(0), joints[list(left)].max(0)
        margin = 0.12 * (high - low).max()
        y, x = np.mgrid[:128, :128] + 0.5
        inside = (x > low[0] - margin) & (x < high[0] + margin)
        expected.append((inside & (y > low[1] - margin) & (y < high[1] + margin)).astype(float))
    shares = [(shown == one[..., np.newaxis]).all((1, 2, 3)).mean() for one in expected]
    assert sum(shares) == 1
    np.testing.assert_allclose(shares, [0.75, 0.125, 0.125], atol=0.04)


def test_a_photo_ends_only_where_its_crop_was_cut():
    config = AugmentConfig(colour=0.0, half_body_probability=0.5)
    sample = {**painted_sample(2), "image": tf.ones([64, 64, 3])}
    before = sample["crop_side"].numpy()
    cut = drawn(augment.random_cut(config), 200, **sample)["crop_side"] != before
    black = (drawn(augment.random_appearance(config), 200, **sample)["image"] == 0).any((1, 2, 3))
    assert black.any() and not (black & ~cut).any() and not black[cut].all()


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
