"""N replicas equal 1 replica at the same global batch, on logical CPU devices and as processes.

They read files of which a record is damaged.
"""

import json
import shutil
import signal

import numpy as np
import pytest
from support import training_runs as runs
from support.small_network import shrunk

from hg3d_tf.network import confidence
from hg3d_tf.training import checkpoints

pytestmark = pytest.mark.slow

# TensorFlow lets a worker without accelerators use one logical CPU; here it uses all.
TRAIN_ON_ALL = """
from tensorflow.python.distribute import collective_all_reduce_strategy as collective
def all_devices(self, cluster_resolver, worker_device):
    return tuple(f"{worker_device}/device:CPU:{i}" for i in range(devices)), "CPU"
collective.CollectiveAllReduceExtended._initialize_local_devices = all_devices
from hg3d_tf.training import strategies
try:
    stage.train(config, workdir)
except strategies.PeerLost as error:
    strategies.start_again(error)
"""
KILL_AFTER_7 = runs.KILL_AFTER_STEP.format(step=7)


@pytest.fixture(scope="module")
def data_dir(data_dir, tmp_path_factory):
    folder = tmp_path_factory.mktemp("damaged")
    shutil.copytree(data_dir, folder, dirs_exist_ok=True)
    for path in folder.rglob("*-train.tfrecord*"):
        content = bytearray(path.read_bytes())
        content[100] ^= 255  # within the first record
        path.write_bytes(content)
    return str(folder)


@pytest.fixture(scope="module")
def settings(tmp_path_factory):
    """In float64, from common weights: what the initialisers draw depends on the strategy.

    With few samples, batch normalisation makes float32's rounding errors grow a thousandfold in
    each step, and two correct results drift apart. In float64 a high learning rate still makes
    the rounding of the losses, float32, a thousandth after ten steps.
    """
    folder = tmp_path_factory.mktemp("initial")
    checkpoints.save_model(shrunk(), folder)  # the trainings' network is shrunk, too
    return {
        "precision": "float64",
        "learning_rate": 1e-5,
        "init_from": str(folder),
        "epochs": 1,
        "steps_per_epoch": 12,
        "checkpoint_steps": 5,
        "validated_on": "painted_3d",
    }


@pytest.fixture(scope="module")
def one_replica(settings, data_dir, tmp_path_factory):
    workdir = tmp_path_factory.mktemp("one") / "run"
    said = runs.finish(runs.start(workdir, data_dir, settings))
    assert "left out: painted_3d, record 0 of" in said
    return workdir


def assert_equal(workdir, other):
    """Assert equal losses of 12 steps and weights to 1e-6; 12 steps move a weight by 1.2e-4.

    Of the metrics after them, the share of joints that are near enough may differ by one joint.
    """
    for name in ("steps.jsonl", "metrics.jsonl"):
        found, expected = runs.lines(workdir / name), runs.lines(other / name)
        assert len(found) == len(expected) == (12 if name == "steps.jsonl" else 1)
        for line, same in zip(found, expected, strict=True):
            for key in (key for key in same if "loss" in key):
                np.testing.assert_allclose(line[key], same[key], rtol=1e-6, err_msg=f"{same} {key}")
    knots = [checkpoints.load_model_config(run).confidence_knots for run in (workdir, other)]
    assert knots[1] != confidence.UNMEASURED
    # One joint more or less of a bin's two dozen, and the bins that are joined differ.
    peaks = np.linspace(0, 1, 21)
    maps = [np.interp(peaks, *np.transpose(of_run)) for of_run in knots]
    np.testing.assert_allclose(*maps, atol=0.06)
    measured = [key for key in same if "validation" in key]
    assert len(measured) == 4
    for key in measured:
        tolerance = {"rtol": 1e-5} if "mm" in key else {"atol": 1.01 / 140}
        np.testing.assert_allclose(line[key], same[key], **tolerance, err_msg=key)
    found, expected = runs.variables(workdir), runs.variables(other)
    weights = [name for name in expected if name.startswith("model/")]
    assert len(weights) > 50
    for name in weights:
        np.testing.assert_allclose(found[name], expected[name], atol=1e-6, err_msg=name)


def workers(workdir, data_dir, settings, devices):
    """Return a function that starts one of two workers that find each other on this host."""
    addresses = runs.free_addresses(2)

    def start_one(index, before="", start=runs.start):
        task = {"cluster": {"worker": addresses}, "task": {"type": "worker", "index": index}}
        return start(
            workdir, data_dir, settings, before + TRAIN_ON_ALL, devices, TF_CONFIG=json.dumps(task)
        )

    return start_one


def test_two_replicas_equal_one(settings, one_replica, data_dir, tmp_path):
    # Replicas get unequal numbers of 2D and 3D samples: the mix is drawn at random.
    runs.finish(runs.start(tmp_path, data_dir, settings, devices=2))
    assert_equal(tmp_path, one_replica)


def test_two_workers_equal_one_replica_also_where_one_dies(
    settings, one_replica, data_dir, tmp_path
):
    start = workers(tmp_path, data_dir, settings, devices=2)
    # The one that writes dies; the other starts its own command line again.
    dying, survivor = start(0, KILL_AFTER_7), start(1, start=runs.start_from_nothing)
    runs.finish(dying, -signal.SIGKILL)
    said_by_both = runs.finish(start(0))
    said = runs.finish(survivor)
    assert "another worker was lost (worker 0: " in said
    assert said.count("waiting for the workers of TF_CONFIG: worker 0 at localhost:") == 2
    assert "left out: painted_3d, record 0 of" in said_by_both + said
    assert_equal(tmp_path, one_replica)
