import json

import numpy as np
import pytest
from support.small_network import SMALL
from support.training_runs import shrink_network

from hg3d_tf.network.pose_model import build_pose_model
from hg3d_tf.training import checkpoints
from hg3d_tf.training.best_checkpoints import BestCheckpoints


@pytest.fixture
def model(monkeypatch):
    shrink_network(monkeypatch.setattr)
    return build_pose_model(SMALL)


@pytest.mark.slow
def test_the_best_are_kept_and_the_very_best_is_loaded(model, tmp_path):
    best = BestCheckpoints(tmp_path, keep=2, lower_is_better=True)
    bias = model.get_layer("depth").bias
    for step, score in ((1, 5.0), (2, 3.0), (3, 9.0), (4, 4.0)):
        bias.assign(np.full(16, step))
        model.config = checkpoints.with_knots(model.config, ((0, 0.1 * step), (1, 0.9)))
        assert best.save(model, step, score) == (step != 3)
    there = sorted(p.name for p in (tmp_path / "best/checkpoints").glob("*.index"))
    assert there == ["ckpt-2.index", "ckpt-4.index"]
    loaded = checkpoints.load_model(tmp_path / "best")
    np.testing.assert_array_equal(loaded.get_layer("depth").bias, np.full(16, 2))
    assert loaded.config.confidence_knots == ((0, 0.2), (1, 0.9))


def test_scores_of_an_earlier_run_count(model, tmp_path):
    BestCheckpoints(tmp_path, keep=1, lower_is_better=False).save(model, 1, 0.9)
    again = BestCheckpoints(tmp_path, keep=1, lower_is_better=False)
    assert not again.save(model, 2, 0.8)
    assert scores(tmp_path) == {"ckpt-1": 0.9}


def test_scores_by_another_measure_do_not_count(model, tmp_path):
    first = BestCheckpoints(tmp_path, 1, lower_is_better=False, measure="pck_box_010 on wild")
    first.save(model, 1, 0.9)
    again = BestCheckpoints(tmp_path, 1, lower_is_better=True, measure="mpjpe_mm on wild")
    assert again.save(model, 2, 150.0)
    assert scores(tmp_path) == {"ckpt-2": 150.0}
    assert [path.name for path in tmp_path.glob("best/checkpoints/*.index")] == ["ckpt-2.index"]
    assert not BestCheckpoints(tmp_path, 1, True, "mpjpe_mm on wild").save(model, 3, 151.0)


def test_scores_in_the_files_of_earlier_versions_count(model, tmp_path):
    BestCheckpoints(tmp_path, keep=1, lower_is_better=False).save(model, 1, 0.9)
    (tmp_path / "best/scores.json").write_text('{"ckpt-1": 0.9}')
    assert not BestCheckpoints(tmp_path, 1, False, "pck_box_010 on wild").save(model, 2, 0.8)


def test_what_a_killed_run_left_half_written_is_removed(model, tmp_path):
    BestCheckpoints(tmp_path, keep=1, lower_is_better=False).save(model, 1, 0.8)
    half = tmp_path / "best/checkpoints/ckpt-2_temp/part-00000-of-00001.index"
    half.parent.mkdir()
    half.touch()
    assert BestCheckpoints(tmp_path, keep=1, lower_is_better=False).save(model, 3, 0.9)
    there = sorted(path.name.split(".")[0] for path in half.parents[1].iterdir())
    assert sorted(set(there)) == ["checkpoint", "ckpt-3"]


def scores(workdir):
    return json.loads((workdir / "best/scores.json").read_text())["scores"]
