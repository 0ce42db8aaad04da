import json
import shutil
import xml.etree.ElementTree as ElementTree
from pathlib import Path

import cdflib
import h5py
import numpy as np
import pytest

from h36m.h36m_camera import Camera, rotation_from_euler
from h36m.h36m_camera_test import projected
from h36m.h36m_dataset_builder import Builder
from h36m.h36m_metadata import ACTIONS, CAMERA_IDS, load_metadata
from hg3d_tf.cli import UserError
from hg3d_tf.data.joint_orders import H36M_17_FROM_32, H36M_17_NAMES, MPII_16_FROM_H36M_17
from hg3d_tf.skeleton import JOINT_NAMES, THORAX
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

SIZE = (320, 320)
RADIUS = 4
FRAMES = 11
# Stronger lenses than the real ones: forgetting the distortion costs more than a pixel.
LENS = np.array([370.0, 372, 158, 163, -1.2, 0.4, -0.1, 0.004, -0.006])
# (subject, action, subaction, file prefix)
TRIALS = [
    (1, "Walking", 1, "Walking 1"),
    (9, "Greeting", 2, "Greeting"),
    (11, "Directions", 2, "Directions"),
]


def camera_pose(camera, subject):
    """Euler angles and centre of a camera that looks at the origin from 4.5 m, upright."""
    angles = np.array([np.pi / 2 + 0.05 * camera, 0.03 * camera, 0.12 * camera - 0.02 * subject])
    return np.concatenate([angles, rotation_from_euler(angles).T @ [40, 60, -4500]])


def camera_of(subject, camera):
    pose = camera_pose(camera, subject)
    focal, principal, radial, tangential = np.split(LENS, [2, 4, 7])
    rotation = rotation_from_euler(pose[:3])
    return Camera(rotation, pose[3:], focal, principal, radial, tangential)


def world_joints(names, frame):
    """The standing person in the world: x right, y away, z up; walking to the right."""
    x, y, z = standing(names).T
    return np.stack([x + 12 * frame, z, -y], 1)


def write_metadata(path):
    root = ElementTree.Element("metadata")
    rows = [["action", "subaction", *(f"S{i}" for i in range(1, 12))], ["1", "1", *["_ALL"] * 11]]
    for subject, action, subaction, prefix in TRIALS:
        cells = [None] * 11
        cells[subject - 1] = prefix
        rows.append([str(ACTIONS.index(action) + 2), str(subaction), *cells])
    rows.append([None, None, *["[1000 1002]"] * 11])
    mapping = ElementTree.SubElement(root, "mapping")
    for row in rows:
        tr = ElementTree.SubElement(mapping, "tr")
        for cell in row:
            ElementTree.SubElement(tr, "td").text = cell
    ids = ElementTree.SubElement(ElementTree.SubElement(root, "dbcameras"), "index2id")
    for camera_id in CAMERA_IDS:
        ElementTree.SubElement(ids, "id").text = camera_id
    poses = [camera_pose(camera, subject) for camera in range(4) for subject in range(1, 12)]
    numbers = np.concatenate([*poses, *[LENS] * 4])
    ElementTree.SubElement(root, "w0").text = f"[{' '.join(map(repr, map(float, numbers)))}]"
    ElementTree.ElementTree(root).write(path)


def write_cdf(path, joints_32):
    path.parent.mkdir(parents=True, exist_ok=True)
    count = len(joints_32)
    specification = {
        "Variable": "Pose",
        "Data_Type": cdflib.cdfwrite.CDF.CDF_DOUBLE,
        "Num_Elements": 1,
        "Rec_Vary": True,
        "Dim_Sizes": [count, 96],
    }
    # The library takes what follows a dot in the name for a suffix.
    temporary = path.with_name("pose.cdf")
    file = cdflib.cdfwrite.CDF(str(temporary), {"Majority": "row_major"})
    file.write_var(specification, var_data=joints_32.reshape(1, count, 96))
    file.close()
    temporary.rename(path)


def all_32(joints_17):
    joints_32 = np.full((len(joints_17), 32, 3), 77.0)
    joints_32[:, H36M_17_FROM_32] = joints_17
    return joints_32


def painted_frame(joints_16_world, camera):
    places = np.array([projected(p, camera) for p in camera.from_world(joints_16_world)])
    # The release's first pixel has its centre at (0, 0).
    return paint(places + 0.5, SIZE, RADIUS)


def write_trial(folder, subject, prefix, cameras, mono=False):
    worlds = np.stack([world_joints(H36M_17_NAMES, frame) for frame in range(FRAMES)])
    labels = all_32(worlds + ((200, 0, 0) if subject == 9 else 0))
    poses = folder / f"S{subject}/MyPoseFeatures"
    (folder / f"S{subject}/Videos").mkdir(parents=True, exist_ok=True)
    for camera in cameras:
        calibration = camera_of(subject, camera)
        name = f"{prefix}.{CAMERA_IDS[camera]}"
        frames = [
            painted_frame(world_joints(JOINT_NAMES, frame), calibration) for frame in range(FRAMES)
        ]
        path = folder / f"S{subject}/Videos/{name}.mp4"
        write_video(path, frames, "libx264", {"crf": "10", "g": "4"}, SIZE)
        if mono:
            write_cdf(poses / f"D3_Positions_mono/{name}.cdf", calibration.from_world(labels))
    if not mono:
        write_cdf(poses / f"D3_Positions/{prefix}.cdf", labels)


@pytest.fixture(scope="module")
def manual_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("h36m")
    write_metadata(folder / "metadata.xml")
    write_trial(folder, 1, "Walking 1", cameras=[0, 1, 2])
    write_trial(folder, 9, "Greeting", cameras=[0, 3])
    write_trial(folder, 11, "Directions", cameras=[0, 1], mono=True)
    truncated = folder / f"S1/Videos/Walking 1.{CAMERA_IDS[2]}.mp4"
    truncated.write_bytes(truncated.read_bytes()[:-2000])
    return folder


@pytest.fixture(scope="module")
def everything(manual_dir, tmp_path_factory):
    data_dir = tmp_path_factory.mktemp("data")
    return build(Builder, manual_dir, data_dir, num_processes=2, config="all_s9_corrected")


def reasons(builder):
    splits = json.loads((Path(builder.data_path) / "skipped.json").read_text())
    return {
        name: why for split in splits.values() for why, names in split.items() for name in names
    }


@pytest.mark.slow
def test_joints_lie_on_the_painted_discs(everything):
    train, test = prepared(everything, "train"), prepared(everything, "test")
    assert len(train) == 2 * FRAMES and len(test) == 3 * FRAMES
    for example in (train | test).values():
        assert_joints_on_discs(example, RADIUS)


def test_labels_agree_with_each_other(everything):
    for key, example in prepared(everything, "test").items():
        subject, _, camera_id, frame = key.split("/")
        assert (subject, int(frame)) == (f"S{example['subject']}", example["frame"])
        assert camera_id == example["camera"].decode()
        order = list(MPII_16_FROM_H36M_17)
        same = [joint for joint in range(16) if joint != THORAX]
        for dimensions in ("2d", "3d"):
            in_16, in_17 = example[f"joints_{dimensions}"], example[f"joints_{dimensions}_17"]
            np.testing.assert_array_equal(in_16[same], in_17[order][same])
        world = world_joints(JOINT_NAMES, example["frame"] - 1)
        homogeneous = np.column_stack([world, np.ones(16)])
        np.testing.assert_allclose(
            homogeneous @ example["extrinsics"].T, example["joints_3d"], atol=0.05
        )
        # The stored crop's camera, with the lens, gives the stored joints.
        focal, principal = np.split(example["intrinsics"], 2)
        radial, tangential = np.split(example["distortion"], [3])
        camera = Camera(np.eye(3), np.zeros(3), focal, principal, radial, tangential)
        np.testing.assert_allclose(
            camera.project(example["joints_3d"]), example["joints_2d"], atol=1e-2
        )


def test_faulty_videos_are_named_with_their_reason(everything):
    assert reasons(everything) == {
        f"S1/Walking 1/{CAMERA_IDS[2]}": "unreadable video",
        f"S1/Walking 1/{CAMERA_IDS[3]}": "no video file",
        f"S9/Greeting/{CAMERA_IDS[1]}": "no video file",
        f"S9/Greeting/{CAMERA_IDS[2]}": "no video file",
        f"S11/Directions/{CAMERA_IDS[0]}": "the release's own video is corrupt",
        f"S11/Directions/{CAMERA_IDS[2]}": "no D3_Positions file",
        f"S11/Directions/{CAMERA_IDS[3]}": "no D3_Positions file",
    }


def test_subjects_without_their_videos_do_not_lose_the_others(manual_dir, tmp_path):
    folder = tmp_path / "h36m"
    shutil.copytree(manual_dir, folder, ignore=shutil.ignore_patterns("S11", "S9"))
    shutil.copytree(manual_dir / "S9/MyPoseFeatures", folder / "S9/MyPoseFeatures")
    builder = build(Builder, folder, tmp_path / "data", config="every64")
    assert list(builder.info.splits) == ["train"]
    assert reasons(builder)[f"S9/Greeting/{CAMERA_IDS[0]}"] == "no video file"


@pytest.mark.slow
def test_the_papers_frames_and_labels_as_released(manual_dir, everything, tmp_path):
    paper = build(Builder, manual_dir, tmp_path)
    assert paper.builder_config.name == "paper"
    train, test = prepared(paper, "train"), prepared(paper, "test")
    assert sorted(key[-6:] for key in train) == [
        "000001",
        "000001",
        "000006",
        "000006",
        *["000011"] * 2,
    ]
    assert {key[-6:] for key in test} == {"000001"}
    key = f"S9/Greeting/{CAMERA_IDS[0]}/000001"
    shift = test[key]["joints_3d"] - prepared(everything, "test")[key]["joints_3d"]
    rotation = camera_of(9, 0).rotation
    np.testing.assert_allclose(shift, np.broadcast_to(rotation @ [200, 0, 0], (16, 3)), atol=1e-2)


def test_the_metric_box_is_two_metres_at_the_pelvis(manual_dir, tmp_path):
    builder = build(Builder, manual_dir, tmp_path, config="every64_metric_box")
    examples = prepared(builder, "train")
    assert len(examples) == 2
    for example in examples.values():
        depth = example["joints_3d"][JOINT_NAMES.index("pelvis"), 2]
        side = example["intrinsics"][:2].mean() * 2000 / depth
        assert example["crop_side"] == pytest.approx(side, rel=1e-3)


def test_labels_without_sense_are_skipped(tmp_path):
    write_metadata(tmp_path / "metadata.xml")
    write_trial(tmp_path, 1, "Walking 1", cameras=[0])
    worlds = np.stack([world_joints(H36M_17_NAMES, frame) for frame in range(FRAMES + 2)])
    worlds[3, 5] = np.nan
    worlds[4, 5] = camera_of(1, 0).center * 1.1
    write_cdf(tmp_path / "S1/MyPoseFeatures/D3_Positions/Walking 1.cdf", all_32(worlds))
    builder = build(Builder, tmp_path, tmp_path / "data", config="all")
    key = f"S1/Walking 1/{CAMERA_IDS[0]}"
    why = {name: reason for name, reason in reasons(builder).items() if name.startswith(key)}
    beyond = "beyond the end of the video, or damaged"
    assert why == {
        f"{key}/000004": "NaN or infinite joints",
        f"{key}/000005": "a joint behind the camera",
        f"{key}/{FRAMES + 1:06d}": beyond,
        f"{key}/{FRAMES + 2:06d}": beyond,
    }
    assert len(prepared(builder, "train")) == FRAMES - 2


def test_a_missing_tree_says_what_is_expected_and_found(tmp_path):
    (tmp_path / "S1").mkdir()
    with pytest.raises(UserError, match=r"expected metadata\.xml and S1/Videos.*found S1"):
        build(Builder, tmp_path, tmp_path / "data")


def write_authors_form(folder, with_metadata):
    columns = {
        name: [] for name in ("id", "joint_2d", "joint_3d_mono", "bbox", "subject", "action")
    }
    columns |= {name: [] for name in ("subaction", "camera", "istrain")}
    names = [name if name != "thorax" else "spine" for name in JOINT_NAMES]
    for subject, camera in ((1, 1), (9, 3), (9, 4)):
        calibration = camera_of(subject, camera - 1)
        low, high = np.array([70.0, 50]), np.array([250.0, 270])
        scale = 224 / (high - low)
        joints = calibration.from_world(world_joints(names, 0))
        painted = np.array([projected(p, calibration) for p in joints])
        row = (
            6,
            (painted - low) * scale,
            joints,
            [*low, *high],
            subject,
            14,
            1,
            camera,
            subject == 1,
        )
        for name, value in zip(columns, row, strict=True):
            columns[name].append(value)
        # Its discs: the spine where the file's joint 7 is, so that what was made of it shows.
        world = world_joints(JOINT_NAMES, 0)
        corner = np.array([projected(p, calibration) for p in calibration.from_world(world)]) + 0.5
        stem = f"s_{subject:02d}_act_14_subact_01_ca_{camera:02d}"
        (folder / stem).mkdir()
        image = paint((corner - low) * scale, (224, 224), RADIUS)
        (folder / stem / f"{stem}_000006.jpg").write_bytes(jpeg(image))
    with h5py.File(folder / "annotSampleTest.h5", "w") as file:
        for name, values in columns.items():
            file[name] = np.array(values, float)
    if with_metadata:
        write_metadata(folder / "metadata.xml")


@pytest.mark.slow
@pytest.mark.parametrize("with_metadata", [True, False])
def test_the_authors_form(tmp_path, with_metadata):
    write_authors_form(tmp_path, with_metadata)
    (tmp_path / "s_09_act_14_subact_01_ca_04/s_09_act_14_subact_01_ca_04_000006.jpg").unlink()
    builder = build(Builder, tmp_path, tmp_path / "data", config="authors")
    train, test = prepared(builder, "train"), prepared(builder, "test")
    assert list(train) == [f"S1/Waiting 1/{CAMERA_IDS[0]}/000006".replace("Waiting", ACTIONS[12])]
    for example in (train | test).values():
        # The thorax, half way between the shoulders in 2D, is not quite the projected middle.
        assert_joints_on_discs(example | {"stored_region": np.array([0, 0, 224, 224])}, RADIUS)
        assert example["crop_side"] == 224
        assert example["visible_17"].sum() == 16
        if with_metadata:
            x, y, z = example["joints_3d"].T
            camera = camera_of(
                int(example["subject"]), CAMERA_IDS.index(example["camera"].decode())
            )
            normalized = np.stack([x / z, y / z], 1)
            bent = normalized + camera.project(example["joints_3d"]) / camera.focal
            bent = bent - camera.principal / camera.focal - normalized
            pixels = bent * example["intrinsics"][:2] + example["intrinsics"][2:]
            assert np.abs(pixels - example["joints_2d"]).max() < 0.5
        else:
            assert not example["intrinsics"].any()
    assert list(reasons(builder).values()) == ["no image file"]


def test_a_photo_unpacked_after_an_interrupted_build_is_read(tmp_path):
    write_authors_form(tmp_path, with_metadata=False)
    photo = tmp_path / "s_09_act_14_subact_01_ca_04/s_09_act_14_subact_01_ca_04_000006.jpg"
    builder = Builder(data_dir=str(tmp_path), config="authors")
    assert_a_photo_that_comes_is_read(builder, tmp_path, photo)


def test_metadata_gives_recordings_and_cameras(manual_dir):
    metadata = load_metadata(manual_dir / "metadata.xml")
    recordings = {(r.subject, r.action, r.subaction, r.prefix) for r in metadata.recordings}
    assert recordings == set(TRIALS)
    ours, theirs = metadata.cameras[9, CAMERA_IDS[2]], camera_of(9, 2)
    np.testing.assert_allclose(ours.extrinsics, theirs.extrinsics)
    np.testing.assert_allclose(ours.distortion, LENS[4:])
