import io
import json
import os

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from support import painted_people, reference
from support.training_runs import shrink_network

from hg3d_tf import export, skeleton
from hg3d_tf.network import joint_decoding
from hg3d_tf.prediction import photos, pose_json, predictors
from hg3d_tf.skeleton import JOINT_NAMES


def encoded(image: np.ndarray, form="png") -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, form)
    return buffer.getvalue()


def picture(seed: int, height: int, width: int) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), np.uint8)


def test_the_saved_model_equals_the_keras_model(model, served):
    # 64 x 64 px: the whole image is the network's input, no pixel is resampled.
    images = np.stack([picture(seed, 64, 64) for seed in range(3)])
    outputs = model(images / np.float32(255), training=False)
    joints_2d_norm, peaks = joint_decoding.decode_heatmaps(outputs["heatmaps"][-1])
    joints_3d_crop = joint_decoding.join_depth(joints_2d_norm, outputs["depth"])
    confidence = np.interp(peaks, *np.transpose(model.config.confidence_knots))
    expected = {
        "joints_2d": (joints_2d_norm + 1) * 32,
        "joints_3d": joint_decoding.to_canonical_mm(joints_3d_crop, confidence.astype(np.float32)),
        "joints_3d_crop": joints_3d_crop,
        "confidence": confidence,
    }
    actual = served.signatures["serving_default"](
        image_bytes=tf.constant([encoded(image) for image in images])
    )
    assert actual.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(actual[name], value, rtol=1e-5, atol=1e-5, err_msg=name)


def test_a_batch_gives_what_single_images_give_whatever_their_sizes(served):
    predict = served.signatures["serving_default"]
    images = [encoded(picture(seed, 40 + 9 * seed, 70)) for seed in range(3)]
    together = predict(image_bytes=tf.constant(images))
    for i, image in enumerate(images):
        alone = predict(image_bytes=tf.constant([image]))
        for name, value in alone.items():
            np.testing.assert_allclose(together[name][i], value[0], rtol=1e-4, atol=1e-3)


def test_joints_are_px_of_the_given_image(served):
    # The same square person, once as the whole image and once in a box within a larger image,
    # with the box's margin of 1.25 round the 64 px.
    predict = served.signatures
    person = picture(5, 80, 80)
    large = np.zeros((200, 300, 3), np.uint8)
    large[60:140, 110:190] = person
    alone = predict["serving_default"](image_bytes=tf.constant([encoded(person)]))
    box = tf.constant([[110 + 8, 60 + 8, 190 - 8, 140 - 8]], tf.float32)
    inside = predict["predict_boxes"](image_bytes=tf.constant([encoded(large)]), boxes=box)
    np.testing.assert_allclose(inside["joints_2d"], alone["joints_2d"] + [110, 60], atol=1e-2)
    np.testing.assert_allclose(inside["joints_3d"], alone["joints_3d"], atol=0.5)


def test_a_pose_off_the_middle_is_turned_by_the_line_of_sight(served):
    person = picture(5, 80, 80)
    large = np.zeros((300, 400, 3), np.uint8)
    large[210:290, 10:90] = person
    alone = served.signatures["serving_default"](image_bytes=tf.constant([encoded(person)]))
    middle = served.signatures["predict_boxes"](
        image_bytes=tf.constant([encoded(large)]), boxes=tf.constant([[18.0, 218, 82, 282]])
    )
    turn = reference.line_of_sight([50 - 200, 250 - 150, 1.2 * 400])
    expected = turn.apply(alone["joints_3d"][0])
    np.testing.assert_allclose(middle["joints_3d"][0], expected, atol=0.5)
    assert np.abs(expected - alone["joints_3d"][0]).max() > 20
    np.testing.assert_allclose(middle["joints_3d_crop"], alone["joints_3d_crop"], atol=1e-3)


def test_crops_and_raw_outputs_are_those_of_the_whole_image(model, served):
    image = picture(3, 64, 64)
    expected = served.signatures["serving_default"](image_bytes=tf.constant([encoded(image)]))
    actual = served.signatures["predict_crops"](crops=tf.constant(image[np.newaxis]))
    for name, value in expected.items():
        np.testing.assert_allclose(actual[name], value, rtol=1e-4, atol=1e-3, err_msg=name)
    crop = image[np.newaxis] / np.float32(255)
    raw, outputs = served.signatures["heatmaps"](crops=tf.constant(crop)), model(crop)
    np.testing.assert_allclose(raw["heatmaps"], outputs["heatmaps"][-1], atol=1e-5)
    np.testing.assert_allclose(raw["depth"], outputs["depth"], atol=1e-5)


@pytest.mark.parametrize(
    ("signature", "kind"), [("predict_crops", "uint8"), ("heatmaps", "float32")]
)
@pytest.mark.parametrize("size", [(32, 64, 3), (128, 128, 3), (64, 64, 1)])
def test_crops_of_another_size_are_refused_with_the_right_one(served, signature, kind, size):
    with pytest.raises(tf.errors.InvalidArgumentError, match=r"the crops are not \[B, 64, 64, 3\]"):
        served.signatures[signature](crops=tf.zeros((1, *size), kind))


def test_the_description_is_a_signature_and_an_asset(served, saved_model):
    answer = served.signatures["describe"](request=tf.constant(["", ""]))["description"].numpy()
    assert len(answer) == 2 and answer[0] == answer[1]
    assert answer[0] == (saved_model / "assets/description.json").read_bytes()
    description = json.loads(answer[0])
    assert description["joint_names"] == list(JOINT_NAMES)
    assert description["version"] == "1" and description["input_size"] == 64
    outputs = {name for s in served.signatures.values() for name in s.structured_outputs}
    assert outputs - {"description"} == description["outputs"].keys()
    inputs = {n for s in served.signatures.values() for n in s.structured_input_signature[1]}
    assert inputs == description["inputs"].keys()


def metric(served, height_mm, focal_px):
    outputs = served.signatures["predict_metric"](
        image_bytes=tf.constant([encoded(picture(4, 90, 120))]),
        boxes=tf.constant([[20.0, 10, 90, 80]]),
        person_height_mm=tf.constant([height_mm], tf.float32),
        focal_length_px=tf.constant([focal_px], tf.float32),
    )
    return {name: value.numpy()[0].astype(float) for name, value in outputs.items()}


def test_the_persons_height_scales_the_pose(served):
    pose = metric(served, 1800.0, 1.2 * 120)  # as is assumed where nothing is known
    # A skeleton of canonical proportions: its joints are 1590.14 mm high from ankle to head top.
    ratio = 1800 / (1590.1405 / 0.961)
    scale = skeleton.canonical_scale(pose["joints_3d_metric"], pose["confidence"])
    np.testing.assert_allclose(scale, 1 / ratio, rtol=1e-4)
    np.testing.assert_allclose(pose["joints_3d_metric"], pose["joints_3d"] * ratio, atol=0.1)


def test_the_pose_before_the_camera_projects_onto_the_image(served):
    pose = metric(served, 1800.0, 500.0)
    x, y, z = pose["joints_3d_camera"].T
    projected = np.stack([x / z * 500 + 60, y / z * 500 + 45], axis=-1)
    np.testing.assert_allclose(projected, pose["joints_2d"], atol=1e-2)
    np.testing.assert_allclose(z - z[6], pose["joints_3d_metric"][:, 2], atol=0.5)
    # Seen from twice as far with twice the focal length, a person is as large.
    np.testing.assert_allclose(metric(served, 1800.0, 1000.0)["joints_3d_camera"][6, 2], 2 * z[6])


@pytest.mark.slow
def test_a_failed_export_leaves_nothing_and_no_half_version_is_seen(model, tmp_path, monkeypatch):
    seen = []

    def save(server, path, signatures):
        tf.io.gfile.makedirs(path)
        seen.extend(name for name in os.listdir(tmp_path) if name.isdigit())
        raise OSError("the disk is full")

    monkeypatch.setattr(tf.saved_model, "save", save)
    with pytest.raises(OSError, match="full"):
        export.save(model, tmp_path / "7", most_people=0)
    assert not seen and not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_predictor_is_the_same_from_checkpoint_and_saved_model(
    model, saved_model, tmp_path, monkeypatch
):
    from hg3d_tf.training import checkpoints

    shrink_network(monkeypatch.setattr)  # the folder is loaded as the model was made
    checkpoints.save_model(model, tmp_path)
    image = np.asarray(painted_people.paint(np.full((16, 2), 50.0)))
    photo = photos.Photo("painted", image)
    one, two = (predictors.load_predictor(p)(photo, None) for p in (saved_model, tmp_path))
    for name, value in one.items():
        np.testing.assert_allclose(two[name], value, rtol=1e-4, atol=1e-3)


def test_a_photo_is_turned_as_its_exif_says(tmp_path):
    pixels = picture(0, 20, 30)
    image = Image.fromarray(pixels)
    exif = image.getexif()
    exif[0x0112] = 6  # the camera was turned by a quarter
    image.save(tmp_path / "turned.png", exif=exif)
    photo = photos.read_photo(tmp_path / "turned.png")
    np.testing.assert_array_equal(photo.pixels, np.rot90(pixels, -1))


def test_json_names_joints():
    pose = {
        "joints_2d": np.arange(32, dtype=np.float32).reshape(16, 2),
        "joints_3d": np.zeros((16, 3), np.float32),
        "confidence": np.ones(16, np.float32),
    }
    record = pose_json.as_json("photo.jpg", pose)
    assert record["joints_2d_px"]["r_knee"] == [2.0, 3.0]
    assert list(record["joints_3d_mm"]) == list(JOINT_NAMES)
