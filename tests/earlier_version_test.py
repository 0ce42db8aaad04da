"""Folders that commit 97ac51f made, before its modules moved into packages, still load.

fixtures/made_by_97ac51f.tar.xz holds a workdir after one epoch of three steps, whose weights were
then rounded so that they compress, a SavedModel exported from it, the two prepared datasets that it
was trained on, and in expected.npz what its network put out for `crops()`.
"""

import tarfile
from pathlib import Path

import numpy as np
import pytest
from support.commands import fork

from hg3d_tf.network import confidence
from hg3d_tf.prediction.photos import Photo
from hg3d_tf.prediction.predictors import load_predictor
from hg3d_tf.skeleton import canonical_scale
from hg3d_tf.training import checkpoints

ARCHIVE = Path(__file__).with_name("fixtures") / "made_by_97ac51f.tar.xz"


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    with tarfile.open(ARCHIVE) as archive:
        archive.extractall(folder, filter="data")
    return folder


def crops():
    return np.random.default_rng(0).random((2, 64, 64, 3), np.float32)


@pytest.mark.slow
def test_a_workdir_gives_the_outputs_that_it_gave(made):
    outputs = checkpoints.load_model(made / "workdir")(crops(), training=False)
    with np.load(made / "expected.npz") as expected:
        heatmaps = outputs["heatmaps"][-1].numpy()[:, ::4, ::4]
        np.testing.assert_allclose(heatmaps, expected["heatmaps"], atol=1e-5)
        np.testing.assert_allclose(outputs["depth"].numpy(), expected["depth"], atol=1e-5)


@pytest.mark.slow
def test_a_saved_model_finds_what_its_workdir_finds(made):
    photo = Photo("noise", (crops()[0] * 255).astype(np.uint8))
    served, trained = (
        load_predictor(made / name)(photo, None) for name in ("saved_model/1", "workdir")
    )
    np.testing.assert_allclose(served["joints_2d"], trained["joints_2d"], rtol=1e-4, atol=1e-3)
    # Confidences were peaks, and sizes, which were told by all bones, rest on them.
    own_scale = canonical_scale(served["joints_3d"], served["confidence"])
    np.testing.assert_allclose(own_scale, 1, rtol=1e-4)
    joints = served["joints_3d"] * canonical_scale(served["joints_3d"], trained["confidence"])
    np.testing.assert_allclose(joints, trained["joints_3d"], rtol=1e-4, atol=1e-3)
    expected = np.interp(served["confidence"], *np.transpose(confidence.UNMEASURED))
    np.testing.assert_allclose(trained["confidence"], expected, atol=1e-3)


@pytest.mark.slow
def test_its_training_goes_on_with_its_flags_and_data(made):
    process = fork("-m", "hg3d_tf.train", "--flagfile=workdir/flags.txt", "--epochs=2", cwd=made)
    assert process.returncode == 0, process.stderr
    assert "going on after step 3 (epoch 1)" in process.stdout
    assert len((made / "workdir/metrics.jsonl").read_text().splitlines()) == 2
