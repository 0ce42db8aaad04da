"""Labels that annotation tools' own exporters write, stored in testdata/ and written anew.

The exporters are not among this project's requirements. In an environment of their own:

    pip install label-studio-sdk datumaro sleap-io supervision pytest absl-py tqdm
    python -m pytest datasets/own_photos/exporters_test.py
"""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from hg3d_tf.cli import UserError
from hg3d_tf.skeleton import UPPER_NECK, joint_index
from own_photos.own_photos_annotations import read_annotations
from own_photos.own_photos_files import PhotoFinder

TESTDATA = Path(__file__).with_name("testdata")
SIZE = (310, 330)
NAMES = ["nose", "left_shoulder", "right_shoulder", "left_hip", "right_hip", "left_knee"]
# The right hip is not labelled.
POINTS = np.array([[150, 60], [180, 110], [121, 112], [171, 190], [0, 0], [176, 250]])
LABELLED = POINTS.any(1)


def label_studio(folder):
    """Label Studio's converter: a photo by its upload, a box, points as percents of the sides."""
    converter = pytest.importorskip("label_studio_sdk.converter")
    upload = folder / "media/upload/4"
    upload.mkdir(parents=True)
    shutil.copy(folder / "images/photo.jpg", upload / "ab12cd34-photo.jpg")
    names = [name.replace("_", " ").title() for name in NAMES]
    labels = "".join(f'<Label value="{name}" model_index="{i}"/>' for i, name in enumerate(names))
    config = (
        '<View><Image name="image" value="$image"/>'
        '<RectangleLabels name="box" toName="image"><Label value="person"/></RectangleLabels>'
        f'<KeyPointLabels name="joints" toName="image">{labels}</KeyPointLabels></View>'
    )
    sides = {"original_width": SIZE[0], "original_height": SIZE[1], "to_name": "image"}
    box = {"x": 20, "y": 20, "width": 40, "height": 60, "rotation": 0}
    results = [
        sides
        | {"type": "rectanglelabels", "from_name": "box"}
        | {"value": box | {"rectanglelabels": ["person"]}}
    ]
    for name, point in zip(np.array(names)[LABELLED], POINTS[LABELLED], strict=True):
        x, y = point / SIZE * 100
        value = {"x": x, "y": y, "width": 0.5, "keypointlabels": [str(name)]}
        results.append(sides | {"type": "keypointlabels", "from_name": "joints", "value": value})
    annotation = {"id": 1, "completed_by": 1, "result": results}
    task = {"id": 1, "data": {"image": "/data/upload/4/ab12cd34-photo.jpg"}}
    (folder / "tasks.json").write_text(json.dumps([task | {"annotations": [annotation]}]))
    convert = converter.Converter(config, str(folder), upload_dir=str(folder / "media/upload"))
    convert.convert_to_coco(str(folder / "tasks.json"), str(folder / "out"), is_dir=False)
    return folder / "out/result.json"


def datumaro(folder):
    """Datumaro's COCO keypoints: boxes and points in one group, photos in a folder of the split."""
    annotation = pytest.importorskip("datumaro.components.annotation")
    from datumaro.components.dataset import Dataset
    from datumaro.components.dataset_base import DatasetItem
    from datumaro.components.media import Image as Media

    points = annotation.Points(POINTS.ravel(), (2 * LABELLED).tolist(), label=0, id=1, group=1)
    boxes = [
        annotation.Bbox(10, 10, 50, 50, label=label, id=label + 1, group=label + 1)
        for label in (0, 1)
    ]
    media = Media.from_file(str(folder / "images/photo.jpg"))
    item = DatasetItem("photo", subset="train", media=media, annotations=[points, *boxes])
    categories = {
        annotation.AnnotationType.label: annotation.LabelCategories.from_iterable(
            ["person", "ball"]
        ),
        annotation.AnnotationType.points: annotation.PointsCategories.from_iterable([(0, NAMES)]),
    }
    dataset = Dataset.from_iterable([item], categories=categories)
    dataset.export(str(folder / "out"), "coco_person_keypoints")
    return folder / "out/annotations/person_keypoints_train.json"


def sleap_io(folder):
    """SLEAP's COCO keypoints: photos with their folder."""
    sio = pytest.importorskip("sleap_io")
    from sleap_io.io.coco import write_labels

    skeleton = sio.Skeleton(nodes=list(NAMES), name="person")
    video = sio.Video.from_filename([str(folder / "images/photo.jpg")])
    points = np.where(LABELLED[:, None], POINTS, np.nan)
    instance = sio.Instance.from_numpy(points, skeleton=skeleton)
    frame = sio.LabeledFrame(video=video, frame_idx=0, instances=[instance])
    write_labels(sio.Labels([frame]), folder / "labels.json", ["images/photo.jpg"])
    return folder / "labels.json"


def supervision(folder):
    """The COCO form of supervision: boxes only."""
    sv = pytest.importorskip("supervision")
    path = str(folder / "images/photo.jpg")
    detections = sv.Detections(xyxy=np.array([[10, 10, 60, 60.0]]), class_id=np.array([0]))
    dataset = sv.DetectionDataset(["person"], [path], {path: detections})
    dataset.as_coco(annotations_path=str(folder / "labels.json"))
    return folder / "labels.json"


OF_PERSONS = {"label_studio": label_studio, "datumaro": datumaro, "sleap_io": sleap_io}


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "images").mkdir()
    Image.new("RGB", SIZE).save(tmp_path / "images/photo.jpg")
    return tmp_path


def assert_read(labels, images):
    """Check that the one person is read, and its photo found."""
    (person,), left_out = read_annotations(labels)
    for name, point, is_labelled in zip(NAMES[1:], POINTS[1:], LABELLED[1:], strict=True):
        joint = joint_index(name.replace("left_", "l_").replace("right_", "r_"))
        assert person.visible[joint] == is_labelled
        if is_labelled:
            np.testing.assert_allclose(person.joints_2d[joint], point)
    assert not person.visible[UPPER_NECK]
    assert {item.reason for item in left_out} <= {"no keypoints: a box or an outline"}
    assert (images / PhotoFinder(images).find(person.image)).is_file()


@pytest.mark.parametrize("tool", OF_PERSONS)
def test_what_a_tool_wrote_is_read(tool, folder):
    assert_read(TESTDATA / f"{tool}.json", folder / "images")


@pytest.mark.parametrize("tool", OF_PERSONS)
def test_what_a_tool_writes_today_is_read(tool, folder):
    assert_read(OF_PERSONS[tool](folder), folder / "images")


def test_boxes_alone_are_said_to_be_no_joints(folder):
    with pytest.raises(UserError, match="1 left out: no keypoints: a box or an outline"):
        read_annotations(TESTDATA / "supervision.json")


def test_boxes_that_a_tool_writes_today_are_said_to_be_no_joints(folder):
    with pytest.raises(UserError, match="1 left out: no keypoints: a box or an outline"):
        read_annotations(supervision(folder))
