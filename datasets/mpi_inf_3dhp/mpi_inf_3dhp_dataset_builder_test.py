import json
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io

from hg3d_tf.cli import UserError
from hg3d_tf.data.joint_orders import MPI_INF_3DHP_17_NAMES, MPI_INF_3DHP_28_NAMES
from hg3d_tf.skeleton import JOINT_NAMES, THORAX
from mpi_inf_3dhp.mpi_inf_3dhp_dataset_builder import TEST_FOLDER, Builder, find_test_sequences
from mpi_inf_3dhp.mpi_inf_3dhp_records import fitted_intrinsics
from preparation.painted_people import (
    assert_a_photo_that_comes_is_read,
    assert_joints_on_discs,
    build,
    jpeg,
    paint,
    prepared,
    standing,
)
from preparation.video_test import write_video

RADIUS = 4
FRAMES = 7
INTRINSICS = np.array([360.0, 365, 150, 170])
VIDEOS = {0: ("libx264", {"crf": "10", "bf": "2"}), 8: ("mpeg4", {"b": "4M"})}


def joints_at(names, frame, video=0):
    """The standing person in a camera's frame, somewhere before it."""
    return standing(names) + np.array([10 * frame - 20 * video, 60, 4300 + 30 * video])


def pixels(joints):
    fx, fy, cx, cy = INTRINSICS
    x, y, z = np.moveaxis(joints, -1, 0)
    return np.stack([fx * x / z + cx, fy * y / z + cy], -1)


def painted(frame, size, video=0):
    # The release's first pixel has its centre at (0, 0).
    return paint(pixels(joints_at(JOINT_NAMES, frame, video)) + 0.5, size, RADIUS)


def write_calibration(path):
    fx, fy, cx, cy = INTRINSICS
    inner = f"{fx} 0 {cx} 0 0 {fy} {cy} 0 0 0 1 0 0 0 0 1"
    lines = ["Skeletool Camera Calibration File V1.0"]
    for camera in range(14):
        lines += [
            f"name          {camera}",
            "  sensor      10 10",
            "  size        320 320",
            "  animated    0",
            f"  intrinsic   {inner}",
            f"  extrinsic   1 0 0 {camera} 0 1 0 20 0 0 1 30 0 0 0 1",
            "  radial      0",
        ]
    path.write_text("\n".join(lines) + "\n")


def cells(arrays):
    cell = np.empty((14, 1), object)
    cell[:, 0] = arrays
    return cell


def write_training(folder):
    (folder / "imageSequence").mkdir(parents=True)
    write_calibration(folder / "camera.calibration")
    # One frame more than the videos have.
    joints = [
        np.stack([joints_at(MPI_INF_3DHP_28_NAMES, f, video) for f in range(FRAMES + 1)])
        for video in range(14)
    ]
    joints[8][2, 5] = np.nan
    flat = [j.reshape(len(j), -1) for j in joints]
    annotations = {
        "annot2": cells([pixels(j).reshape(len(j), -1) for j in joints]),
        "annot3": cells(flat),
        "univ_annot3": cells([0.9 * j for j in flat]),
        "cameras": np.arange(14)[None],
        "frames": np.arange(FRAMES + 1)[:, None],
    }
    scipy.io.savemat(folder / "annot.mat", annotations, do_compression=True)
    for video, form in VIDEOS.items():
        frames = [painted(frame, (320, 320), video) for frame in range(FRAMES)]
        write_video(folder / f"imageSequence/video_{video}.avi", frames, *form, (320, 320), 25)
    (folder / "imageSequence/video_3.avi").write_bytes(b"no video")


def write_test(folder, size):
    (folder / "imageSequence").mkdir(parents=True)
    joints = np.stack([joints_at(MPI_INF_3DHP_17_NAMES, frame) for frame in range(FRAMES)])[:, None]
    # MATLAB's v7.3 files are HDF5 behind a block of 512 bytes.
    with h5py.File(folder / "annot_data.mat", "w", userblock_size=512) as file:
        file["annot2"], file["annot3"], file["univ_annot3"] = pixels(joints), joints, 0.9 * joints
        file["valid_frame"] = np.array([[1], [1], [0], [1], [0], [1], [0]], float)
        file["activity_annotation"] = np.arange(1.0, FRAMES + 1)[:, None]
    with open(folder / "annot_data.mat", "r+b") as file:
        file.write(b"MATLAB 7.3 MAT-file".ljust(124) + b"\x00\x02IM")
    for frame in range(FRAMES):
        image = folder / f"imageSequence/img_{frame + 1:06d}.jpg"
        image.write_bytes(jpeg(painted(frame, size)))
    broken = folder / "imageSequence/img_000004.jpg"
    broken.write_bytes(broken.read_bytes()[:2000])


@pytest.fixture(scope="module")
def builder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mpi_inf_3dhp")
    write_training(folder / "S1/Seq1")
    write_test(folder / TEST_FOLDER / "TS1", (320, 320))
    write_test(folder / TEST_FOLDER / "TS6", (360, 330))
    data_dir = tmp_path_factory.mktemp("data")
    return build(Builder, folder, data_dir, num_processes=2, config="all")


@pytest.mark.slow
def test_joints_lie_on_the_painted_discs(builder):
    train, test = prepared(builder, "train"), prepared(builder, "test")
    assert len(train) == 2 * FRAMES - 1
    assert sorted(test) == [f"{ts}/{n:06d}" for ts in ("TS1", "TS6") for n in (1, 2, 6)]
    for example in (train | test).values():
        assert_joints_on_discs(example, RADIUS)


def test_labels_agree_with_each_other(builder):
    examples = prepared(builder, "train") | prepared(builder, "test")
    assert len(examples) == 2 * FRAMES - 1 + 6
    for example in examples.values():
        frame = example["frame"] - 1
        truth = joints_at(JOINT_NAMES, frame, example["camera"])
        np.testing.assert_allclose(example["joints_3d"], truth, atol=0.01)
        np.testing.assert_allclose(
            example["joints_3d_universal_17"], 0.9 * example["joints_3d_17"], rtol=1e-5
        )
        fx, fy, cx, cy = example["intrinsics"]
        x, y, z = example["joints_3d"].T
        projected = np.stack([fx * x / z + cx, fy * y / z + cy], 1)
        np.testing.assert_allclose(projected, example["joints_2d"], atol=0.02)


def test_scene_activity_and_extrinsics_are_kept(builder):
    test, train = prepared(builder, "test"), prepared(builder, "train")
    scenes = {key[:3]: example["scene"].decode() for key, example in test.items()}
    assert scenes == {"TS1": "studio_green_screen", "TS6": "outdoor"}
    assert test["TS1/000006"]["activity"] == 6
    extrinsics = train["S1/Seq1/video_8/000001"]["extrinsics"]
    np.testing.assert_array_equal(extrinsics, np.column_stack([np.eye(3), [8, 20, 30]]))


def test_what_is_missing_is_named_with_its_reason(builder):
    skipped = json.loads((Path(builder.data_path) / "skipped.json").read_text())
    beyond = "beyond the end of the video, or damaged"
    names = {video: f"S1/Seq1/video_{video}" for video in range(14)}
    assert sorted(skipped["train"].pop("no video file")) == sorted(
        name for video, name in names.items() if video not in (0, 3, 8)
    )
    assert skipped["train"] == {
        "unreadable video": [names[3]],
        "NaN or infinite joints": [f"{names[8]}/000003"],
        beyond: [f"{names[video]}/{FRAMES + 1:06d}" for video in VIDEOS],
    }
    ((reason, broken),) = skipped["test"].items()
    assert reason.startswith("image not read: ") and broken == ["TS1/000004", "TS6/000004"]


def test_intrinsics_are_fitted_only_to_labels_that_agree():
    joints = np.stack([joints_at(JOINT_NAMES, frame) for frame in range(3)])
    np.testing.assert_allclose(fitted_intrinsics(pixels(joints), joints), INTRINSICS)
    noise = np.random.default_rng(0).normal(0, 20, (3, 16, 2))
    assert fitted_intrinsics(pixels(joints) + noise, joints) is None


def test_thorax_is_between_the_shoulders(builder):
    example = next(iter(prepared(builder, "test").values()))
    shoulders = example["joints_3d"][[JOINT_NAMES.index(f"{side}_shoulder") for side in "lr"]]
    np.testing.assert_allclose(example["joints_3d"][THORAX], shoulders.mean(0), rtol=1e-5)


@pytest.mark.parametrize("outer", ["", TEST_FOLDER, f"{TEST_FOLDER}/{TEST_FOLDER}"])
def test_test_sequences_are_found_where_archives_are_unpacked(tmp_path, outer):
    for name in ("TS2", "TS5"):
        (tmp_path / outer / name).mkdir(parents=True)
        (tmp_path / outer / name / "annot_data.mat").touch()
    (tmp_path / outer / "TS7").mkdir()
    assert find_test_sequences(tmp_path) == [tmp_path / outer / name for name in ("TS2", "TS5")]


def test_a_photo_unpacked_after_an_interrupted_build_is_read(tmp_path):
    sequence = tmp_path / TEST_FOLDER / "TS1"
    write_test(sequence, (320, 320))
    photo = sequence / "imageSequence/img_000002.jpg"
    assert_a_photo_that_comes_is_read(Builder(data_dir=str(tmp_path)), tmp_path, photo)


def test_a_test_sequence_that_is_something_else_does_not_lose_the_others(tmp_path):
    write_test(tmp_path / TEST_FOLDER / TEST_FOLDER / "TS1", (320, 320))
    (tmp_path / TEST_FOLDER / TEST_FOLDER / "TS2").mkdir()
    page = tmp_path / TEST_FOLDER / TEST_FOLDER / "TS2/annot_data.mat"
    page.write_text("<!DOCTYPE html>")
    builder = build(Builder, tmp_path, tmp_path / "data")
    assert builder.info.splits["test"].num_examples == 3
    skipped = json.loads((Path(builder.data_path) / "skipped.json").read_text())["test"]
    (reason,) = (reason for reason, names in skipped.items() if names == ["TS2"])
    assert reason.startswith(f"{page}: not a test sequence's labels") and "a web page" in reason


def test_a_missing_tree_says_what_is_expected_and_found(tmp_path):
    (tmp_path / "S9").mkdir()
    with pytest.raises(UserError, match=r"expected S1/Seq1.*found S9"):
        build(Builder, tmp_path, tmp_path / "data")
