"""What serving costs, measured of a trained network by the command."""

import json

import numpy as np
import pytest
from support.commands import fork, fork_shrunk
from support.small_network import shrunk

from hg3d_tf.benchmarks import serving
from hg3d_tf.network.pose_model import ModelConfig
from hg3d_tf.serving.pose_server import PoseServer
from hg3d_tf.training import checkpoints


@pytest.mark.slow
def test_the_network_of_a_training_folder_is_measured(tmp_path):
    checkpoints.save_model(shrunk(ModelConfig(1, 16, 1, 64)), tmp_path / "run")
    flags = ["--what=serving", "--batch_size=2", "--seconds=0", f"--workdir={tmp_path / 'run'}"]
    process = fork_shrunk("hg3d_tf.benchmark", *flags, f"--output={tmp_path / 'out'}")
    assert process.returncode == 0, process.stderr
    assert not process.stderr  # of the converter's tables nothing is shown
    result = json.loads((tmp_path / "out").read_text())
    assert result["settings"]["num_features"] == 16 and result["settings"]["batch_size"] == 2
    server = result["server"]
    rest = 100 * server["rest_ms"] / server["network_ms"]
    np.testing.assert_allclose(server["rest_percent_of_network"], rest)
    assert server["rest_ms"] >= 0
    np.testing.assert_allclose(server["images_per_second"], 2000 / server["whole_ms"])
    gain = 2 * server["single_ms"] / server["whole_ms"]
    np.testing.assert_allclose(server["batching_gain"], gain)
    assert all(fps > 0 for fps in result["litert_1_thread"].values())


def test_a_rest_that_drowns_in_the_noise_is_no_negative_share(monkeypatch, model):
    monkeypatch.setattr(serving, "seconds_in_turn", lambda *_: np.array([[0.2, 0.1], [0.2, 0.19]]))
    monkeypatch.setattr(serving, "median_seconds", lambda *_: 0.1)
    measured = serving.measure_server(PoseServer(model), 4, 0)
    assert measured["rest_ms"] == measured["rest_percent_of_network"] == 0


def test_a_folder_without_a_network_is_named(tmp_path):
    process = fork("-m", "hg3d_tf.benchmark", "--what=serving", f"--workdir={tmp_path}")
    assert process.returncode == 1
    assert process.stderr.startswith("error: ") and str(tmp_path) in process.stderr
