"""The signature `predict_people`: everybody in a picture, as `predict` finds them."""

import io
import json
import os
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from support.rendered_people import three_people

from hg3d_tf import export, weights
from hg3d_tf.network import shipped
from hg3d_tf.prediction import finders, likeness, predictors
from hg3d_tf.prediction.boxes import overlaps
from hg3d_tf.prediction.person_finder import LiteRTFinder
from hg3d_tf.prediction.photos import Photo, read_photo
from hg3d_tf.serving import people
from hg3d_tf.serving.pose_server import PoseServer
from hg3d_tf.skeleton import JOINT_NAMES

PHOTOS = Path(os.environ.get("HG3D_DATA", "")) / "coco128/images"


def encoded(pixels: np.ndarray, form="PNG", **options) -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(pixels).save(buffer, form, **options)
    return buffer.getvalue()


THREE = encoded(three_people())
NOBODY = encoded(np.full((90, 60, 3), 120, np.uint8))


def ask(served, *images: bytes) -> dict[str, np.ndarray]:
    outputs = served.signatures["predict_people"](image_bytes=tf.constant(list(images)))
    return {name: value.numpy() for name, value in outputs.items()}


def find_by_litert() -> finders.Finder:
    look = predictors.load_predictor(weights.TFLITE_FILE)
    return finders.finder(look, LiteRTFinder(weights.FINDER_FILE))


def test_the_boxes_are_those_of_predict_and_the_rest_is_zero(served):
    found = ask(served, THREE)
    expected = LiteRTFinder(weights.FINDER_FILE)(Photo("three", three_people()))
    assert found["valid"].tolist() == [[True] * 3 + [False] * 5]
    assert (np.diff(found["scores"][0, :3]) <= 0).all()
    overlap = overlaps(found["boxes"][0, :3, np.newaxis], expected.boxes)
    assert sorted(overlap.argmax(axis=1)) == [0, 1, 2] and overlap.max(axis=1).min() > 0.9
    scores = expected.scores[overlap.argmax(axis=1)]
    np.testing.assert_allclose(found["scores"][0, :3], scores, atol=0.05)
    for name, value in found.items():
        assert value.shape[:2] == (1, 8) and not value[0, 3:].any(), name


def test_poses_are_those_in_the_boxes(served):
    found = ask(served, THREE)
    images = tf.constant([THREE] * 3)
    boxes = tf.constant(found["boxes"][0, :3])
    for name, value in served.signatures["predict_boxes"](image_bytes=images, boxes=boxes).items():
        np.testing.assert_allclose(found[name][0, :3], value, rtol=1e-3, atol=0.1, err_msg=name)


def test_pictures_of_a_batch_are_apart(served):
    together, alone = ask(served, NOBODY, THREE, NOBODY, THREE), ask(served, THREE)
    assert together["valid"].sum(axis=1).tolist() == [0, 3, 0, 3]
    for name, value in alone.items():
        np.testing.assert_allclose(together[name][1], value[0], rtol=1e-3, atol=0.1, err_msg=name)
        np.testing.assert_allclose(together[name][3], value[0], rtol=1e-3, atol=0.1, err_msg=name)


def test_nobody_is_no_nan(served):
    for value in ask(served, NOBODY, NOBODY).values():
        assert not value.any()


def test_boxes_are_px_of_the_picture_as_it_is_seen(served):
    turned = Image.Exif()
    turned[0x0112] = 6  # stored lying: a quarter back from what is seen
    lying = encoded(np.rot90(three_people()), "JPEG", quality=95, subsampling=0, exif=turned)
    found, upright = ask(served, lying), ask(served, THREE)
    assert found["valid"].sum() == 3
    overlap = overlaps(found["boxes"][0, :3, np.newaxis], upright["boxes"][0, :3])
    assert overlap.max(axis=1).min() > 0.9


def test_bad_pictures_are_the_requests_error(served):
    with pytest.raises(tf.errors.InvalidArgumentError, match="not a JPEG, PNG, GIF or BMP"):
        ask(served, THREE, b"no picture")
    with pytest.raises(tf.errors.InvalidArgumentError, match="the batch is empty"):
        served.signatures["predict_people"](image_bytes=tf.constant([], tf.string))


def test_the_description_says_how_many(served):
    answer = served.signatures["describe"](request=tf.constant([""]))["description"].numpy()[0]
    described = json.loads(answer)
    assert described["most_people"] == 8 and "most_people" in described["predict_people"]


def test_two_boxes_of_one_person_are_one():
    rng = np.random.default_rng(0)
    one, other = (rng.uniform(0, 200, (len(JOINT_NAMES), 2)) for _ in range(2))
    poses = np.stack([one, other, one + 1, other + 30, np.zeros_like(one), np.zeros_like(one)])
    scores = np.array([0.9, 0.8, 0.7, 0.6, 0, 0])
    expected = likeness.distinct(list(poses[:4]), 0.9)
    kept = people.without_twins(
        tf.constant(np.stack([poses, poses[::-1]]), tf.float32),
        tf.constant(np.stack([scores, 0 * scores]), tf.float32),
    )
    assert np.flatnonzero(kept[0]).tolist() == expected == [0, 1, 3]
    assert not kept[1].numpy().any()


@pytest.mark.slow
def test_a_model_may_do_without_and_find_fewer(model, tmp_path):
    export.save(model, tmp_path / "1", most_people=0)
    without = tf.saved_model.load(str(tmp_path / "1"))
    assert "predict_people" not in without.signatures
    answer = without.signatures["describe"](request=tf.constant([""]))["description"].numpy()[0]
    assert "most_people" not in json.loads(answer)
    two = PoseServer(model, "2", shipped.load_finder(), most_people=2)
    found = two.predict_people(image_bytes=tf.constant([THREE]))
    assert found["valid"].numpy().tolist() == [[True, True]]


@pytest.mark.slow
@pytest.mark.skipif(not PHOTOS.is_dir(), reason="HG3D_DATA is not set: no everyday photos")
def test_everyday_photos_show_the_people_that_predict_finds(shipped_saved_model):
    served, find = tf.saved_model.load(str(shipped_saved_model)), find_by_litert()
    best, moved, counts = [], [], np.zeros(2, int)
    for path in sorted(PHOTOS.rglob("*.jpg"))[:40]:
        expected, found = find(read_photo(path))[:8], ask(served, path.read_bytes())
        valid = found["valid"][0]
        counts += len(expected), valid.sum()
        for person in expected if valid.any() else []:
            overlap = overlaps(found["boxes"][0, valid], person.box)
            best.append(overlap.max())
            joints = found["joints_2d"][0, valid][overlap.argmax()]
            moved.append(np.median(np.linalg.norm(joints - person.pose["joints_2d"], axis=1)))
    print(
        f"predict {counts[0]}, predict_people {counts[1]}; median joint {np.median(moved):.1f} px"
    )
    assert abs(counts[0] - counts[1]) <= 3 and counts[0] > 15
    assert np.mean(np.array(best) > 0.9) > 0.85 and np.median(moved) < 5
