import numpy as np
import painted_people
import pytest
import tensorflow as tf

from hg3d_tf import augment
from hg3d_tf.augment import AugmentConfig
from hg3d_tf.skeleton import JOINT_NAMES, MIRROR

SIZE = 128
STRONG = AugmentConfig(scale=0.25, rotation=60, rotation_probability=1.0)


def painted_sample(seed: int, **changes) -> dict:
    """A person of discs with exact labels, as the pipeline sees it before the crop."""
    person = painted_people.random_person(np.random.default_rng(seed))
    intrinsics = np.array([400.0, 400.0, 80.0, 80.0])
    joints_2d = painted_people.project(person, intrinsics)
    low, high = joints_2d.min(0), joints_2d.max(0)
    sample = {
        "image": np.asarray(painted_people.paint(joints_2d)),
        "joints_2d": joints_2d.astype(np.float32),
        "joints_3d": person.astype(np.float32),
        "visible": np.arange(16) != 3,
        "intrinsics": intrinsics.astype(np.float32),
        "crop_center": ((low + high) / 2).astype(np.float32),
        "crop_side": np.float32(1.4 * (high - low).max()),
        "person_side": np.float32((high - low).max()),
        "rotation": np.float32(0),
        "flip": np.array(False),
        "seed": np.array([seed, 0], np.int32),
    }
    return {name: tf.constant(value) for name, value in (sample | changes).items()}


def in_tf_data(op):
    """The op as tf.data runs it."""

    def apply(sample):
        return next(iter(tf.data.Dataset.from_tensors(sample).map(op)))

    return apply


def disc_center(image, joint):
    """Centre of the disc of that joint's colour, px; None where it is covered or outside."""
    distance = np.abs(image * 255 - painted_people.COLOURS[joint]).max(-1)
    weight = np.clip(1 - distance / 40, 0, None)
    if weight.sum() < 6:
        return None
    rows, columns = np.indices(weight.shape)
    centers = (columns + 0.5, rows + 0.5)
    return np.array([(weight * c).sum() for c in centers]) / weight.sum()


@pytest.mark.parametrize("run", [lambda op: op, in_tf_data], ids=["eager", "tf.data"])
@pytest.mark.parametrize("seed", range(4))
def test_painted_joints_are_found_at_the_labels(run, seed):
    op = augment.crop(SIZE)
    geometry = augment.random_geometry(STRONG)
    sample = run(lambda s: op(geometry(s)))(painted_sample(seed))
    image, joints_2d = sample["image"].numpy(), sample["joints_2d"].numpy()
    # After a flip the label of a joint is where the disc of its mirror image was painted.
    painted = np.array(MIRROR) if sample["flip"] else np.arange(16)
    others = lambda joint: np.delete(joints_2d, joint, axis=0)
    found = 0
    for joint, xy in enumerate(joints_2d):
        apart = np.linalg.norm(others(joint) - xy, axis=1).min() > 12
        if apart and (xy > 6).all() and (xy < SIZE - 6).all():
            center = disc_center(image, painted[joint])
            np.testing.assert_allclose(center, xy, atol=0.5, err_msg=JOINT_NAMES[joint])
            found += 1
    assert found >= 4


@pytest.mark.parametrize("seed", range(6))
def test_3d_labels_project_onto_2d_labels_after_any_geometry(seed):
    op = augment.crop(SIZE)
    sample = op(augment.random_geometry(STRONG)(painted_sample(seed)))
    projected = painted_people.project(sample["joints_3d"].numpy(), sample["intrinsics"].numpy())
    np.testing.assert_allclose(projected, sample["joints_2d"], atol=0.01)


def test_geometry_keeps_bone_lengths_and_never_mirrors_without_exchanging_sides():
    before = painted_sample(3)
    after = augment.crop(SIZE)(before | {"flip": tf.constant(True)})
    expected = before["joints_3d"].numpy()[list(MIRROR)] * [-1, 1, 1]
    np.testing.assert_allclose(after["joints_3d"], expected, rtol=1e-5)
    assert list(after["visible"].numpy()) == [joint != 2 for joint in range(16)]


def test_flipping_twice_gives_the_sample_back():
    square = {"crop_center": np.float32([80, 80]), "crop_side": np.float32(160)}
    before = painted_sample(1, **square, flip=np.array(True))
    once = augment.crop(160)(before)
    again = once | {"image": tf.round(once["image"] * 255)}
    twice = augment.crop(160)(again)
    for name in ("joints_2d", "joints_3d", "visible"):
        np.testing.assert_allclose(twice[name], before[name], rtol=1e-5, atol=1e-3)
    np.testing.assert_allclose(twice["image"] * 255, before["image"], atol=0.51)


def test_a_crop_of_the_whole_image_changes_no_pixel():
    square = {"crop_center": np.float32([80, 80]), "crop_side": np.float32(160)}
    before = painted_sample(1, **square)
    after = augment.crop(160)(before)
    np.testing.assert_allclose(after["image"] * 255, before["image"], atol=1e-3)
    np.testing.assert_allclose(after["joints_2d"], before["joints_2d"], atol=1e-4)


def test_colour_and_cutout_move_no_label():
    config = AugmentConfig(cutout_probability=1.0)
    before = augment.crop(SIZE)(painted_sample(2))
    after = augment.random_cutout(config)(augment.random_colour(config)(before))
    assert np.abs(after["image"] - before["image"]).max() > 0.1
    for name in before.keys() - {"image"}:
        np.testing.assert_array_equal(after[name], before[name])


def test_cutout_covers_a_square_of_its_size_with_grey():
    image = tf.zeros((64, 64, 3))
    covered = augment.cutout(image, 20, tf.constant([32, 40]))
    expected = np.zeros((64, 64, 3))
    expected[22:42, 30:50] = augment.CUTOUT_GREY
    np.testing.assert_array_equal(covered, expected)


def test_the_share_of_changed_samples_is_the_probability():
    op = augment.random_geometry(AugmentConfig(rotation_probability=0.4, flip_probability=0.5))
    seeds = tf.stack([tf.zeros(2000, tf.int32), tf.range(2000)], axis=1)
    drawn = tf.vectorized_map(lambda seed: op({"seed": seed, "crop_side": tf.constant(1.0)}), seeds)
    assert abs(np.mean(drawn["rotation"].numpy() != 0) - 0.4) < 0.04
    assert abs(np.mean(drawn["flip"].numpy()) - 0.5) < 0.04
    log_scale = np.log2(drawn["crop_side"].numpy())
    assert np.abs(log_scale).max() <= 0.5 + 1e-6
    assert abs(log_scale.std() - 0.25 * 0.88) < 0.02  # sigma of a normal clipped at 2 sigma


def test_a_probability_beyond_one_is_named():
    with pytest.raises(ValueError, match=r"flip_probability is 1\.5"):
        AugmentConfig(flip_probability=1.5)


needs_addons = pytest.mark.skipif(augment.tfa is None, reason="tensorflow-addons is not installed")


@needs_addons
@pytest.mark.parametrize("seed", range(5))
def test_both_warps_give_the_same_pixels(seed):
    image = tf.cast(painted_sample(seed)["image"], tf.float32)
    rng = np.random.default_rng(seed)
    transform = np.eye(3) + rng.normal(0, 0.2, (3, 3)) * [[1, 1, 50], [1, 1, 50], [0, 0, 0]]
    transform = tf.constant(transform.ravel()[:8], tf.float32)
    np.testing.assert_array_equal(
        augment.transform_image_addons(image, transform, 96),
        augment.transform_image_core(image, transform, 96),
    )


@needs_addons
@pytest.mark.parametrize("center", [(30, 40), (0, 0), (63, 5), (10, 63)])
def test_both_cutouts_give_the_same_pixels(center):
    image = tf.random.stateless_uniform((64, 64, 3), [1, 2])
    center = tf.constant(center)
    np.testing.assert_array_equal(
        augment.cutout_addons(image, 24, center), augment.cutout_core(image, 24, center)
    )


@needs_addons
def test_cutout_at_a_random_centre_is_the_random_cutout_of_addons():
    image = tf.random.stateless_uniform((64, 64, 3), [1, 2])
    covered = augment.tfa.image.random_cutout(image[tf.newaxis], (24, 24), augment.CUTOUT_GREY)[0]
    rows, columns = np.nonzero((covered.numpy() == augment.CUTOUT_GREY).all(-1))
    center = tf.constant([rows.min() + 12, columns.min() + 12], tf.int32)
    np.testing.assert_array_equal(augment.cutout_core(image, 24, center), covered)
