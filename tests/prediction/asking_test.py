"""What is sent to a server: files as they are where it reads them, else JPEGs made here."""

import io

import numpy as np
import pytest
from PIL import Image

from hg3d_tf import images
from hg3d_tf.cli import UserError
from hg3d_tf.prediction import asking

pytest.importorskip("tensorflow_serving", reason="the serving extra is not installed")


def picture(width=60, height=40):
    grey = np.linspace(20, 230, width * height, dtype=np.uint8).reshape(height, width)
    return Image.fromarray(grey).convert("RGB")


def test_what_the_server_reads_goes_as_it_is(tmp_path):
    turned = Image.Exif()
    turned[0x0112] = 6
    picture().save(tmp_path / "a.jpg", exif=turned)
    picture().save(tmp_path / "a.png")
    for name, size in (("a.jpg", (40, 60)), ("a.png", (60, 40))):
        sent = asking.to_send(tmp_path / name)
        assert sent.content == (tmp_path / name).read_bytes()
        assert sent.size == size and sent.scale.tolist() == [1, 1]


@pytest.mark.parametrize("name", ["a.webp", "a.tif", "deep.png", "turned.png", "cmyk.jpg"])
def test_what_it_does_not_read_is_read_here(tmp_path, name):
    path, image, options = tmp_path / name, picture(), {}
    if name == "deep.png":
        image = Image.fromarray(np.asarray(image.convert("L")).astype(np.uint16) * 257)
    if name == "turned.png":
        options["exif"] = Image.Exif()
        options["exif"][0x0112] = 8
    if name == "cmyk.jpg":
        image = image.convert("CMYK")
    image.save(path, **options)
    sent = asking.to_send(path)
    decoded = Image.open(io.BytesIO(sent.content))
    assert decoded.format == "JPEG" and decoded.size == sent.size
    assert np.abs(np.asarray(decoded, float) - images.read_picture(path).pixels).mean() < 3


def test_what_is_too_large_goes_smaller(tmp_path):
    picture(9000, 64).save(tmp_path / "panorama.png")
    sent = asking.to_send(tmp_path / "panorama.png")
    decoded = Image.open(io.BytesIO(sent.content))
    assert sent.size == (9000, 64) and decoded.size == (8192, 58)
    np.testing.assert_allclose(sent.scale, (8192 / 9000, 58 / 64))


def test_what_is_no_picture_is_named(tmp_path):
    (tmp_path / "a.jpg").write_bytes(b"")
    with pytest.raises(UserError, match=r"a\.jpg: cannot be read as an image \(the file is empty"):
        asking.to_send(tmp_path / "a.jpg")


def answer(contents, boxes):
    joints = [np.tile(Image.open(io.BytesIO(content)).size, (16, 1)) for content in contents]
    return {"joints_2d": np.array(joints, float)}


def test_poses_are_in_px_of_the_picture_and_bad_ones_are_named(tmp_path):
    picture(9000, 64).save(tmp_path / "a.png")
    (tmp_path / "b.png").write_bytes(b"no picture")
    picture(100, 80).save(tmp_path / "c.png")
    paths = [tmp_path / name for name in ("a.png", "b.png", "c.png")]
    answers = dict(asking.ask(paths, answer, 2, None))
    assert list(answers) == [paths[1], paths[0], paths[2]]
    assert answers[paths[1]].startswith(f"{paths[1]}: cannot be read as an image")
    np.testing.assert_allclose(answers[paths[0]]["joints_2d"][0], (9000, 64))
    np.testing.assert_allclose(answers[paths[2]]["joints_2d"][0], (100, 80))


def test_boxes_are_of_the_picture_too(tmp_path):
    picture(9000, 64).save(tmp_path / "a.png")
    picture(100, 80).save(tmp_path / "c.png")
    box = np.array([4500, 0, 4600, 60])
    asked = []

    def remember(contents, boxes):
        asked.extend(boxes)
        return {"joints_2d": np.zeros((1, 16, 2))}

    answers = dict(asking.ask([tmp_path / "a.png", tmp_path / "c.png"], remember, 8, box))
    assert "outside of the picture, which has 100 x 80 px" in answers[tmp_path / "c.png"]
    scale = np.array([8192 / 9000, 58 / 64] * 2)
    np.testing.assert_allclose(asked, [box * scale])


@pytest.mark.parametrize("box", [None, [10, 0, 60, 60]])
def test_of_one_person_it_is_known_where_they_were_looked_for(tmp_path, box):
    picture(100, 80).save(tmp_path / "a.png")
    joints = np.ones((1, 16, 3))
    pose = {"joints_2d": joints[..., :2], "joints_3d": joints, "confidence": joints[..., 0]}
    asked = asking.ask([tmp_path / "a.png"], lambda *_: pose, 8, box and np.array(box, np.float32))
    [record] = asking.records(*next(asked))
    assert record["image_size_px"] == [100, 80] and record.get("box_px") == box


def test_everybody_found_is_a_record_in_px_of_the_picture(tmp_path):
    picture(9000, 64).save(tmp_path / "a.png")

    def two_of_three(contents, boxes):
        joints = np.ones((1, 3, 16, 3))
        return {
            "joints_2d": joints[..., :2] * [8192, 58],
            "joints_3d": joints,
            "confidence": joints[..., 0],
            "boxes": np.tile([0.0, 0, 4096, 29], (1, 3, 1)),
            "scores": np.array([[0.9, 0.8, 0.0]]),
            "valid": np.array([[True, True, False]]),
        }

    [(path, answer)] = asking.ask([tmp_path / "a.png"], two_of_three, 8, None)
    one, two = asking.records(path, answer)
    assert (one["person"], one["score"], two["person"], two["score"]) == (1, 0.9, 2, 0.8)
    assert two["box_px"] == [0, 0, 4500, 32] and two["image_size_px"] == [9000, 64]
    assert two["joints_2d_px"]["pelvis"] == [9000, 64]
