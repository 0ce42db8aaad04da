"""The mean of networks' weights."""

import numpy as np
import pytest
from support.commands import fails_with_one_line, fork

from hg3d_tf.network.pose_model import ModelConfig, build_pose_model
from hg3d_tf.training import checkpoints

AVERAGE = "experiments/average.py"


@pytest.fixture(scope="module")
def trained(tmp_path_factory):
    """Training folders: three of one architecture, and one of another."""
    rng = np.random.default_rng(0)
    folder = tmp_path_factory.mktemp("runs")
    for name, features in (("a", 8), ("b", 8), ("c", 8), ("wider", 16)):
        model = build_pose_model(ModelConfig(1, features, 1, 64))
        model.set_weights([rng.random(w.shape, np.float32) for w in model.get_weights()])
        checkpoints.save_model(model, folder / name)
    return folder


def test_each_weight_is_the_mean_of_all_networks(trained, tmp_path):
    folders = [str(trained / name) for name in "abc"]
    process = fork(AVERAGE, f"--workdir={','.join(folders)}", f"--output={tmp_path / 'mean'}")
    assert process.returncode == 0, process.stderr
    networks = [checkpoints.load_model(folder).get_weights() for folder in folders]
    means = checkpoints.load_model(tmp_path / "mean").get_weights()
    assert len(means) == len(networks[0])
    for mean, weights in zip(means, zip(*networks, strict=True), strict=True):
        np.testing.assert_allclose(mean, np.mean(weights, axis=0), rtol=1e-6)


def test_other_architectures_and_folders_that_are_taken_are_refused(trained, tmp_path):
    both = f"--workdir={trained / 'wider'},{trained / 'a'}"
    process = fork(AVERAGE, both, f"--output={tmp_path / 'mean'}")
    fails_with_one_line(process, "only networks of one architecture", "wider")
    process = fork(AVERAGE, "--workdir=run[1]", f"--output={tmp_path / 'mean'}")
    fails_with_one_line(process, "run[1]: TensorFlow takes [ in a path for a pattern")
    assert not (tmp_path / "mean/model.json").exists()
    before = (trained / "b/model.json").read_bytes()
    process = fork(
        AVERAGE, f"--workdir={trained / 'a'},{trained / 'c'}", f"--output={trained / 'b'}"
    )
    fails_with_one_line(process, "is a training folder: name another")
    assert (trained / "b/model.json").read_bytes() == before
