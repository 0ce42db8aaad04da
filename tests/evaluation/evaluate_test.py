import dataclasses
import json
import shutil

import numpy as np
import pytest
import tensorflow_datasets as tfds
from support import painted_people
from support.commands import fails_with_one_line, fork, fork_shrunk
from support.small_network import SMALL

from hg3d_tf.cli import UserError
from hg3d_tf.data import schema
from hg3d_tf.evaluation import scoring
from hg3d_tf.evaluation.protocols import registry
from hg3d_tf.training import checkpoints


@pytest.fixture(scope="module")
def workdir(model, tmp_path_factory):
    """The training folder of a network that is shrunk."""
    folder = tmp_path_factory.mktemp("shrunk") / "small"
    checkpoints.save_model(model, folder)
    return folder


def evaluate(data_dir, *arguments):
    return fork_shrunk("hg3d_tf.evaluate", f"--data_dir={data_dir}", *arguments)


@pytest.mark.slow
def test_several_protocols_in_one_pass_and_again_from_a_file(tmp_path, data_dir, workdir):
    protocols = "--protocol=bone_symmetry,h36m_paper,mpi_inf_3dhp_paper,pck_box"
    first = evaluate(
        data_dir,
        f"--workdir={workdir}",
        "--dataset=painted_3d",
        protocols,
        f"--save_predictions={tmp_path}/poses.npz",
        f"--output={tmp_path}/first.json",
        f"--markdown={tmp_path}/first.md",
        "--mean_pose_of=painted_3d:1",
    )
    assert first.returncode == 0, first.stderr
    assert "poster: 3D+2D/w geo" in first.stdout
    assert "10 frames, all of the split; MPJPE in mm over 16 joints" in first.stdout
    assert first.stdout.count("\nsmall: no flip test") == 4
    assert "| poster: 3D+2D/w geo | 54.82 |" in (tmp_path / "first.md").read_text()
    again = evaluate(
        data_dir,
        f"--predictions={tmp_path}/poses.npz",
        "--dataset=painted_3d",
        protocols,
        f"--output={tmp_path}/again.json",
    )
    assert again.returncode == 0, again.stderr
    assert "flip test" not in again.stdout  # it is not known how these were made
    before = json.loads((tmp_path / "first.json").read_text())
    after = json.loads((tmp_path / "again.json").read_text())
    for protocol in before:
        rows = before[protocol]["painted_3d"]["rows"]
        assert list(rows) == ["mean_pose", "small"]
        again_row = after[protocol]["painted_3d"]["rows"]["poses"]
        assert list(again_row) == list(rows["small"])
        expected = np.array(list(rows["small"].values()), float)  # null becomes NaN
        np.testing.assert_allclose(np.array(list(again_row.values()), float), expected, rtol=1e-4)


@pytest.mark.slow
def test_as_many_bad_records_as_are_allowed_may_lie_beside_those_drawn(tmp_path, data_dir, workdir):
    shutil.copytree(data_dir, tmp_path / "data")
    for path in (tmp_path / "data/painted_3d").rglob("*.tfrecord*"):
        content = bytearray(path.read_bytes())
        content[100] ^= 255  # within the first of 10 or 24 records
        path.write_bytes(content)
    keys = [f"test/{i:04d}" for i in range(10)]
    poses = {"predicted_2d_px": np.ones((10, 16, 2)), "predicted_depth": np.ones((10, 16))}
    np.savez(tmp_path / "poses.npz", key=keys, **poses)
    process = evaluate(
        tmp_path / "data",
        *(f"--workdir={workdir}", "--dataset=painted_3d", "--max_bad_fraction=0.1"),
        *(f"--predictions={tmp_path / 'poses.npz'}", "--mean_pose_of=painted_3d"),
        f"--worst={tmp_path / 'worst.png'}",
    )
    assert process.returncode == 0, process.stderr
    assert "left out: painted_3d, record 0 of" in process.stderr
    assert all(f"\n{row} " in process.stdout for row in ("mean_pose", "small", "poses"))
    assert "painted_3d: 1 examples left out of the results" in process.stdout
    assert (tmp_path / "worst.png").exists()


@pytest.mark.slow
def test_what_cannot_be_measured_does_not_lose_the_others(tmp_path, data_dir, workdir):
    (tmp_path / "empty").mkdir()
    process = evaluate(
        data_dir,
        f"--workdir={tmp_path / 'empty'},{workdir}",
        "--dataset=painted_2d",
        "--protocol=pck_box,by_pose",
        f"--output={tmp_path / 'results.json'}",
    )
    assert process.returncode == 1 and "Traceback" not in process.stderr, process.stderr
    lines = [line for line in process.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 2 and "empty" in lines[0]
    assert "small on painted_2d: protocol by_pose: " in lines[1]
    results = json.loads((tmp_path / "results.json").read_text())
    assert list(results) == ["pck_box"]
    assert list(results["pck_box"]["painted_2d"]["rows"]) == ["small"]


def test_what_the_default_protocol_lacks_is_said_with_its_name(tmp_path, data_dir):
    keys = scoring.load_labels("painted_3d", "test", 64, data_dir)["key"]
    poses = np.random.default_rng(0).normal(0, 300, (len(keys), 16, 3))
    np.savez(tmp_path / "poses.npz", key=keys.astype(str), predicted_3d_mm=poses)
    process = evaluate(data_dir, f"--predictions={tmp_path / 'poses.npz'}", "--dataset=painted_3d")
    fails_with_one_line(process, "error: poses on painted_3d: protocol synthetic: ")


@pytest.mark.slow
def test_the_flip_test_is_made_and_named(tmp_path, data_dir, workdir):
    arguments = [f"--workdir={workdir}", "--dataset=painted_3d", "--protocol=h36m_pa"]
    plain, flipped = (
        evaluate(data_dir, *arguments, flag, f"--output={tmp_path}/{flag}.json")
        for flag in ("--noflip_test", "--flip_test")
    )
    assert plain.returncode == flipped.returncode == 0, flipped.stderr
    assert "; no flip test" in plain.stdout
    assert "; flip test" in flipped.stdout
    one, two = (
        json.loads(path.read_text())["h36m_pa"]["painted_3d"]["rows"]["small"]["Average"]
        for path in sorted(tmp_path.glob("*.json"))
    )
    assert one != two


@pytest.mark.slow
def test_the_default_protocol_keeps_its_layout(tmp_path, data_dir, workdir):
    process = evaluate(
        data_dir,
        f"--workdir={workdir}",
        "--dataset=painted_2d,painted_3d",
        "--mean_pose_of=painted_3d:1",
        f"--output={tmp_path}/results.json",
    )
    assert process.returncode == 0, process.stderr
    results = json.loads((tmp_path / "results.json").read_text())
    assert list(results) == ["mean_pose", "small"]
    assert list(results["small"]) == ["painted_2d", "painted_3d"]
    keys = {"pck_box_010", "mpjpe_mm", "pck3d_150", "symmetry_mm"}
    assert set(results["small"]["painted_2d"]) == keys


@pytest.mark.slow
def test_labels_of_single_datasets_travel_along(tmp_path):
    features = schema.pose_features(
        jpeg=False,
        action=tfds.features.Text(),
        frame=tfds.features.Scalar(np.int32),
        head_box_size_px=tfds.features.Scalar(np.float32),
        camera=tfds.features.Text(),
    )
    extras = [{"action": f"a{i}", "frame": i, "head_box_size_px": 2.0 * i} for i in range(5)]
    examples = [
        (i, painted_people.example(i, "test", True, truth=False) | {"camera": "c"} | extra)
        for i, extra in enumerate(extras)
    ]
    tfds.dataset_builders.store_as_tfds_dataset(
        name="with_extras",
        version="1.0.0",
        features=features,
        split_datasets={"test": examples},
        data_dir=str(tmp_path),
    )
    labels = scoring.load_labels("with_extras", "test", 64, str(tmp_path))
    order = np.argsort(labels["frame"])
    assert labels["action"][order].tolist() == [b"a0", b"a1", b"a2", b"a3", b"a4"]
    assert labels["head_box_size_px"][order].tolist() == [0, 2, 4, 6, 8]
    assert labels["key"][order][3] == b"test/0003"
    assert not {"camera", "image"} & set(labels)


@pytest.mark.slow
def test_the_mean_pose_is_that_of_the_mix(data_dir):
    one, other = (
        scoring.load_labels(name, "train", 64, data_dir) for name in ("painted_3d", "painted_2d")
    )
    joints, depth = scoring.mean_pose({"painted_3d": 0.75, "painted_2d": 0.25}, 64, data_dir)
    means = [labels["joints_2d_norm"].mean(axis=0) for labels in (one, other)]
    np.testing.assert_allclose(joints, 0.75 * means[0] + 0.25 * means[1], atol=1e-6)
    np.testing.assert_allclose(depth, one["depth"].mean(axis=0), atol=1e-6)
    _, depth = scoring.mean_pose({"painted_2d": 1.0}, 64, data_dir)
    assert np.isnan(depth).all()


def test_a_mean_pose_is_nothing_but_itself():
    labels = {"key": np.array([b"a", b"b"]), "joints_3d": np.ones((2, 16, 3))}
    others = {"predicted_3d_mm": np.ones((2, 16, 3)), "confidence": np.ones((2, 16))}
    pose = np.zeros((16, 2)), np.zeros(16)
    constant = scoring.with_constant_pose(labels | others, pose)
    assert set(constant) == {*labels, "predicted_2d_norm", "predicted_depth"}
    flat = scoring.with_constant_pose(labels | others, (pose[0], np.full(16, np.nan)))
    assert set(flat) == {*labels, "predicted_2d_norm"}
    with pytest.raises(UserError, match="protocol by_pose: predicted_depth is wanted"):
        registry.evaluate("by_pose", flat)


@pytest.mark.slow
def test_weights_of_another_network_get_one_line(tmp_path, untrained):
    other = tmp_path / "other"
    shutil.copytree(untrained, other)
    larger = dataclasses.replace(SMALL, num_features=16)
    checkpoints.save_model_config(other, larger)
    with pytest.raises(UserError, match=r"holds the weights of another network than .*=16"):
        checkpoints.load_model(other)
    checkpoints.save_model_config(other, dataclasses.replace(SMALL, num_stacks=2))
    with pytest.raises(UserError, match=r"holds the weights of another network than .*stacks=2"):
        checkpoints.load_model(other)


CONTRADICTIONS = {
    "--protocol=h36m": "--protocol=h36m is unknown; there are synthetic, h36m_paper",
    "--predictions=p.npz": "--predictions are of one dataset: name it by --dataset",
    "--save_predictions=p.npz": "--save_predictions wants one --workdir and one --dataset",
    "--save_predictions=p.txt": "p.txt: predictions are .npz or .json files, by their suffix",
    "--output=/proc/none/results.json": "cannot write to /proc/none",
    "--workdir=": "--workdir is missing",
    "--batch_size=0": "flag --batch_size=0: 0 is not a positive integer",
    "--mean_pose_of=studio:many": "mix 'studio:many': 'many' in 'studio:many' is not a number",
}


def test_contradictory_flags_get_one_line_and_a_fault_of_the_program_does_not():
    script = """
import sys
from absl import flags
from hg3d_tf import cli, evaluate
for argument in sys.argv[1:]:
    flags.FLAGS.unparse_flags()
    dataset = "--dataset=wild" if argument.endswith(".txt") else "--dataset=wild,studio"
    try:
        flags.FLAGS(["evaluate", "--workdir=w", dataset, argument])
        evaluate.check_flags()
    except (flags.Error, cli.UserError) as error:
        print(error)
    flags.FLAGS[argument[2:].split("=")[0]].unparse()

def broken():
    raise ValueError("a fault")
evaluate.check_flags, evaluate.evaluate = lambda: None, broken
evaluate.main()
"""
    process = fork("-c", script, *CONTRADICTIONS)
    lines = process.stdout.splitlines()
    assert len(lines) == len(CONTRADICTIONS), process.stderr
    assert "ValueError: a fault" in process.stderr
    for line, expected in zip(lines, CONTRADICTIONS.values(), strict=True):
        assert expected in line


ROW_NAMES = """
from absl import flags
from hg3d_tf import evaluate
def rows(*arguments):
    flags.FLAGS.unparse_flags()
    flags.FLAGS(["evaluate", *arguments])
    print(list(evaluate._row_names().values()))
rows("--workdir=runs/a,runs/b", "--predictions=poses/c.npz")
rows("--workdir=runs/a,runs/b", "--predictions=poses/b.npz")
rows("--workdir=runs/mean_pose")
rows("--workdir=runs/mean_pose", "--mean_pose_of=wild")
"""


def test_no_two_rows_have_one_name():
    process = fork("-c", ROW_NAMES)
    assert process.stdout.splitlines() == [
        "['a', 'b', 'c']",
        "['runs/a', 'runs/b', 'poses/b.npz']",
        "['mean_pose']",
        "['runs/mean_pose']",
    ], process.stderr


# argv: a command, what it shall print, and its flags.
OF_A_COMMAND = """
import importlib, sys
from absl import flags
name, expression, *arguments = sys.argv[1:]
command = importlib.import_module(f"hg3d_tf.{name}")
flags.FLAGS([name, *arguments])
print(eval(expression))
"""


@pytest.mark.parametrize(
    ("command", "expression", "split"),
    [
        ("evaluate", "command._split('own')", "validation"),
        ("export", "command._pictures(64)[2]", "own, validation"),
    ],
)
def test_without_a_test_split_it_is_measured_on_validation(tmp_path, command, expression, split):
    painted_people.store("own", str(tmp_path), False, {"train": 1, "validation": 1})
    flags = ("--dataset=own", f"--data_dir={tmp_path}")
    process = fork("-c", OF_A_COMMAND, command, expression, *flags)
    assert process.stdout == f"{split}\n", process.stderr


REPLICAS = """
import sys, json
from support.training_runs import shrink_network
shrink_network()
import tensorflow as tf
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * 2)
from hg3d_tf.training import checkpoints
from hg3d_tf.evaluation import scoring
from hg3d_tf.evaluation.protocols import h36m
from hg3d_tf.evaluation.protocols.pck_box import pck_box
from hg3d_tf.data import input_pipeline
workdir, data_dir = sys.argv[1:]
# Painted ground is flat, and so are an untrained network's maps of it: which of two equal cells is
# higher would be a matter of rounding.
grain = tf.random.stateless_uniform([64, 64, 3], [0, 0])
one, two = tf.distribute.get_strategy(), tf.distribute.MirroredStrategy(["CPU:0", "CPU:1"])
for strategy in (one, two):
    with strategy.scope():
        model = checkpoints.load_model(workdir)
    for batch_size in (1, 7, 64):
        batches = input_pipeline.evaluation_batches("painted_3d", "test", 64, batch_size, data_dir)
        batches = batches.map(lambda batch: batch | {"image": batch["image"] + grain})
        found = scoring.predict_split(model, batches)
        metrics = scoring.summarize(found, 64) | pck_box(found).values
        metrics |= {"h36m": h36m.h36m_paper(found).values["Average"]}
        print("METRICS", json.dumps([len(found["key"]), metrics]))
"""


@pytest.mark.slow
def test_batch_size_and_replicas_do_not_change_a_metric(data_dir, workdir):
    process = fork("-c", REPLICAS, workdir, data_dir)
    assert process.returncode == 0, process.stderr
    lines = [line for line in process.stdout.splitlines() if line.startswith("METRICS")]
    found = [json.loads(line.removeprefix("METRICS")) for line in lines]
    assert [count for count, _ in found] == [10] * 6
    # Kernels sum in another order for another batch size, which moves depth by a few ulps of
    # float32; shares of joints (PCK) stay exactly the same.
    for _, metrics in found:
        assert metrics == {name: pytest.approx(v, rel=1e-5) for name, v in found[0][1].items()}
    assert np.isfinite(list(found[0][1].values())).all()
