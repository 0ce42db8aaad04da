import json
import os
from pathlib import Path

import h5py
import numpy as np
import pytest
import scipy.io

from hg3d_tf.cli import UserError
from hg3d_tf.skeleton import JOINT_NAMES, joint_index
from mpii.mpii_annotations import network_square, raw_from_adjusted, read_newell
from mpii.mpii_dataset_builder import RELEASE, Builder, split_persons
from preparation.painted_people import (
    assert_a_photo_that_comes_is_read,
    assert_joints_on_discs,
    build,
    jpeg,
    paint,
    prepared,
    standing,
    stored_scale,
)

RADIUS = 5
SIZE = (420, 300)
EMPTY = np.zeros((0, 0))


def struct_array(*items):
    """A MATLAB struct array; a field that an item lacks is empty."""
    names = dict.fromkeys(name for item in items for name in item)
    array = np.empty((1, len(items)), [(name, object) for name in names])
    for i, item in enumerate(items):
        array[0, i] = tuple(item.get(name, EMPTY) for name in names)
    return array


def joints_px(x):
    """1-based coordinates of a person who stands at x."""
    return standing(JOINT_NAMES)[:, :2] * 0.12 + (x, 145.25)


def points(joints, is_visible=lambda joint: 1):
    """The point structs of all joints but the left wrist; `is_visible` None: without that field."""
    items = [
        {"x": float(x), "y": float(y), "id": joint}
        | ({} if is_visible is None else {"is_visible": is_visible(joint)})
        for joint, (x, y) in enumerate(joints)
        if JOINT_NAMES[joint] != "l_wrist"
    ]
    return struct_array({"point": struct_array(*items)})


def person(x, **more):
    return {
        "x1": x - 15.0,
        "y1": 40.0,
        "x2": x + 15.0,
        "y2": 80.0,
        "annopoints": points(joints_px(x)),
        "scale": 1.1,
        "objpos": struct_array({"x": float(x), "y": 140.0}),
    } | more


def occluded_ankle(joint):
    return "0" if joint == joint_index("r_ankle") else "1"


IMAGES = {
    # Two persons, one with characters in is_visible: an array of structs.
    "a.jpg": [person(110), person(310, annopoints=points(joints_px(310), occluded_ankle))],
    # One person: a struct that squeezing makes a scalar; no is_visible at all.
    "b.jpg": [person(200, annopoints=points(joints_px(200), None))],
    # is_visible empty; then persons without joints, or without a place.
    "c.jpg": [
        person(210, annopoints=points(joints_px(210), lambda joint: EMPTY)),
        person(210, annopoints=EMPTY),
        person(210, objpos=EMPTY),
        person(210, annopoints=points(np.full((16, 2), np.nan))),
    ],
    "empty.jpg": [],
    "corrupt.jpg": [person(200)],
    "valid.jpg": [person(250)],
    "test.jpg": [{"scale": 1.3, "objpos": struct_array({"x": 200.0, "y": 150.0})}],
}


def write_release(folder):
    annolist = [
        {
            "image": struct_array({"name": name}),
            "annorect": struct_array(*persons) if persons else EMPTY,
            "frame_sec": EMPTY if name == "b.jpg" else 12,
            "vididx": i + 1,
        }
        for i, (name, persons) in enumerate(IMAGES.items())
    ]
    alone = np.empty((len(IMAGES), 1), object)
    alone[:] = [[np.array([[1]])] if len(p) == 1 else [EMPTY] for p in IMAGES.values()]
    act = {"act_name": "curling", "cat_name": "sports", "act_id": 7}
    release = {
        "annolist": struct_array(*annolist),
        "img_train": np.array([[name != "test.jpg" for name in IMAGES]], float),
        "single_person": alone,
        "act": struct_array(*[act] * len(IMAGES)).T,
    }
    scipy.io.savemat(folder / RELEASE, {"RELEASE": release})


def write_newell(path, rows, adjusted=True):
    """rows: (image, person number, x)."""
    raw_center = np.array([[x, 140.0] for _, _, x in rows])
    scale = np.full(len(rows), 1.1)
    part = np.stack([joints_px(x) for _, _, x in rows])
    part[:, joint_index("l_wrist")] = 0
    visible = np.ones((len(rows), 16))
    visible[:, [joint_index("l_wrist"), joint_index("r_ankle")]] = 0
    with h5py.File(path, "w") as file:
        file["center"] = raw_center + ([0, 15 * 1.1] if adjusted else 0)
        file["scale"] = scale * (1.25 if adjusted else 1)
        file["part"], file["visible"] = part, visible
        file["normalize"] = np.full(len(rows), 30.0)
        file["imgname"] = np.array([name.encode() for name, _, _ in rows], "S13")
        file["person"] = np.array([number for _, number, _ in rows], float)
        file["index"] = np.zeros(len(rows))


def write_images(folder):
    (folder / "images").mkdir()
    for name, persons in IMAGES.items():
        xs = [p["objpos"][0, 0]["x"] for p in persons if np.size(p["objpos"])] or [200]
        image = np.zeros((*SIZE[::-1], 3), np.uint8)
        for x in dict.fromkeys(xs):
            # From 1-based pixel centres to the corner.
            painted = paint(joints_px(x) - 0.5, SIZE, RADIUS)
            half = slice(max(int(x) - 100, 0), int(x) + 100)
            image[:, half] = painted[:, half]
        (folder / "images" / name).write_bytes(jpeg(image))
    corrupt = folder / "images/corrupt.jpg"
    corrupt.write_bytes(corrupt.read_bytes()[:2000])


@pytest.fixture(scope="module")
def manual_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("mpii")
    write_images(folder)
    write_release(folder)
    write_newell(folder / "valid.h5", [("valid.jpg", 0, 250)])
    return folder


@pytest.fixture(scope="module")
def builder(manual_dir, tmp_path_factory):
    return build(Builder, manual_dir, tmp_path_factory.mktemp("data"), num_processes=2)


@pytest.mark.slow
def test_every_form_of_the_release_lands_on_the_painted_joints(builder):
    train = prepared(builder, "train")
    assert sorted(train) == ["a/00", "a/01", "b/00", "c/00"]
    for example in train.values():
        assert_joints_on_discs(example, RADIUS)
        scale = stored_scale(example)
        assert example["head_box_size_px"] == pytest.approx(0.6 * 50 * scale, rel=2e-3)
        assert example["crop_side"] == pytest.approx(200 * 1.25 * 1.1 * scale, rel=2e-3)
        assert example["visible"].sum() == 15
        assert example["activity"] == b"curling"
    occluded = {key: np.flatnonzero(example["occluded"]).tolist() for key, example in train.items()}
    assert occluded == {"a/00": [], "a/01": [joint_index("r_ankle")], "b/00": [], "c/00": []}
    assert {key for key, example in train.items() if example["alone"]} == {"b/00"}


def test_splits_follow_the_list_and_the_release(builder):
    assert list(prepared(builder, "validation")) == ["valid/00"]
    (test,) = prepared(builder, "test").values()
    assert not test["visible"].any() and not test["box"].any()
    np.testing.assert_allclose(test["center_raw"], [200, 150])
    center = test["crop_center"] / stored_scale(test) + test["stored_region"][:2]
    np.testing.assert_allclose(center, [199.5, 149.5 + 15 * 1.3], atol=0.5)


def test_faulty_persons_are_named_with_their_reason(builder):
    skipped = json.loads((Path(builder.data_path) / "skipped.json").read_text())
    reasons = {name: reason for reason, names in skipped["train"].items() for name in names}
    assert reasons.pop("corrupt/00").startswith("image not read: ")
    assert reasons == {
        "c/01": "no joints",
        "c/02": "no center or no scale",
        "c/03": "NaN or infinite joints",
        "empty": "no person is annotated",
    }


def test_a_photo_unpacked_after_an_interrupted_build_is_read(manual_dir, tmp_path):
    photo = manual_dir / "images/b.jpg"
    assert_a_photo_that_comes_is_read(Builder(data_dir=str(tmp_path)), manual_dir, photo)


def test_newell_files_alone_give_the_same_examples(manual_dir, builder, tmp_path):
    (tmp_path / "images").symlink_to(manual_dir / "images")
    (tmp_path / "valid.h5").symlink_to(manual_dir / "valid.h5")
    rows = [("a.jpg", 0, 110), ("a.jpg", 1, 310), ("b.jpg", 0, 200), ("valid.jpg", 0, 250)]
    write_newell(tmp_path / "annot.h5", rows, adjusted=False)
    from_h5 = build(Builder, tmp_path, tmp_path / "data")
    ours, theirs = prepared(from_h5, "train"), prepared(builder, "train")
    assert sorted(ours) == ["a/00", "a/01", "b/00"]
    for key, example in ours.items():
        for field in ("joints_2d", "visible", "crop_center", "crop_side", "scale_raw"):
            np.testing.assert_allclose(example[field], theirs[key][field], atol=1e-4)
        assert np.flatnonzero(example["occluded"]).tolist() == [joint_index("r_ankle")]


def test_a_foreign_validation_list_is_refused(manual_dir, tmp_path):
    (tmp_path / "images").mkdir()
    (tmp_path / RELEASE).symlink_to(manual_dir / RELEASE)
    write_newell(tmp_path / "valid.h5", [("valid.jpg", 0, 99)])
    with pytest.raises(UserError, match="1 of 1 persons lie elsewhere"):
        split_persons(tmp_path)


def test_without_the_list_validation_is_every_tenth_video(manual_dir, tmp_path, caplog):
    (tmp_path / "images").mkdir()
    (tmp_path / RELEASE).symlink_to(manual_dir / RELEASE)
    splits = split_persons(tmp_path)
    assert splits["validation"] == []  # the videos are numbered 1 to 7
    assert "valid.h5" in caplog.text


def test_adjusted_centers_and_scales_give_back_the_raw_ones():
    rng = np.random.default_rng(0)
    center, scale = rng.uniform(50, 900, (7, 2)), rng.uniform(0.5, 6, 7)
    adjusted = center + np.stack([np.zeros(7), 15 * scale], -1), scale * 1.25
    raw_center, raw_scale = raw_from_adjusted(*adjusted)
    np.testing.assert_allclose(raw_center, center)
    np.testing.assert_allclose(raw_scale, scale)
    square_center, side = network_square(raw_center[0], raw_scale[0])
    np.testing.assert_allclose(square_center + 0.5, adjusted[0][0])
    assert side == pytest.approx(200 * adjusted[1][0])


@pytest.mark.skipif(not os.environ.get("HG3D_DATA"), reason="HG3D_DATA is not set: no real labels")
def test_real_validation_list_agrees_with_raw_labels():
    real = Path(os.environ["HG3D_DATA"]) / "mpii"
    listed = read_newell(real / "valid.h5")
    assert len(listed) == 2958
    assert len({person.key for person in listed}) == 2958
    for raw in json.loads((real / "persons.json").read_text()):
        of_image = [person for person in listed if person.image == raw["image"]]
        (same,) = (p for p in of_image if np.abs(p.center - raw["center"]).max() < 0.01)
        assert same.scale == pytest.approx(raw["scale"], abs=1e-5)
        labelled = np.array(raw["joints_vis"]) > 0
        np.testing.assert_allclose(same.joints[labelled], np.array(raw["joints"])[labelled], atol=1)


@pytest.mark.skipif(not os.environ.get("HG3D_DATA"), reason="HG3D_DATA is not set: no real images")
def test_real_images_are_built_around_their_persons(tmp_path):
    real = Path(os.environ["HG3D_DATA"]) / "mpii"
    raw = {person["image"]: person for person in json.loads((real / "persons.json").read_text())}
    (tmp_path / "images").symlink_to(real / "images")
    with h5py.File(real / "valid.h5") as listed, h5py.File(tmp_path / "valid.h5", "w") as few:
        names = [bytes(name).decode().rstrip("\0") for name in listed["imgname"]]
        near = [
            name in raw and _is_at(raw[name]["center"], listed, i) for i, name in enumerate(names)
        ]
        for column in listed:
            few[column] = listed[column][:][near]
    examples = prepared(build(Builder, tmp_path, tmp_path / "data"), "validation")
    assert len(examples) == len(raw) == 3
    for key, example in examples.items():
        person = raw[f"{key.split('/')[0]}.jpg"]
        center, scale = np.array(person["center"]), person["scale"]
        np.testing.assert_allclose(example["center_raw"], center, atol=0.01)
        assert example["scale_raw"] == pytest.approx(scale, abs=1e-4)
        to_stored = stored_scale(example)
        corner = example["stored_region"][:2]
        # Newell's rule, once; and from pixels that count from 1 to the image's corner.
        square = (center - 0.5 + (0, 15 * scale) - corner) * to_stored
        np.testing.assert_allclose(example["crop_center"], square, atol=0.5)
        assert example["crop_side"] == pytest.approx(250 * scale * to_stored, rel=5e-3)
        labelled = np.array(person["joints_vis"]) > 0
        np.testing.assert_array_equal(example["visible"], labelled)
        joints = (np.array(person["joints"])[labelled] - 0.5 - corner) * to_stored
        np.testing.assert_allclose(example["joints_2d"][labelled], joints, atol=1)


def _is_at(center, listed, row):
    moved = np.add(center, [0, 15 * listed["scale"][row] / 1.25])
    return np.abs(listed["center"][row] - moved).max() < 0.01
