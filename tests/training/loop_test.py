"""Trainings in this process, of a very small network."""

import dataclasses
import json
import shutil

import numpy as np
import pytest
import tensorflow as tf
from support import painted_people
from support import training_runs as runs

from hg3d_tf.cli import UserError
from hg3d_tf.data import prepared
from hg3d_tf.data.bad_records import BadRecords
from hg3d_tf.data.input_pipeline import InputConfig, train_batches
from hg3d_tf.data.mix import parse_mix
from hg3d_tf.network.keras_api import keras
from hg3d_tf.network.pose_model import LossConfig, ModelConfig
from hg3d_tf.network.updates import UpdateConfig
from hg3d_tf.training import batch_preview, checkpoints, stage
from hg3d_tf.training.config import LogConfig, TrainConfig
from hg3d_tf.training.optimizers import OptimizerConfig
from hg3d_tf.training.validation import ValidationConfig

pytestmark = pytest.mark.slow


@pytest.fixture
def config(data_dir, monkeypatch):
    runs.shrink_network(monkeypatch.setattr)
    return TrainConfig(
        model=ModelConfig(1, 8, 1, 64),
        input=InputConfig(
            parse_mix("painted_3d:0.4,painted_2d:0.6"), batch_size=4, data_dir=data_dir
        ),
        loss=LossConfig(depth_weight=0.1, geometry_weight=0.01),
        log=LogConfig(steps=1),
        epochs=2,
        steps_per_epoch=3,
    )


def tags(folder) -> set[str]:
    """Return the names of all TensorBoard summaries in a folder."""
    paths = [str(path) for path in folder.glob("events.out.*")]
    events = (tf.compat.v1.Event.FromString(r.numpy()) for r in tf.data.TFRecordDataset(paths))
    return {value.tag for event in events for value in event.summary.value}


def test_a_training_is_seen_and_its_best_weights_are_kept(config, data_dir, tmp_path):
    config = dataclasses.replace(
        config,
        optimizer=OptimizerConfig("adamw", 1e-3, weight_decay=1e-4),
        update=UpdateConfig(clip_norm=1.0, accumulate=2),
        precision="mixed_bfloat16",
        average_decay=0.9,
        validation=ValidationConfig("painted_3d", "test", pictures=2),
        log=LogConfig(steps=1, histograms=True, profile_steps=(2, 3)),
    )
    trained = stage.train(config, tmp_path)
    epochs, steps = (runs.lines(tmp_path / name) for name in ("metrics.jsonl", "steps.jsonl"))
    assert [line["epoch"] for line in epochs] == [1, 2] and len(steps) == 6
    for line in epochs:
        assert np.isfinite(list(line.values())).all()
        assert {"validation_mpjpe_mm", "images_per_second", "learning_rate"} < line.keys()
    np.testing.assert_allclose(
        epochs[0]["loss"], np.mean([line["loss"] for line in steps[:3]]), rtol=1e-4
    )
    scores = json.loads((tmp_path / "best/scores.json").read_text())["scores"]
    assert list(scores.values()) == [max(line["validation_pck_box_010"] for line in epochs)]
    newest = checkpoints.load_model(tmp_path)
    for weight, expected in zip(newest.get_weights(), trained.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, expected)
    checkpoints.load_model(tmp_path / "best")
    assert {"step/loss", "epoch/loss", "validation/predictions", "first_batch"} < (
        tags(tmp_path / "tensorboard")
    )
    assert any("stem_conv/kernel" in tag for tag in tags(tmp_path / "tensorboard"))
    assert list((tmp_path / "tensorboard/plugins/profile").rglob("*.xplane.pb"))
    assert (tmp_path / "pictures/epoch_002.png").read_bytes().startswith(b"\x89PNG")
    assert "| loss |" in (tmp_path / "report.md").read_text()


def test_as_many_bad_records_as_are_allowed_may_be_in_the_validation(config, data_dir, tmp_path):
    shutil.copytree(data_dir, tmp_path / "data")
    (path,) = (tmp_path / "data/painted_3d").rglob("*-test.tfrecord*")
    content = bytearray(path.read_bytes())
    content[100] ^= 255  # within the first of 10 records
    path.write_bytes(content)
    config = dataclasses.replace(
        config,
        input=dataclasses.replace(
            config.input, data_dir=str(tmp_path / "data"), max_bad_fraction=0.1
        ),
        validation=ValidationConfig("painted_3d", "test", pictures=2),
        epochs=1,
    )
    stage.train(config, tmp_path / "run")
    (line,) = runs.lines(tmp_path / "run/metrics.jsonl")
    assert "validation_mpjpe_mm" in line
    assert (tmp_path / "run/pictures/epoch_001.png").exists()


def test_what_cannot_be_kept_of_a_validation_is_said_and_the_rest_is(
    config, tmp_path, capsys, monkeypatch
):
    counts = {"train": 8, "test": 4}
    painted_people.store("flat", str(tmp_path), has_depth=False, counts=counts, truth=False)
    monkeypatch.setattr(
        prepared, "starts_without_3d", lambda *_: False
    )  # as if later ones had none
    picture = tmp_path / "run/pictures/epoch_001.png"
    picture.mkdir(parents=True)
    config = dataclasses.replace(
        config,
        input=dataclasses.replace(config.input, mix={"flat": 1.0}, data_dir=str(tmp_path)),
        validation=ValidationConfig("flat", "test", pictures=2, best_metric="mpjpe_mm"),
    )
    stage.train(config, tmp_path / "run")
    said = [line for line in capsys.readouterr().err.splitlines() if line.startswith("warning:")]
    best = "warning: no best weights are kept: --best_metric=mpjpe_mm needs 3D labels"
    assert [line.startswith(best) for line in said] == [True, False, True]
    assert f"{picture}: a folder stands" in said[1] and picture.is_dir()
    assert picture.with_name("epoch_002.png").is_file()
    assert all(
        "validation_pck_box_010" in line for line in runs.lines(tmp_path / "run/metrics.jsonl")
    )


def test_a_training_goes_on_without_the_folder_that_it_started_from(config, tmp_path):
    source, run = tmp_path / "source", tmp_path / "run"
    stage.train(dataclasses.replace(config, epochs=1), source)
    config = dataclasses.replace(config, init_from=str(source), average_decay=0.9)
    first = stage.train(dataclasses.replace(config, epochs=1), run)
    source.rename(tmp_path / "away")
    again = stage.train(dataclasses.replace(config, epochs=1), run)  # nothing is left to do
    for weight, expected in zip(again.get_weights(), first.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, expected)
    stage.train(config, run)
    assert [line["epoch"] for line in runs.lines(run / "metrics.jsonl")] == [1, 2]
    with pytest.raises(UserError, match="source is no training folder"):
        stage.train(config, tmp_path / "new")


def test_bad_records_of_the_preview_do_not_count_twice(config, data_dir, tmp_path, monkeypatch):
    shutil.copytree(data_dir, tmp_path / "data")
    (path,) = (tmp_path / "data/painted_3d").rglob("*-train.tfrecord*")
    content = bytearray(path.read_bytes())
    content[100] ^= 255  # within the first of 24 records, all of which are in the first batch
    path.write_bytes(content)
    made, counts = [], []

    def noted(*arguments):
        made.append(BadRecords(*arguments))
        return made[-1]

    monkeypatch.setattr(stage, "BadRecords", noted)
    monkeypatch.setattr(
        batch_preview, "write", lambda *_, **__: counts.extend(bad.count for bad in made)
    )
    reading = InputConfig(parse_mix("painted_3d"), batch_size=24, data_dir=str(tmp_path / "data"))
    stage.train(
        dataclasses.replace(config, input=reading, epochs=1, steps_per_epoch=1), tmp_path / "run"
    )
    of_training, of_preview = counts
    assert of_training == 0 < of_preview


@pytest.mark.smoke  # a step in float16 takes seconds on a CPU
def test_a_training_in_float16_scales_its_loss(config, tmp_path):
    config = dataclasses.replace(
        config,
        update=UpdateConfig(clip_norm=1.0, accumulate=2),
        epochs=1,
        steps_per_epoch=2,
    )
    stage.train(config, tmp_path / "float32")
    config = dataclasses.replace(config, precision="mixed_float16")
    trained = stage.train(config, tmp_path / "float16")
    assert isinstance(trained.optimizer, keras.mixed_precision.LossScaleOptimizer)
    steps = [
        [line["loss"] for line in runs.lines(tmp_path / name / "steps.jsonl")]
        for name in ("float32", "float16")
    ]
    # The scale is not in the loss that is told, and the second is that of updated weights: without
    # an update it is a third more. float16 rounds to a thousandth; norms of two samples spread it.
    np.testing.assert_allclose(steps[1], steps[0], rtol=1e-2)
    newest = checkpoints.load_model(tmp_path / "float16")
    for weight, kept in zip(newest.get_weights(), trained.get_weights(), strict=True):
        np.testing.assert_array_equal(weight, kept)


def test_a_loss_that_is_not_finite_names_the_examples_of_its_batch(config, tmp_path):
    config = dataclasses.replace(config, optimizer=OptimizerConfig("adam", 1e30))
    with pytest.raises(UserError, match="is not finite"):
        stage.train(config, tmp_path)
    (path,) = tmp_path.glob("nonfinite_step_*.json")
    record = json.loads(path.read_text())
    batches = list(train_batches(config.input, 64).take(record["step"] + 1))
    assert record["keys"] == [key.decode() for key in batches[-1]["key"].numpy()]
    assert not list(tmp_path.glob("checkpoints/*"))
