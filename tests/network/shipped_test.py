"""The network in the package: its files agree, it is used by default, and it can be tuned."""

import json
import os
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from scipy.linalg import orthogonal_procrustes
from support.commands import ROOT, run

from hg3d_tf import weights
from hg3d_tf.network import joint_decoding, shipped
from hg3d_tf.network.pose_model import ModelConfig, build_pose_model
from hg3d_tf.prediction import photos, predictors
from hg3d_tf.skeleton import CANONICAL_BONE_SUM_MM, MIRROR, bone_lengths, canonical_scale
from hg3d_tf.training import checkpoints

PHOTOS = Path(os.environ.get("HG3D_DATA", "")) / "lspet"


@pytest.fixture(scope="module")
def model():
    return checkpoints.load_model("shipped")


@pytest.mark.parametrize("folder, count", [(weights.FOLDER, 4), (weights.LARGE_FOLDER, 2)])
def test_all_weights_together_are_small(folder, count):
    files = [path for path in folder.iterdir() if path.suffix in (".npz", ".tflite")]
    assert len(files) == count and sum(path.stat().st_size for path in files) < 14e6


@pytest.mark.slow
def test_the_larger_sibling_goes_by_its_name_and_sees_more(model):
    large = checkpoints.load_model("shipped-large")
    assert predictors.load_predictor("shipped-large").size == large.config.input_size
    assert predictors.load_predictor("shipped").size == model.config.input_size
    assert large.config.input_size > model.config.input_size
    assert large.count_params() == model.count_params()
    # It is no copy of the other one.
    pairs = zip(large.get_weights(), model.get_weights(), strict=True)
    assert any(np.abs(one - other).max() > 1e-3 for one, other in pairs)
    checkpoints.check_source("shipped-large", model.config)  # either may start a training


@pytest.mark.slow
def test_the_files_for_photos_look_at_the_mirror_image_too_that_for_films_does_not():
    rng = np.random.default_rng(0)
    small = Image.fromarray(rng.integers(0, 255, (6, 6, 3), np.uint8))
    image = np.asarray(small.resize((256, 256), Image.Resampling.BICUBIC))
    off = {}
    for name in ("shipped", "shipped-large", "shipped-film"):
        look = predictors.load_predictor(name)
        seen, mirrored = (
            look(photos.Photo("a", np.ascontiguousarray(pixels)), None)["joints_3d_crop"]
            for pixels in (image, image[:, ::-1])
        )
        off[name] = np.abs(mirrored[list(MIRROR)] * [-1, 1, 1] - seen).max()
    assert off["shipped"] < 1e-3 and off["shipped-large"] < 1e-3
    assert off["shipped-film"] > 0.02


@pytest.mark.slow
def test_what_is_saved_is_loaded_to_within_its_rounding(tmp_path):
    config = ModelConfig(1, 64, 1, 64)
    network = build_pose_model(config)
    shipped.save(network, tmp_path)
    again = shipped.load(tmp_path)
    assert again.config == config
    for one, two in zip(network.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, atol=np.abs(one).max() / 250)
        if one.ndim == 1:
            np.testing.assert_array_equal(one, two)
    assert (tmp_path / "weights.npz").stat().st_size < 3 * network.count_params()


@pytest.mark.slow
def test_the_phone_file_is_the_same_network(model):
    size = model.config.input_size
    rng = np.random.default_rng(0)
    # Smooth noise: whatever it shows the network, both forms must see the same.
    small = rng.integers(0, 255, (6, 6, 3), np.uint8)
    image = np.asarray(Image.fromarray(small).resize((size, size), Image.Resampling.BICUBIC))
    outputs = model.infer(image[np.newaxis] / np.float32(255))
    pose = predictors.load_predictor(weights.TFLITE_FILE)(photos.Photo("a", image), None)
    peaks = outputs["heatmaps"][-1].numpy().max(axis=(1, 2))[0]
    confidence = np.interp(peaks, *np.transpose(model.config.confidence_knots))
    np.testing.assert_allclose(pose["confidence"], confidence, atol=0.1)
    depth = pose["joints_3d_crop"][:, 2]
    assert np.abs(depth - outputs["depth"][0].numpy()).mean() < 0.05


def test_a_pose_has_the_size_that_its_seen_bones_tell():
    with Image.open(ROOT / "demo/web/src/sample.jpg") as sample:
        upper_half = np.asarray(sample)[: sample.height // 2]
    pose = predictors.load_predictor(weights.TFLITE_FILE)(photos.Photo("a", upper_half), None)
    assert np.ptp(pose["confidence"]) > 0.4
    scale = canonical_scale(pose["joints_3d"], pose["confidence"])
    np.testing.assert_allclose(scale, 1, rtol=1e-4)
    by_all = CANONICAL_BONE_SUM_MM / bone_lengths(pose["joints_3d"]).sum()
    assert abs(by_all - 1) > 0.005  # what would be told by all bones is another


@pytest.mark.slow
def test_export_takes_it_where_no_folder_is_named(shipped_saved_model):
    image = np.full((64, 64, 3), 120, np.uint8)
    box = np.array([2.0, 4, 22, 40])  # off the middle
    served, phone = (
        predictors.load_predictor(path)(photos.Photo("a", image), box)
        for path in (shipped_saved_model, weights.TFLITE_FILE)
    )
    np.testing.assert_allclose(served["confidence"], phone["confidence"], atol=0.1)
    # What they say of nothing is not quite the same. How it is turned to the camera's frame is.
    turns = [
        orthogonal_procrustes(
            joint_decoding.to_canonical_mm(pose["joints_3d_crop"][np.newaxis])[0],
            pose["joints_3d"],
        )[0]
        for pose in (served, phone)
    ]
    np.testing.assert_allclose(turns[0], turns[1], atol=1e-3)
    assert np.abs(turns[0] - np.eye(3)).max() > 0.1


@pytest.mark.slow
def test_predict_needs_no_model_and_no_tensorflow(tmp_path):
    Image.fromarray(np.full((200, 160, 3), 120, np.uint8)).save(tmp_path / "photo.jpg")
    code = (
        "import sys, runpy; sys.argv[0] = 'predict';"
        "sys.modules['tensorflow'] = None;"  # importing it fails
        "runpy.run_module('hg3d_tf.predict', run_name='__main__')"
    )
    arguments = [str(tmp_path / "photo.jpg"), f"--output_dir={tmp_path / 'out'}"]
    process = run("-c", code, *arguments)  # the finder sees nobody
    assert process.returncode == 0, process.stderr
    assert json.loads((tmp_path / "out/poses.json").read_text()) == []
    process = run("-c", code, *arguments, "--box=20,20,140,180")
    assert process.returncode == 0, process.stderr
    [record] = json.loads((tmp_path / "out/poses.json").read_text())
    assert np.isfinite(list(record["joints_3d_mm"].values())).all()
    assert (tmp_path / "out/photo_pose.png").exists()


@pytest.mark.slow
@pytest.mark.skipif(not PHOTOS.is_dir(), reason="HG3D_DATA is not set: no real photos")
@pytest.mark.parametrize("name", ["shipped", "shipped-large", "shipped-film"])
def test_they_find_people_in_real_photos(name):
    import scipy.io

    joints = scipy.io.loadmat(PHOTOS / "joints.mat")["joints"].transpose(2, 0, 1)
    predictor = predictors.load_predictor(name)
    near = []
    for number in range(9001, 9101):
        path, labels = PHOTOS / f"images/im{number:05d}.jpg", joints[number - 1, :12]
        seen = labels[:, 2] > 0
        if not path.exists() or seen.sum() < 6:
            continue
        box = np.concatenate([labels[seen, :2].min(0), labels[seen, :2].max(0)])
        # A box of joints leaves out hands, feet and head.
        side = max(box[2:] - box[:2])
        box += 0.06 * side * np.array([-1, -1, 1, 1])
        pose = predictor(photos.read_photo(path), box)
        ours = pose["joints_2d"][[0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15]]
        near += list((np.linalg.norm(ours - labels[:, :2], axis=1) / side < 0.2)[seen])
    assert len(near) > 300
    assert np.mean(near) > 0.6
