import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support import painted_people
from support.commands import fork, run

from hg3d_tf.data import inspection, prepared, schema
from hg3d_tf.skeleton import NUM_JOINTS, PELVIS


@pytest.fixture(scope="module")
def with_report(data_dir):
    """The 3D dataset, with a report of what its build left out."""
    builder = prepared.load_builder("painted_3d", data_dir)
    report = {"train": {"corrupt image": [f"image {i}" for i in range(5)]}}
    report |= {"validation": {"no image file": ["image 5"]}, "night": {}}  # nothing is left of them
    path = Path(builder.data_path) / schema.SKIPPED_FILE
    path.write_text(json.dumps(report))
    yield data_dir
    path.unlink()


def test_statistics_are_those_of_the_labels(data_dir):
    builder = prepared.load_builder("painted_3d", data_dir)
    statistics = inspection.split_statistics(builder, "test")
    people = [painted_people.example(i, "test", True, truth=False) for i in range(10)]
    assert statistics["examples"] == statistics["with_depth"] == 10
    assert statistics["visible_joints_mean"] == NUM_JOINTS
    places = np.stack([person["joints_2d"] for person in people])
    outside = ((places < 0) | (places > painted_people.SIZE)).any(-1)
    assert statistics["outside_share"] == pytest.approx(outside.mean())
    depths = [person["joints_3d"][PELVIS, 2] for person in people]
    assert statistics["pelvis_depth_mm_median"] == pytest.approx(np.median(depths))
    sides = [person["crop_side"] for person in people]
    assert statistics["crop_side_px_median"] == pytest.approx(np.median(sides))


def test_without_depth_labels_there_is_no_depth(data_dir):
    builder = prepared.load_builder("painted_2d", data_dir)
    statistics = inspection.split_statistics(builder, "test")
    assert statistics["with_depth"] == 0
    assert statistics["pelvis_depth_mm_median"] is None
    assert "-" in inspection.statistics_table({"test": statistics | {"skipped": 0}})[1]


@pytest.mark.slow
def test_command_writes_table_reasons_json_and_sheet(with_report, tmp_path):
    output, sheet = tmp_path / "statistics.json", tmp_path / "sheet.png"
    result = run(
        *("-m", "hg3d_tf.inspect_data"),
        "--dataset=painted_3d",
        f"--data_dir={with_report}",
        f"--output={output}",
        f"--sheet={sheet}",
        "--count=4",
    )
    assert result.returncode == 0, result.stderr
    assert "train: 5 left out: corrupt image (image 0, image 1, image 2, ...)" in result.stdout
    assert "validation: 1 left out: no image file (image 5)" in result.stdout
    statistics = json.loads(output.read_text())
    assert statistics.keys() == {"train", "test", "validation"}
    assert statistics["validation"]["examples"] == 0
    assert statistics["train"]["examples"] == 24
    assert statistics["train"]["skipped_by_reason"] == {"corrupt image": 5}
    assert statistics["test"]["skipped"] == 0
    with Image.open(sheet) as picture:
        width, height = picture.size
    assert width > height > 300


def test_unknown_split_is_one_line(data_dir):
    flags = ("--dataset=painted_3d", f"--data_dir={data_dir}", "--split=night")
    result = fork("-m", "hg3d_tf.inspect_data", *flags)
    assert result.returncode == 1
    assert result.stderr.splitlines()[-1] == "error: --split=night: painted_3d has train, test"


def test_train_is_shown_where_there_is_one(data_dir, tmp_path):
    assert inspection.main_split(prepared.load_builder("painted_3d", data_dir)) == "train"
    painted_people.store("only_test", str(tmp_path), has_depth=True, counts={"test": 3})
    assert inspection.main_split(prepared.load_builder("only_test", str(tmp_path))) == "test"
