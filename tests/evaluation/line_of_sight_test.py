"""Networks whose depth is along the line of sight are measured in the camera's frame."""

import dataclasses
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from support import reference

from hg3d_tf.data import input_pipeline
from hg3d_tf.evaluation import predictions_file, scoring
from hg3d_tf.evaluation.protocols import inputs
from hg3d_tf.evaluation.protocols.rendered_people import depth_quality
from hg3d_tf.network.pose_model import ModelConfig
from hg3d_tf.pose_files import named_arrays

RNG = np.random.default_rng(0)


@pytest.fixture
def truth_and_answer():
    """Poses in the camera's frame; and as a crop of each, which looks there, would show them."""
    off_axis = RNG.uniform(-0.5, 0.5, (4, 2))
    truth = RNG.normal(0, 300, (4, 16, 3))
    turns = [reference.line_of_sight([x, y, 1]) for x, y in off_axis]
    in_crops = np.stack([turn.inv().apply(pose) for turn, pose in zip(turns, truth, strict=True)])
    count = len(truth)
    return truth, {
        "key": np.array([b"a", b"b", b"c", b"d"]),
        "crop_center": np.zeros((count, 2), np.float32),
        "crop_side": np.full(count, 200, np.float32),
        "predicted_2d_norm": in_crops[..., :2] / 1000,
        "predicted_depth": in_crops[..., 2] / 1000,
        "off_axis": off_axis,
    }


def test_a_right_answer_has_no_error(truth_and_answer):
    truth, answer = truth_and_answer
    np.testing.assert_allclose(inputs.predicted_shape(answer) * 1000, truth, atol=1e-3)
    labels = {"joints_3d": truth, "joints_2d_norm": truth[..., :2] / 1000}
    assert depth_quality(answer | labels).values["MPJPE at true scale"] == pytest.approx(0, abs=0.1)


@pytest.mark.parametrize("name", ["poses.npz", "poses.json"])
def test_what_is_saved_is_scored_alike(truth_and_answer, tmp_path, name):
    truth, answer = truth_and_answer
    predictions_file.save(tmp_path / name, answer)
    labels = {key: answer[key] for key in ("key", "crop_center", "crop_side")}
    joined = predictions_file.join(labels, named_arrays.load(tmp_path / name), name)
    np.testing.assert_allclose(inputs.crop_joints(joined) * 1000, truth, atol=1e-3)
    assert inputs.scale_of(joined) == inputs.scale_of(answer)


@pytest.mark.parametrize("line_of_sight", [False, True])
def test_only_where_the_network_means_that_line_are_poses_turned(data_dir, line_of_sight):
    config = dataclasses.replace(ModelConfig(), line_of_sight=line_of_sight)
    model = SimpleNamespace(config=config, distribute_strategy=tf.distribute.get_strategy())
    batches = input_pipeline.evaluation_batches("painted_3d", "test", 64, 4, data_dir)
    found = scoring.predict_split(model, batches, predict=lambda images: {})
    assert ("off_axis" in found) == line_of_sight
    if line_of_sight:
        assert np.isfinite(found["off_axis"]).all() and found["off_axis"].any()
    pose = np.zeros((16, 2)), np.zeros(16)
    assert "off_axis" not in scoring.with_constant_pose(found, pose)
    labels = scoring.load_labels("painted_3d", "test", 64, data_dir)
    assert "off_axis" not in labels
