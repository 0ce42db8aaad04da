"""What the losses compare with, of people whom a known camera sees away from its middle."""

import numpy as np
import pytest
import tensorflow as tf
from support import painted_people, reference
from support.painted_samples import painted_sample, render

from hg3d_tf.data import augment, geometry, region_decoding, samples, warping
from hg3d_tf.data.augment import AugmentConfig
from hg3d_tf.data.ops import boxed, chain

SIZE = 128
INTRINSICS = np.array([400.0, 400.0, 80.0, 80.0])
# A person seen in the middle of the view, and the turn to where another one stands.
PERSON = painted_people.random_person(np.random.default_rng(0))
PERSON -= [*PERSON[6, :2], 0]
TURN = reference.line_of_sight([0.4, -0.3, 1.0])


def depth_of(person, middle, along_line_of_sight, intrinsics=INTRINSICS):
    """Return off_axis and depth of a person in a crop round `middle` [3], in the camera's frame."""
    seen = painted_people.project(person, INTRINSICS)
    sample = painted_sample(
        0,
        joints_2d=seen.astype(np.float32),
        joints_3d=person.astype(np.float32),
        has_depth=np.array(True),
        intrinsics=intrinsics.astype(np.float32),
    )
    corner = painted_people.project(middle[np.newaxis], INTRINSICS)[0] - SIZE / 2
    sample["joints_2d"] -= corner.astype(np.float32)
    if intrinsics.any():
        sample["intrinsics"] -= np.float32([0, 0, *corner])
    found = samples.add_targets(SIZE, along_line_of_sight)(sample)
    return found["off_axis"].numpy(), found["depth"].numpy()


def shape(depth):
    return depth / np.linalg.norm(depth)


def test_depth_along_the_line_of_sight_is_that_of_a_camera_that_looks_there():
    _, in_the_middle = depth_of(PERSON, np.array([0.0, 0.0, 1.0]), False)
    turned, middle = TURN.apply(PERSON), TURN.apply([0.0, 0.0, 1.0])
    off_axis, along_line = depth_of(turned, middle, True)
    np.testing.assert_allclose(off_axis, [0.4, -0.3], atol=1e-5)
    # Perspective stretches who is away from the middle: sizes in the picture differ.
    np.testing.assert_allclose(shape(along_line), shape(in_the_middle), atol=1e-4)
    _, along_axis = depth_of(turned, middle, False)
    assert np.abs(shape(along_axis) - shape(in_the_middle)).max() > 0.1


def test_a_person_in_the_middle_has_one_depth():
    middle = np.array([0.0, 0.0, 1.0])
    (off_axis, along_axis), (_, along_line) = (depth_of(PERSON, middle, b) for b in (False, True))
    np.testing.assert_allclose(off_axis, 0, atol=1e-6)
    np.testing.assert_allclose(along_line, along_axis, atol=1e-5)


@pytest.mark.parametrize("along_line_of_sight", [False, True])
def test_without_a_known_camera_nothing_is_turned(along_line_of_sight):
    middle = TURN.apply([0.0, 0.0, 1.0])
    off_axis, depth = depth_of(PERSON, middle, along_line_of_sight, np.zeros(4))
    np.testing.assert_array_equal(off_axis, 0)
    np.testing.assert_array_equal(depth, depth_of(PERSON, middle, False)[1])


COUNT = 12


@pytest.fixture(scope="module")
def drawn():
    """Samples with a place for the crop, before it is cut out."""
    move = augment.random_geometry(AugmentConfig(rotation_probability=0.5, shift=0.05))
    return [
        move(painted_sample(seed, has_depth=np.array(seed % 3 > 0)))
        | {"key": tf.constant(f"person {seed}"), "channel_factors": tf.constant([0.7, 1.0, 1.3])}
        for seed in range(COUNT)
    ]


@pytest.fixture(scope="module")
def unfinished(drawn):
    """The same samples, stacked, as `finish_batch` gets them."""
    op = chain(
        geometry.snap_to_pixels(64),
        region_decoding.decode_for_crop(64),
        geometry.place_crop(64),
    )
    cut = [op(sample) for sample in drawn]
    cut = [sample | {"image": boxed(sample["image"])} for sample in cut]
    return {name: tf.stack([sample[name] for sample in cut]) for name in cut[0]}


LOOKS = AugmentConfig(
    grayscale_probability=0.3,
    cutout_probability=0.3,
    pixelated_head_probability=0.5,
)


@pytest.mark.parametrize("along_line_of_sight", [False, True])
@pytest.mark.parametrize("looks", [AugmentConfig(), LOOKS])
def test_a_batch_is_finished_as_each_of_its_samples_would_be(
    drawn, unfinished, along_line_of_sight, looks
):
    one = chain(
        render(64, warping.OPENCV),
        augment.random_appearance(looks),
        samples.add_targets(64, along_line_of_sight),
    )
    batch = samples.finish_batch(looks, True, 64, along_line_of_sight)(unfinished)
    assert batch.keys() == set(samples.TRAINING_FIELDS)
    for i, sample in enumerate(map(one, drawn)):
        for name in ("key", "visible", "has_depth"):
            np.testing.assert_array_equal(batch[name][i], sample[name])
        for name in ("image", "joints_2d_norm", "depth"):
            np.testing.assert_allclose(batch[name][i], sample[name], rtol=1e-5, atol=1e-6)


def test_without_opencv_a_batch_shows_what_its_samples_would(drawn, unfinished):
    crop = tf.function(geometry.crop_batch(64, with_opencv=False), autograph=False)
    crops = crop(unfinished)["image"]
    for found, sample in zip(crops, map(render(64), drawn), strict=True):
        np.testing.assert_allclose(found, sample["image"], atol=1e-6)


@pytest.mark.parametrize("along_line_of_sight", [False, True])
@pytest.mark.parametrize("looks", [AugmentConfig(), LOOKS])
@pytest.mark.parametrize("size", [1, 2, 3, 4])
def test_what_is_finished_does_not_depend_on_what_else_is_in_the_batch(
    unfinished, size, along_line_of_sight, looks
):
    finish = samples.finish_batch(looks, True, 64, along_line_of_sight)
    finish = tf.function(finish, autograph=False)
    whole = finish(unfinished)
    for start in range(0, COUNT, size):
        share = {name: value[start : start + size] for name, value in unfinished.items()}
        for name, value in finish(share).items():
            np.testing.assert_array_equal(value, whole[name][start : start + size], err_msg=name)
