import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from support import painted_people
from support.painted_samples import (
    assert_discs_at_labels,
    eagerly,
    encoded,
    in_tf_data,
    painted_sample,
    render,
)

from hg3d_tf.data import augment, geometry, region_decoding, warping
from hg3d_tf.data.augment import AugmentConfig

SIZE = 128
NOTHING = {"scale": 0.0, "rotation_probability": 0.0, "flip_probability": 0.0}
CHANGES = {
    "crop": {},
    "scale": {"scale": 0.25},
    "shift": {"shift": 0.05},
    "rotation": {"rotation": 60, "rotation_probability": 1.0},
    "flip": {"flip_probability": 1.0},
    "all": {
        "scale": 0.25,
        "shift": 0.05,
        "rotation": 60,
        "rotation_probability": 1.0,
        "flip_probability": 0.5,
    },
}
STRONG = AugmentConfig(**CHANGES["all"])


@pytest.mark.slow
@pytest.mark.parametrize("run", [eagerly, in_tf_data])
@pytest.mark.parametrize("seed", [0, 2])
@pytest.mark.parametrize("change", CHANGES)
def test_painted_joints_are_found_at_the_labels(run, seed, change):
    config = AugmentConfig(**NOTHING | CHANGES[change])
    op, move = render(SIZE), augment.random_geometry(config)
    assert_discs_at_labels(run(lambda sample: op(move(sample)))(painted_sample(seed)))


@pytest.mark.parametrize("change", ["crop", "all"])
@pytest.mark.parametrize(("zoom", "form"), [(3, "JPEG"), (6, "JPEG"), (2, "PNG")])
def test_labels_hold_for_large_and_for_other_images(zoom, form, change):
    config = AugmentConfig(**NOTHING | CHANGES[change])
    sample = augment.random_geometry(config)(painted_sample(2, zoom, form))
    assert_discs_at_labels(render(SIZE)(sample))


@pytest.mark.parametrize("rotation", [0.0, 0.5])
def test_the_region_shows_what_the_whole_image_would(rotation):
    noise = np.random.default_rng(0).integers(0, 255, (30, 40, 3), dtype=np.uint8)
    image = Image.fromarray(noise).resize((400, 300), Image.Resampling.BICUBIC)
    for center, side in (((200, 150), 100), ((30, 280), 120), ((390, 10), 60)):
        sample = painted_sample(
            0,
            image=encoded(image),
            crop_center=np.float32(center),
            crop_side=np.float32(side),
            rotation=np.float32(rotation),
        )
        sample = geometry.snap_to_pixels(64)(sample)
        region = region_decoding.decode_for_crop(64)(sample)
        whole = region_decoding.decode_whole(sample)
        assert tf.size(region["image"]) < tf.size(whole["image"]) // 2
        a, b = (geometry.crop(64, snapped=True)(decoded)["image"] for decoded in (region, whole))
        assert np.abs(a - b).max() < 0.02


def test_a_large_crop_is_decoded_small():
    sample = geometry.snap_to_pixels(64)(painted_sample(0, zoom=4, crop_side=np.float32(520)))
    decoded = region_decoding.decode_for_crop(64)(sample)
    assert decoded["image_unit"] == 8
    assert max(decoded["image"].shape[:2]) <= 80


@pytest.mark.parametrize(
    ("side", "expected"), [(10, 1), (255, 1), (256, 2), (511, 2), (512, 4), (9999, 8)]
)
def test_the_reduction_never_leaves_fewer_pixels_than_the_crop(side, expected):
    assert geometry.reduction(tf.constant(float(side)), 128) == expected


@pytest.mark.parametrize("form", ["JPEG", "PNG"])
@pytest.mark.parametrize("center", [(-100, 80), (80, 300)])
def test_a_crop_outside_of_the_image_is_an_error(form, center):
    sample = painted_sample(0, form=form, crop_center=np.float32(center), crop_side=np.float32(100))
    with pytest.raises(tf.errors.InvalidArgumentError, match="outside of the image"):
        render(SIZE)(sample)


@pytest.mark.parametrize(
    ("x", "y", "side"), [(2, 3, 4), (-2, 1, 6), (5, 5, 9), (-3, -4, 20), (-9, 0, 5), (0, 30, 4)]
)
def test_a_square_beyond_the_image_is_black_there(x, y, side):
    image = np.arange(1, 181, dtype=np.uint8).reshape(6, 10, 3)
    large = np.zeros((100, 100, 3), np.uint8)
    large[40:46, 40:50] = image
    expected = large[40 + y : 40 + y + side, 40 + x : 40 + x + side]
    np.testing.assert_array_equal(geometry.cut_square(image, x, y, side), expected)


@pytest.mark.parametrize("with_opencv", {False, warping.OPENCV})
def test_a_crop_far_larger_than_the_picture_costs_no_memory_for_the_black_round_it(with_opencv):
    sample = painted_sample(0, crop_side=np.float32(8e5))  # 30 GB of pixels, a reduced JPEG's
    image = render(64, with_opencv)(sample)["image"].numpy()
    assert image.shape == (64, 64, 3) and (image == 0).mean() > 0.99


@pytest.mark.parametrize("seed", range(6))
def test_3d_labels_project_onto_2d_labels_after_any_geometry(seed):
    sample = render(SIZE)(augment.random_geometry(STRONG)(painted_sample(seed)))
    projected = painted_people.project(sample["joints_3d"].numpy(), sample["intrinsics"].numpy())
    np.testing.assert_allclose(projected, sample["joints_2d"], atol=0.01)


def test_geometry_keeps_bone_lengths_and_never_mirrors_without_exchanging_sides():
    before = painted_sample(3)
    after = render(SIZE)(before | {"flip": tf.constant(True)})
    expected = before["joints_3d"].numpy()[list(geometry.MIRROR)] * [-1, 1, 1]
    np.testing.assert_allclose(after["joints_3d"], expected, rtol=1e-5)
    assert list(after["visible"].numpy()) == [joint != 2 for joint in range(16)]


SQUARE = {"crop_center": np.float32([80, 80]), "crop_side": np.float32(160)}


@pytest.mark.parametrize("rotation", [0.0, 2 * np.pi])
def test_flipping_twice_gives_the_sample_back(rotation):
    before = region_decoding.decode_whole(
        painted_sample(1, **SQUARE, flip=np.array(True), rotation=np.float32(rotation))
    )
    once = geometry.crop(160, snapped=True)(before)
    twice = geometry.crop(160, snapped=True)(once | {"image": tf.round(once["image"] * 255)})
    for name in ("joints_2d", "joints_3d", "visible"):
        np.testing.assert_allclose(twice[name], before[name], rtol=1e-5, atol=1e-3)
    # A turn by 2 pi is none, but goes another way; its rounding loses the border.
    inside = slice(1, -1)
    after, image = (np.asarray(s["image"], np.float32)[inside, inside] for s in (twice, before))
    np.testing.assert_allclose(after * 255, image, atol=0.51)


def test_a_crop_of_the_whole_image_changes_no_pixel():
    before = region_decoding.decode_whole(painted_sample(1, **SQUARE))
    after = geometry.crop(160, snapped=True)(before)
    np.testing.assert_allclose(after["image"] * 255, before["image"], atol=1e-3)
    np.testing.assert_allclose(after["joints_2d"], before["joints_2d"], atol=1e-4)
