"""Labels as tools really write them: what is no skeleton is left out and named."""

import codecs
import json
import unicodedata
from pathlib import Path

import numpy as np
import pytest

from hg3d_tf.cli import UserError
from own_photos.own_photos_annotations import read_annotations
from own_photos.own_photos_dataset_builder import Builder
from own_photos.own_photos_dataset_builder_test import (
    COCO_NAMES,
    RADIUS,
    coco,
    joints_px,
    mpii,
)
from own_photos.own_photos_files import PhotoFinder
from preparation.painted_people import assert_joints_on_discs, build, jpeg, paint, prepared

NUM_PHOTOS = 3


@pytest.fixture
def folder(tmp_path):
    folder = tmp_path / "own"
    (folder / "images").mkdir(parents=True)
    for number in range(NUM_PHOTOS):
        image = paint(joints_px(number), (310, 330), RADIUS, number)
        (folder / f"images/photo {number:02d}.jpg").write_bytes(jpeg(image))
    return folder


def built(folder, content, label_pixels=None) -> tuple[dict, dict]:
    """Return the examples of train by key, and what was left out: reason -> names."""
    data = content if isinstance(content, bytes) else json.dumps(content).encode()
    (folder / "annotations.json").write_bytes(data)
    builder = build(Builder, folder, folder.parent / "data", label_pixels=label_pixels)
    report = json.loads((Path(builder.data_path) / "skipped.json").read_text())
    return prepared(builder, "train"), report["train"]


def assert_all_built(folder, content, count=NUM_PHOTOS):
    examples, skipped = built(folder, content)
    assert len(examples) == count and not skipped
    for example in examples.values():
        assert_joints_on_discs(example, RADIUS)


def with_entry_in(content, of, entry):
    content[of].append(entry)
    return content


BOX = {"id": 90, "image_id": 0, "category_id": 1, "bbox": [1, 2, 3, 4]}


@pytest.mark.parametrize(
    "entry, reason, name",
    [
        (BOX, "no keypoints: a box or an outline", "annotation 90 (image_id 0)"),
        (
            BOX | {"keypoints": []},
            "no keypoints: a box or an outline",
            "annotation 90 (image_id 0)",
        ),
        (
            BOX | {"keypoints": [0] * 39, "num_keypoints": 0},
            "no joint is annotated",
            "annotation 90 (image_id 0)",
        ),
        (
            BOX | {"keypoints": [5, 5, 2] * 13, "image_id": 77},
            "its image_id is in no entry of the file",
            "annotation 90 (image_id 77)",
        ),
        (
            BOX | {"keypoints": [5, 5, 2] * 12},
            "its keypoints are not x, y, v for each joint of its category",
            "annotation 90 (image_id 0)",
        ),
        (
            BOX | {"keypoints": [5, 5, 2] * 13, "category_id": 3},
            "its category has no keypoints",
            "annotation 90 (image_id 0)",
        ),
        (
            BOX | {"keypoints": [5, 5, 2] * 13, "iscrowd": 1},
            "a crowd",
            "annotation 90 (image_id 0)",
        ),
        ("text", "it is no object", "annotation 3 from 0"),
    ],
)
def test_an_annotation_that_is_no_person_is_left_out_and_named(folder, entry, reason, name):
    content = with_entry_in(coco(NUM_PHOTOS), "categories", {"id": 3, "name": "ball"})
    examples, skipped = built(folder, with_entry_in(content, "annotations", entry))
    assert len(examples) == NUM_PHOTOS
    assert skipped == {reason: [name]}


@pytest.mark.slow
@pytest.mark.parametrize("kind", [str, float, lambda n: f" {n} "])
def test_ids_may_be_of_another_kind(folder, kind):
    content = coco(NUM_PHOTOS)
    for annotation in content["annotations"]:
        annotation["image_id"] = kind(annotation["image_id"])
        annotation["category_id"] = kind(annotation["category_id"])
    assert_all_built(folder, content)


@pytest.mark.parametrize("mark, encoding", [(codecs.BOM_UTF8, "utf-8"), (b"", "utf-16")])
def test_a_mark_of_the_order_of_bytes_is_read(folder, mark, encoding):
    assert_all_built(folder, mark + json.dumps(coco(NUM_PHOTOS)).encode(encoding))


@pytest.mark.slow
@pytest.mark.parametrize(
    "pattern",
    [
        *("images\\{}", "images/{}", "C:\\Users\\me\\images\\{}", "../../media/upload/4/{}"),
        *("https://host/bucket/{}?token=a/b", "/data/local-files/?d=set/{}", "ab12cd34-{}"),
    ],
)
def test_photos_are_found_by_names_from_elsewhere(folder, pattern):
    content = coco(NUM_PHOTOS)
    for image in content["images"]:
        image["file_name"] = pattern.format(image["file_name"])
    assert_all_built(folder, content)


@pytest.mark.parametrize("stored, labelled", [("NFC", "NFD"), ("NFD", "NFC")])
def test_letters_are_the_same_composed_or_not(tmp_path, stored, labelled):
    (tmp_path / unicodedata.normalize(stored, "Blüte é.JPG")).touch()
    path = PhotoFinder(tmp_path).find(unicodedata.normalize(labelled, "Blüte é.jpg"))
    assert (tmp_path / path).exists()


def test_a_photo_in_another_folder_is_another_photo(tmp_path):
    for name in ("one/p.jpg", "two/p.jpg", "q.jpg"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).touch()
    find = PhotoFinder(tmp_path).find
    assert find("train/two/p.jpg") == Path("two/p.jpg")
    assert find("p.jpg") == "several image files of that name"
    assert find("three/p.jpg").startswith("no image file of that name in ")
    assert find("../../etc/passwd").startswith("no image file")
    assert find("three/q.jpg") == Path("q.jpg")


def test_one_file_is_not_the_photo_of_two_folders(folder):
    content = coco(NUM_PHOTOS)
    for number, image in enumerate(content["images"][:2]):
        image["file_name"] = f"{number}/photo 02.jpg"
    examples, skipped = built(folder, content)
    assert len(examples) == 1
    assert skipped == {
        "one image file, but names in several folders": [
            "0/photo 02.jpg/7",
            "1/photo 02.jpg/8",
        ]
    }


def test_a_missing_photo_is_named_with_the_place_looked_at(folder):
    content = coco(NUM_PHOTOS)
    content["images"][1]["file_name"] = "away\\photo.jpg"
    _, skipped = built(folder, content)
    assert skipped == {f"no image file of that name in {folder / 'images'}": ["away\\photo.jpg/8"]}


def test_a_photo_may_be_listed_twice(folder):
    content, again = coco(NUM_PHOTOS), coco(2)
    for entry in again["images"]:
        entry["id"] += 100
    for entry in again["annotations"]:
        entry["image_id"] += 100
    again["annotations"][1]["keypoints"][3:6] = [0, 0, 0]  # labelled otherwise the second time
    for of in ("images", "annotations"):
        content[of] += again[of]
    examples, skipped = built(folder, content)
    assert sorted(examples) == [
        *("photo 00.jpg/7", "photo 01.jpg/8", "photo 01.jpg/8.2", "photo 02.jpg/9")
    ]
    assert skipped == {"the same labels a second time": ["photo 00.jpg/7"]}


def test_an_id_that_two_photos_share_is_left_out(folder):
    content = coco(NUM_PHOTOS)
    content["images"][1]["id"] = 0
    examples, skipped = built(folder, content)
    assert len(examples) == 1
    assert skipped["its image_id stands for several entries that differ"] == [
        "annotation 7 (image_id 0)"
    ]


@pytest.mark.slow
@pytest.mark.parametrize("names", [str.title, str.upper, lambda name: name.replace("_", "-")])
def test_joints_are_known_by_their_meaning(folder, names):
    content = coco(NUM_PHOTOS)
    content["categories"][0]["keypoints"] = [names(name.replace("_", " ")) for name in COCO_NAMES]
    assert_all_built(folder, content)


def test_joints_that_are_not_known_are_named(folder):
    content = coco(NUM_PHOTOS)
    content["categories"][0]["keypoints"] = [f"Gelenk {number}" for number in range(13)]
    with pytest.raises(UserError, match="names of joints that are not known: 'Gelenk 0', "):
        built(folder, content)


@pytest.mark.parametrize("annotations", [[], [BOX]])
def test_nothing_labelled_is_an_error_in_one_line(folder, annotations):
    content = coco(NUM_PHOTOS) | {"annotations": annotations}
    with pytest.raises(UserError, match=r"annotations\.json: nothing is labelled with joints: "):
        built(folder, content)


def test_a_bad_person_in_mpiis_form_does_not_lose_the_others(tmp_path):
    good = {"image": "a.jpg", "joints": [[5, 5]] * 16, "joints_vis": [1] * 16}
    path = tmp_path / "annotations.json"
    path.write_text(json.dumps([good, {"image": "b.jpg"}, good | {"joints": "x"}]))
    persons, left_out = read_annotations(path)
    assert [person.key for person in persons] == ["0"]
    assert [item.name for item in left_out] == ["person 1", "person 2"]


def test_whole_poses_in_mm_teach_depth_and_others_are_named(folder):
    joints = np.arange(48.0).reshape(16, 3)
    content = mpii(NUM_PHOTOS)
    content[0]["joints_3d_mm"] = joints.tolist()
    content[1]["joints_3d_mm"] = joints[:15].tolist()
    content[2] |= {"joints_3d_mm": joints.tolist(), "joints_vis": [0] + [1] * 15}
    examples, skipped = built(folder, content)
    (example,) = examples.values()
    assert example["has_depth"]
    np.testing.assert_allclose(example["joints_3d"], joints)
    assert skipped == {
        "its joints_3d_mm are not numbers [16, 3]": ["person 1"],
        "it has joints_3d_mm, but not all of its joints are labelled in 2D": ["person 2"],
    }


def test_a_corrupt_photo_held_out_for_validation_does_not_lose_the_others(folder):
    content = coco(NUM_PHOTOS)
    for number in range(NUM_PHOTOS, 10):
        name = f"photo {number:02d}.jpg"
        (folder / "images" / name).write_bytes((folder / "images/photo 00.jpg").read_bytes())
        content["images"].append({"id": number, "file_name": name})
        content["annotations"].append(
            content["annotations"][0] | {"id": number, "image_id": number}
        )
    (folder / "images/photo 09.jpg").write_bytes(b"<html>")
    examples, skipped = built(folder, content)
    assert len(examples) == 9 and not skipped


def test_labels_at_the_corner_or_nowhere_are_none(folder):
    content = coco(NUM_PHOTOS)
    content["annotations"][1]["keypoints"][3:9] = [0, 0, 2, float("nan"), 3, 2]
    examples, _ = built(folder, content)
    lacking = examples["photo 01.jpg/8"]["visible"] < examples["photo 02.jpg/9"]["visible"]
    assert np.count_nonzero(lacking) == 3  # both shoulders, and the thorax between them
