import contextlib
import json

import numpy as np
import pytest

from hg3d_tf.cli import UserError
from hg3d_tf.evaluation import predictions_file
from hg3d_tf.pose_files import named_arrays


@pytest.fixture
def predictions():
    rng = np.random.default_rng(0)
    return {
        "key": np.array([b"a", b"b", b"c"]),
        "crop_center": np.array([[50, 60], [70, 80], [90, 99]], np.float32),
        "crop_side": np.array([100, 200, 300], np.float32),
        "predicted_2d_norm": rng.uniform(-1, 1, (3, 16, 2)).astype(np.float32),
        "predicted_depth": rng.normal(size=(3, 16)).astype(np.float32),
        "confidence": rng.random((3, 16)).astype(np.float32),
    }


def labels_of(predictions):
    return {name: predictions[name] for name in ("key", "crop_center", "crop_side")}


@pytest.mark.parametrize("name", ["poses.npz", "poses.json"])
def test_what_was_saved_is_joined_to_its_labels(tmp_path, predictions, name):
    predictions_file.save(tmp_path / name, predictions)
    arrays = named_arrays.load(tmp_path / name)
    assert arrays["predicted_2d_px"][1, 0, 0] == pytest.approx(
        70 + 100 * predictions["predicted_2d_norm"][1, 0, 0], abs=1e-4
    )
    order = [2, 0]  # a part of the frames, in another order
    labels = {name: value[order] for name, value in labels_of(predictions).items()}
    joined = predictions_file.join(labels, arrays, name)
    for field in ("predicted_2d_norm", "predicted_depth", "confidence"):
        np.testing.assert_allclose(joined[field], predictions[field][order], atol=1e-5)


def test_missing_and_repeated_frames_are_named(predictions):
    arrays = {"key": np.array(["c", "a"]), "predicted_depth": np.zeros((2, 16))}
    with pytest.raises(UserError, match=r"p.npz: 1 of 3 frames are missing, e.g. 'b'"):
        predictions_file.join(labels_of(predictions), arrays, "p.npz")
    arrays["key"] = np.array(["c", "c"])
    with pytest.raises(UserError, match="twice"):
        predictions_file.join(labels_of(predictions), arrays, "p.npz")


BROKEN = {
    "unknown": ({"key": ["a"], "joints": [0]}, "'joints' is unknown; names are predicted_2d_px"),
    "joints": ({"key": ["a"], "predicted_3d_mm": np.zeros((1, 17, 3))}, r"\(1, 17, 3\); wanted"),
    "frames": ({"key": ["a", "b"], "predicted_depth": np.zeros((1, 16))}, r"\(2, 16\)"),
    "nan": ({"key": ["a"], "predicted_depth": [[np.nan] * 16]}, "of frame 'a' is not finite"),
    "text": ({"key": ["a"], "predicted_depth": [["x"] * 16]}, "wanted: numbers"),
    "one key": ({"key": "a", "predicted_depth": np.zeros((1, 16))}, r"key has the shape \(\)"),
    "no key": ({"predicted_depth": np.zeros((1, 16))}, "wanted: key and a pose"),
    "no frame": ({"key": [], "predicted_depth": np.zeros((0, 16))}, "p.npz: holds no frame"),
    "metres": (
        {"key": ["a"], "predicted_3d_mm": np.linspace(0, 1.7, 48).reshape(1, 16, 3)},
        "p.npz: predicted_3d_mm shows people of 1.6 mm: give mm, not metres",
    ),
    "no pose": ({"key": ["a"]}, "wanted: key and a pose"),
}


@pytest.mark.parametrize("arrays, message", BROKEN.values(), ids=BROKEN)
def test_broken_arrays_get_one_line(tmp_path, arrays, message):
    np.savez(tmp_path / "p.npz", **arrays)
    with pytest.raises(UserError, match=message) as error:
        named_arrays.load(tmp_path / "p.npz")
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("name", ["p.npz", "p.json", "p.txt"])
def test_a_file_of_something_else_is_named(tmp_path, name):
    (tmp_path / name).write_text("no predictions")
    with pytest.raises(UserError, match=name) as error:
        named_arrays.load(tmp_path / name)
    assert "pickle" not in str(error.value)


def test_half_a_json_is_said_to_be_one(tmp_path):
    (tmp_path / "p.json").write_text('{"key": ["a", "b"], "predicted_2d_')
    with pytest.raises(UserError, match=r"p\.json: is no JSON, or only a part of it"):
        named_arrays.load(tmp_path / "p.json")


@pytest.mark.parametrize(
    "content, message",
    [
        ([{"key": "a"}], r"p\.json: is a JSON list or value; wanted: {"),
        (
            [{"image_id": 1, "category_id": 1, "keypoints": [0] * 51, "score": 1}],
            r"p\.json: is a list of COCO's results; wanted: .*: write the key of each frame",
        ),
        (
            {"images": [], "annotations": [], "categories": []},
            r"p\.json: is a COCO file of annotations; wanted: .*: write the key of each frame",
        ),
        (
            [{"image": "a.jpg", "joints_2d_px": {}}],
            r"p\.json: is a list of poses, as predict writes; wanted: .* MPII's order",
        ),
        ({"key": ["a"], "off_axis": [[0, 1], [0]]}, r"p\.json: rows of off_axis differ"),
    ],
    ids=["rows", "results", "coco", "poses", "ragged"],
)
def test_a_json_of_another_form_is_told_what_is_wanted(tmp_path, content, message):
    (tmp_path / "p.json").write_text(json.dumps(content))
    with pytest.raises(UserError, match=message):
        named_arrays.load(tmp_path / "p.json")


def test_damaged_archives_and_single_arrays_get_one_line(tmp_path, predictions):
    path = tmp_path / "p.npz"
    with path.open("wb") as file:
        np.save(file, np.zeros(3))
    with pytest.raises(UserError, match=r"p\.npz: is no \.npz file"):
        named_arrays.load(path)
    predictions_file.save(path, predictions)
    whole = path.read_bytes()
    for place in range(0, len(whole), len(whole) // 60):
        path.write_bytes(whole[:place] + b"\xff\xff\xff" + whole[place + 3 :])
        with contextlib.suppress(UserError):
            named_arrays.load(path)


def test_pickled_objects_are_refused(tmp_path):
    np.savez(tmp_path / "p.npz", key=np.array([{}], object))
    with pytest.raises(UserError, match=r"p\.npz"):
        named_arrays.load(tmp_path / "p.npz")
    (tmp_path / "p.json").write_text(json.dumps([1, 2]))
    with pytest.raises(UserError, match=r"p\.json"):
        named_arrays.load(tmp_path / "p.json")
