import io

import numpy as np
import painted_people
import pytest
import tensorflow as tf
from PIL import Image

from hg3d_tf import decode, export, prediction
from hg3d_tf.pose_model import ModelConfig, build_pose_model
from hg3d_tf.skeleton import JOINT_NAMES


@pytest.fixture(scope="module")
def model():
    tf.random.set_seed(0)
    return build_pose_model(ModelConfig(1, 8, 1, 64))


@pytest.fixture(scope="module")
def saved_model(model, tmp_path_factory):
    path = tmp_path_factory.mktemp("export") / "1"
    export.save(model, path)
    return path


def encoded(image: np.ndarray, form="png") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, form)
    return buffer.getvalue()


def picture(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)


def test_the_saved_model_equals_the_keras_model(model, saved_model):
    # 64 x 64 px: the whole image is the network's input, no pixel is resampled.
    images = np.stack([picture(seed, 64, 64) for seed in range(3)])
    outputs = model(images / np.float32(255), training=False)
    joints_2d_norm, confidence = decode.decode_heatmaps(outputs["heatmaps"][-1])
    expected = {
        "joints_2d": (joints_2d_norm + 1) * 32,
        "joints_3d": decode.to_canonical_mm(decode.join_depth(joints_2d_norm, outputs["depth"])),
        "confidence": confidence,
    }
    served = tf.saved_model.load(str(saved_model)).signatures["serving_default"]
    actual = served(image_bytes=tf.constant([encoded(image) for image in images]))
    assert actual.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(actual[name], value, rtol=1e-5, atol=1e-5, err_msg=name)


def test_a_batch_gives_what_single_images_give_whatever_their_sizes(saved_model):
    served = tf.saved_model.load(str(saved_model)).signatures["serving_default"]
    images = [encoded(picture(seed, 40 + 9 * seed, 70)) for seed in range(3)]
    together = served(image_bytes=tf.constant(images))
    for i, image in enumerate(images):
        alone = served(image_bytes=tf.constant([image]))
        for name, value in alone.items():
            np.testing.assert_allclose(together[name][i], value[0], rtol=1e-4, atol=1e-3)


def test_joints_are_px_of_the_given_image(saved_model):
    # The same square person, once as the whole image and once in a box within a larger image,
    # with the box's margin of 1.25 round the 64 px.
    served = tf.saved_model.load(str(saved_model)).signatures
    person = picture(5, 80, 80)
    large = np.zeros((200, 300, 3), np.uint8)
    large[60:140, 110:190] = person
    alone = served["serving_default"](image_bytes=tf.constant([encoded(person)]))
    box = tf.constant([[110 + 8, 60 + 8, 190 - 8, 140 - 8]], tf.float32)
    inside = served["predict_boxes"](image_bytes=tf.constant([encoded(large)]), boxes=box)
    np.testing.assert_allclose(inside["joints_2d"], alone["joints_2d"] + [110, 60], atol=1e-2)
    np.testing.assert_allclose(inside["joints_3d"], alone["joints_3d"], atol=0.5)


@pytest.mark.parametrize("form", ["png", "jpeg", "bmp", "gif"])
def test_usual_formats_are_taken(saved_model, form):
    served = tf.saved_model.load(str(saved_model)).signatures["serving_default"]
    outputs = served(image_bytes=tf.constant([encoded(picture(1, 50, 60), form)]))
    assert {name: tuple(value.shape) for name, value in outputs.items()} == {
        "joints_2d": (1, 16, 2),
        "joints_3d": (1, 16, 3),
        "confidence": (1, 16),
    }


def test_the_predictor_is_the_same_from_checkpoint_and_saved_model(model, saved_model, tmp_path):
    from hg3d_tf import checkpoints

    checkpoints.save_model(model, tmp_path)
    image = np.asarray(painted_people.paint(np.full((16, 2), 50.0)))
    photo = prediction.Photo("painted", image)
    one, two = (prediction.load_predictor(p)(photo, None) for p in (saved_model, tmp_path))
    for name, value in one.items():
        np.testing.assert_allclose(two[name], value, rtol=1e-4, atol=1e-3)


def test_a_photo_is_turned_as_its_exif_says(tmp_path):
    pixels = picture(0, 20, 30)
    image = Image.fromarray(pixels)
    exif = image.getexif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    image.save(tmp_path / "turned.png", exif=exif)
    photo = prediction.read_photo(tmp_path / "turned.png")
    np.testing.assert_array_equal(photo.pixels, np.rot90(pixels, -1))


def test_json_names_joints():
    pose = {
        "joints_2d": np.arange(32, dtype=np.float32).reshape(16, 2),
        "joints_3d": np.zeros((16, 3), np.float32),
        "confidence": np.ones(16, np.float32),
    }
    record = prediction.as_json("photo.jpg", np.array([0, 0, 5, 5]), pose)
    assert record["joints_2d_px"]["r_knee"] == [2.0, 3.0]
    assert list(record["joints_3d_mm"]) == list(JOINT_NAMES)
