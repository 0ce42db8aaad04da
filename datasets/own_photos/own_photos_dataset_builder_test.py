import json

import numpy as np
import pytest

from hg3d_tf.cli import UserError
from hg3d_tf.skeleton import JOINT_NAMES, PELVIS, THORAX, UPPER_NECK, joint_index
from own_photos.own_photos_annotations import read_annotations
from own_photos.own_photos_dataset_builder import Builder
from preparation.painted_people import (
    assert_joints_on_discs,
    build,
    jpeg,
    paint,
    prepared,
    standing,
)

RADIUS = 6
COCO_NAMES = [
    "nose",
    *(
        f"{side}_{part}"
        for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
        for side in ("left", "right")
    ),
]


def joints_px(number):
    joints = standing(JOINT_NAMES)[:, :2] * 0.15 + (150 + 3 * number, 160)
    for middle, part in ((PELVIS, "hip"), (THORAX, "shoulder")):
        joints[middle] = joints[[joint_index(f"r_{part}"), joint_index(f"l_{part}")]].mean(0)
    return joints


def coco(count):
    rows = []
    for number in range(count):
        joints = joints_px(number)
        row = [[1, 1, 2]]
        for name in COCO_NAMES[1:]:
            ours = name.replace("left_", "l_").replace("right_", "r_")
            row.append([*joints[joint_index(ours)], 2])
        rows.append(np.array(row))
    rows[0][1] = 0  # the left shoulder has no label
    return {
        "images": [{"id": n, "file_name": f"photo {n:02d}.jpg"} for n in range(count)],
        "categories": [{"id": 1, "keypoints": COCO_NAMES}],
        "annotations": [
            {"id": 7 + n, "image_id": n, "category_id": 1, "keypoints": row.ravel().tolist()}
            for n, row in enumerate(rows)
        ],
    }


def mpii(count):
    return [
        {
            "image": f"photo {n:02d}.jpg",
            "joints": (joints_px(n) + 0.5).tolist(),
            "joints_vis": [1] * 16,
        }
        for n in range(count)
    ]


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    folder = tmp_path_factory.mktemp("own")
    (folder / "images").mkdir()
    for number in range(11):
        image = paint(joints_px(number), (310, 330), RADIUS, number)
        (folder / f"images/photo {number:02d}.jpg").write_bytes(jpeg(image))
    return folder


@pytest.mark.slow
@pytest.mark.parametrize("kind", [coco, mpii])
def test_joints_lie_on_the_painted_discs(folder, tmp_path, kind):
    (folder / "annotations.json").write_text(json.dumps(kind(11)))
    builder = build(Builder, folder, tmp_path, num_processes=1)
    train, validation = (prepared(builder, split) for split in ("train", "validation"))
    assert len(train) == 10
    assert [key.rpartition("/")[0] for key in validation] == ["photo 09.jpg"]
    for example in train.values():
        assert_joints_on_discs(example, RADIUS)
        assert not example["has_depth"]


def test_coco_lacks_the_neck_and_unlabelled_joints(folder):
    (folder / "annotations.json").write_text(json.dumps(coco(2)))
    (first, second), _ = read_annotations(folder / "annotations.json")
    unlabelled = {"upper_neck", "head_top"}
    assert {n for n, v in zip(JOINT_NAMES, second.visible, strict=True) if not v} == unlabelled
    # Without the left shoulder there is no middle between the shoulders.
    assert not first.visible[[THORAX, UPPER_NECK, joint_index("l_shoulder")]].any()
    np.testing.assert_allclose(second.joints_2d[second.visible], joints_px(1)[second.visible])


@pytest.mark.parametrize("content", ["{}", "[1]", "no json", '[{"image": "a", "joints": [1]}]'])
def test_another_kind_of_file_is_named(tmp_path, content):
    (tmp_path / "annotations.json").write_text(content)
    with pytest.raises(UserError, match=r"annotations\.json: not COCO keypoints or "):
        read_annotations(tmp_path / "annotations.json")


def test_a_missing_folder_is_named(tmp_path):
    with pytest.raises(UserError, match=r"expected annotations\.json and images/"):
        Builder(data_dir=str(tmp_path)).split_units(tmp_path)
