"""The geometry loss apart from the network: from prepared datasets to its table."""

import json

import numpy as np
import pytest
import tensorflow_datasets as tfds
from support import painted_people
from support.commands import fork

from hg3d_tf.data import schema
from hg3d_tf.skeleton import NUM_JOINTS

LIFTING = "experiments/lifting.py"


@pytest.fixture(scope="session")
def people_of_all_kinds(data_dir):
    """The folder of painted_3d, with a dataset of hidden 3D truth and kinds of poses beside it."""
    truth = {schema.TRUTH_3D: tfds.features.Tensor(shape=(NUM_JOINTS, 3), dtype=np.float32)}
    examples = [
        (i, painted_people.example(i, "test", False, truth=True) | {"pose_kind": kind})
        for i, kind in enumerate(["upright", "any"] * 20)
    ]
    tfds.dataset_builders.store_as_tfds_dataset(
        name="with_kinds",
        version="1.0.0",
        features=schema.pose_features(jpeg=False, pose_kind=tfds.features.Text(), **truth),
        split_datasets={"train": examples, "test": examples},
        data_dir=data_dir,
    )
    return data_dir


@pytest.mark.slow
def test_geometry_makes_limbs_symmetric_and_changes_are_paired(people_of_all_kinds, tmp_path):
    output = tmp_path / "lifting.json"
    process = fork(
        *(
            LIFTING,
            "--lab=painted_3d",
            "--labels_2d=with_kinds",
            "--test=with_kinds",
            "--weights=3",
        ),
        *("--seeds=0,1", "--steps=100,150", f"--data_dir={people_of_all_kinds}"),
        f"--output={output}",
    )
    assert process.returncode == 0, process.stderr
    assert "retracing" not in process.stderr
    tables = json.loads(output.read_text())["protocols"]
    assert tables["by_pose"].keys() == {"with_kinds"}
    rows = tables["bone_symmetry"]["with_kinds"]["rows"]
    without, geometry, change = (
        rows[name]["mean"] for name in ("without geometry", "geometry 3", "geometry 3, change")
    )
    differences = np.subtract(geometry["values"], without["values"])
    np.testing.assert_allclose(change["values"], differences)
    assert (differences < -1).all()
    assert "geometry 3, change" in process.stdout


@pytest.mark.slow
@pytest.mark.parametrize(
    ("argument", "problem"),
    [
        ("--weights=0", "--weights: '0' is not a positive number"),
        ("--steps=5", "--steps=5 are not two positive whole numbers"),
        ("--lab=painted_2d", "--lab=painted_2d has people without depth"),
        ("--output=/proc/none/table.json", "cannot write to /proc/none"),
    ],
)
def test_a_wrong_flag_gets_one_line(data_dir, argument, problem):
    process = fork(
        LIFTING,
        "--lab=painted_3d",
        f"--data_dir={data_dir}",
        "--labels_2d=painted_2d",
        "--test=painted_2d",
        argument,
    )
    assert process.returncode == 1
    assert problem in process.stderr and "Traceback" not in process.stderr


@pytest.mark.smoke  # two trainings
def test_turned_views_teach_more_than_the_few_poses_of_the_lab(people_of_all_kinds, tmp_path):
    output = tmp_path / "lifting.json"
    errors = []
    for views in (0, 8):
        process = fork(
            *(LIFTING, "--lab=painted_3d", "--labels_2d=with_kinds", "--test=with_kinds"),
            *("--weights=1", "--seeds=0", "--steps=200,1", f"--virtual_views={views}"),
            *(f"--data_dir={people_of_all_kinds}", f"--output={output}"),
        )
        assert process.returncode == 0, process.stderr
        rows = json.loads(output.read_text())["protocols"]["by_pose"]["with_kinds"]["rows"]
        errors.append(rows["without geometry"]["all P-MPJPE"]["mean"])
    assert errors[1] < 0.85 * errors[0]
