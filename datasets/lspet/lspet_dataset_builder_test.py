import json
import os
from pathlib import Path

import numpy as np
import pytest
import scipy.io

from hg3d_tf.cli import UserError
from hg3d_tf.data.joint_orders import LSP_14_NAMES
from hg3d_tf.skeleton import JOINT_NAMES, PELVIS, THORAX, UPPER_NECK, joint_index
from lspet.lspet_dataset_builder import Builder
from lspet.lspet_images import load_joints, to_mpii_order
from preparation.painted_people import (
    STANDING_MM,
    assert_a_photo_that_comes_is_read,
    assert_joints_on_discs,
    build,
    jpeg,
    paint,
    prepared,
    standing,
)

RADIUS = 6


def joints_px(names, number):
    return standing(names)[:, :2] * (0.15 + 0.01 * number) + (150 + 3 * number, 160)


@pytest.fixture(scope="module")
def manual_dir(tmp_path_factory):
    folder = tmp_path_factory.mktemp("lspet")
    (folder / "images").mkdir()
    names = [name.replace("neck", "upper_neck") for name in LSP_14_NAMES]
    rows = []
    for number in range(1, 8):
        painted = joints_px(JOINT_NAMES, number)
        for middle, part in ((PELVIS, "hip"), (THORAX, "shoulder")):
            ends = [joint_index(f"l_{part}"), joint_index(f"r_{part}")]
            painted[middle] = painted[ends].mean(0)
        image = paint(painted, (310, 330), RADIUS, number)
        (folder / f"images/im{number:05d}.jpg").write_bytes(jpeg(image))
        rows.append(np.column_stack([joints_px(names, number), np.ones(14)]))
    rows[1][0] = (-26.1, 0, 0)  # garbage where not annotated
    rows[2][3] = (np.nan, 5, 1)
    rows[3][:, 2] = 0
    rows[4][:, :2] = 7
    corrupt = folder / "images/im00006.jpg"
    corrupt.write_bytes(corrupt.read_bytes()[:3000])
    (folder / "images/im00007.jpg").unlink()
    scipy.io.savemat(folder / "joints.mat", {"joints": np.stack(rows, -1)})
    return folder


@pytest.mark.slow
def test_joints_lie_on_the_painted_discs(manual_dir, tmp_path):
    builder = build(Builder, manual_dir, tmp_path, num_processes=2)
    examples = prepared(builder, "train")
    assert sorted(examples) == ["im00001", "im00002"]
    whole, partial = examples["im00001"], examples["im00002"]
    for example in examples.values():
        assert_joints_on_discs(example, RADIUS)
        assert not example["visible"][UPPER_NECK]
        assert not example["has_depth"]
        np.testing.assert_allclose(
            example["crop_center"], (example["box"][:2] + example["box"][2:]) / 2, atol=1e-3
        )
    assert whole["visible"].sum() == 15
    assert not partial["visible"][joint_index("r_ankle")]
    assert not partial["joints_2d"][joint_index("r_ankle")].any()


def test_faulty_examples_are_named_with_their_reason(manual_dir, tmp_path):
    builder = build(Builder, manual_dir, tmp_path)
    skipped = json.loads((Path(builder.data_path) / "skipped.json").read_text())["train"]
    reasons = {name: reason for reason, names in skipped.items() for name in names}
    assert reasons.pop("im00006").startswith("image not read: ")
    assert reasons == {
        "im00003": "NaN or infinite joints",
        "im00004": "no joint is annotated",
        "im00005": "the person's box is smaller than a pixel",
        "im00007": "no image file",
    }


def test_a_photo_unpacked_after_an_interrupted_build_is_read(manual_dir, tmp_path):
    photo = manual_dir / "images/im00002.jpg"
    assert_a_photo_that_comes_is_read(Builder(data_dir=str(tmp_path)), manual_dir, photo)


def test_the_last_photos_are_kept_apart(tmp_path):
    (tmp_path / "images").mkdir()
    joints = np.zeros((14, 3, 9502))
    for count, ends in ((9502, (9000, 9500, 9502)), (9500, (9000, 9500, 9500)), (30, (30, 30, 30))):
        scipy.io.savemat(tmp_path / "joints.mat", {"joints": joints[..., :count]})
        units = Builder(data_dir=str(tmp_path / "data")).split_units(tmp_path)
        assert list(units) == ["train", "validation", "test"]
        first = 1
        for of_split, last in zip(units.values(), ends, strict=True):
            numbers = [
                n for u in of_split for n in range(u.arguments["start"], u.arguments["stop"])
            ]
            assert numbers == list(range(first, last + 1))
            first = last + 1


def test_a_missing_tree_says_what_is_expected_and_found(tmp_path):
    (tmp_path / "manual").mkdir()
    (tmp_path / "manual/other.txt").touch()
    with pytest.raises(UserError, match=r"expected joints\.mat and images.*found other\.txt"):
        build(Builder, tmp_path / "manual", tmp_path / "data")


def test_an_empty_folder_says_what_is_expected(tmp_path):
    (tmp_path / "manual").mkdir()
    with pytest.raises(UserError, match=r"expected joints\.mat and images.*found nothing"):
        build(Builder, tmp_path / "manual", tmp_path / "data")


@pytest.mark.parametrize(("part", "joint"), [("hip", PELVIS), ("shoulder", THORAX)])
def test_a_middle_needs_both_ends(part, joint):
    joints = np.column_stack([standing(LSP_14_NAMES)[:, :2], np.ones(14)])
    joints_2d, visible = to_mpii_order(joints)
    middle = (STANDING_MM[f"l_{part}"] + STANDING_MM[f"r_{part}"])[:2] / 2
    np.testing.assert_allclose(joints_2d[joint], middle)
    joints[LSP_14_NAMES.index(f"l_{part}"), 2] = 0
    assert visible[joint]
    assert not to_mpii_order(joints)[1][joint]


@pytest.mark.skipif(not os.environ.get("HG3D_DATA"), reason="HG3D_DATA is not set: no real images")
def test_real_rows_become_examples(tmp_path):
    real = Path(os.environ["HG3D_DATA"]) / "lspet"
    (tmp_path / "manual/images").mkdir(parents=True)
    for number in range(1, 21):
        name = f"images/im{number:05d}.jpg"
        (tmp_path / "manual" / name).symlink_to(real / name)
    joints = load_joints(real / "joints.mat")[:20].transpose(1, 2, 0)
    scipy.io.savemat(tmp_path / "manual/joints.mat", {"joints": joints})
    examples = prepared(build(Builder, tmp_path / "manual", tmp_path / "data"), "train")
    assert len(examples) == 20
    for example in examples.values():
        height, width = example["image"].shape[:2]
        inside = example["joints_2d"][example["visible"]] / (width, height)
        assert (inside > -0.02).all() and (inside < 1.02).all()
        # The images were cropped to 1.7 times the longer side of the box.
        assert 0 < example["crop_side"] < 1.6 * max(width, height)
