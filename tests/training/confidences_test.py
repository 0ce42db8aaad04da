"""Where knots go: from validation to model.json, from there to whoever goes on."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
from support import painted_people, training_runs

from hg3d_tf.data import input_pipeline
from hg3d_tf.data.input_pipeline import InputConfig
from hg3d_tf.data.mix import parse_mix
from hg3d_tf.network import confidence
from hg3d_tf.network.pose_model import ModelConfig
from hg3d_tf.training import checkpoints, stage
from hg3d_tf.training.config import TrainConfig
from hg3d_tf.training.validation import ValidationConfig

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def people(tmp_path_factory):
    """A dataset of 40 people to be measured on."""
    folder = str(tmp_path_factory.mktemp("people"))
    painted_people.store("painted", folder, has_depth=False, counts={"train": 8, "test": 40})
    return folder


@pytest.fixture(scope="module")
def config(people):
    return TrainConfig(
        model=ModelConfig(1, 8, 1, 64),
        input=InputConfig(parse_mix("painted"), batch_size=4, data_dir=people),
        validation=ValidationConfig("painted", "test", pictures=0),
        epochs=1,
        steps_per_epoch=2,
    )


@pytest.fixture(scope="module")
def trained(config, tmp_path_factory):
    """The folder of a training that was validated."""
    workdir = tmp_path_factory.mktemp("trained") / "run"
    with pytest.MonkeyPatch.context() as patch:
        training_runs.shrink_network(patch.setattr)
        model = stage.train(config, workdir)
    assert model.config == checkpoints.load_model_config(workdir)
    return workdir


@pytest.fixture(autouse=True)
def small(monkeypatch):
    training_runs.shrink_network(monkeypatch.setattr)


def knots_of(workdir):
    return checkpoints.load_model_config(workdir).confidence_knots


def test_a_training_leaves_confidences_that_are_probabilities(trained, people):
    model = checkpoints.load_model(trained)
    assert model.config.confidence_knots == knots_of(trained / "best") != confidence.UNMEASURED
    confidences, peaks, right = [], [], []
    for batch in input_pipeline.evaluation_batches("painted", "test", 64, 8, people):
        heatmaps = model(batch["image"], training=False)["heatmaps"][-1].numpy()
        for maps, labels, visible, side in zip(
            heatmaps,
            *(batch[name].numpy() for name in ("joints_2d_norm", "visible", "person_side")),
            strict=True,
        ):
            for joint in np.flatnonzero(visible):
                peak = maps[..., joint].max()
                row, column = np.argwhere(maps[..., joint] == peak)[0]
                # Cells of 4 px. The decoding moves a joint by at most a quarter of one.
                off_px = np.hypot(
                    *(4 * np.array([column + 0.5, row + 0.5]) - 32 * (labels[joint] + 1))
                )
                peaks.append(peak)
                right.append(off_px <= 0.1 * side)
                confidences.append(np.interp(peak, *np.transpose(model.config.confidence_knots)))
    confidences, right = np.array(confidences), np.array(right)
    assert len(right) > 500
    # Hardly trained, it is mostly wrong, which knots of nobody do not say.
    assert abs(confidences.mean() - right.mean()) < 0.04
    order = np.argsort(peaks)
    for part in np.array_split(order, 4):
        assert abs(confidences[part].mean() - right[part].mean()) < 0.08
    unmeasured = np.interp(peaks, *np.transpose(confidence.UNMEASURED))
    assert abs(unmeasured.mean() - right.mean()) > 0.1


def test_who_goes_on_keeps_the_knots_until_validated(config, trained, tmp_path):
    unvalidated = dataclasses.replace(config, validation=ValidationConfig(), epochs=2)
    before = knots_of(trained)
    tuned = stage.train(dataclasses.replace(unvalidated, init_from=str(trained)), tmp_path / "new")
    assert tuned.config.confidence_knots == knots_of(tmp_path / "new") == before
    again = stage.train(unvalidated, trained)
    assert again.config.confidence_knots == knots_of(trained) == before


def test_a_folder_from_before_there_were_knots_is_read_and_gets_some(config, trained, tmp_path):
    folder, knots = tmp_path / "old", knots_of(trained)
    shutil.copytree(trained, folder)
    described = json.loads((folder / "model.json").read_text())
    del described["confidence_knots"]
    (folder / "model.json").write_text(json.dumps(described))
    assert checkpoints.load_model(folder).config.confidence_knots == confidence.UNMEASURED
    stage.train(dataclasses.replace(config, epochs=3), folder)
    assert knots_of(folder) not in (confidence.UNMEASURED, knots)
