import numpy as np
import pytest
from support import full_disk
from support.small_network import SMALL
from support.training_runs import shrink_network

from hg3d_tf.cli import UserError
from hg3d_tf.network.keras_api import keras
from hg3d_tf.network.pose_model import LossConfig, build_pose_model
from hg3d_tf.training import checkpoints
from hg3d_tf.training.state import TrainCheckpoints, TrainState


@pytest.fixture(scope="module")
def state():
    with pytest.MonkeyPatch.context() as patch:
        shrink_network(patch.setattr)
        model = build_pose_model(SMALL)
        model.compile(keras.optimizers.SGD(), LossConfig())
        return TrainState(model, average_decay=0.9)


def test_the_first_checkpoint_on_a_full_disk_leaves_nothing_and_is_told_in_plain_words(
    state, tmp_path
):
    saved = TrainCheckpoints(tmp_path, state, keep=2)
    with full_disk.room_for(10_000), pytest.raises(UserError) as raised:
        saved.save()
    assert "File too large" in str(raised.value) and str(raised.value).endswith("is None")
    assert "{{" not in str(raised.value) and "[Op:" not in str(raised.value)
    assert list((tmp_path / "checkpoints").iterdir()) == []


@pytest.mark.slow
def test_a_full_disk_is_one_line_and_leaves_the_last_checkpoint_whole(state, tmp_path):
    saved = TrainCheckpoints(tmp_path, state, keep=2)
    bias = state.model.get_layer("depth").bias
    bias.assign(np.arange(16))
    saved.save()
    there = sorted(path.name for path in (tmp_path / "checkpoints").iterdir())
    bias.assign(np.zeros(16))
    with (
        full_disk.room_for(10_000),
        pytest.raises(UserError, match=r"cannot write a checkpoint.* last good one is .*ckpt-1"),
    ):
        saved.save()
    assert sorted(path.name for path in (tmp_path / "checkpoints").iterdir()) == there
    assert TrainCheckpoints(tmp_path, state, keep=2).restore()
    np.testing.assert_array_equal(bias, np.arange(16))


def test_a_half_written_checkpoint_is_removed_and_the_whole_one_counts(state, tmp_path):
    TrainCheckpoints(tmp_path, state, keep=2).save()
    folder = tmp_path / "checkpoints"
    there = sorted(path.name for path in folder.iterdir())
    (folder / "ckpt-2_temp").mkdir()
    (folder / "ckpt-2_temp/part-00000-of-00001.data-00000-of-00001").write_text("half")
    (folder / "ckpt-2.data-00000-of-00001").write_text("half")
    assert TrainCheckpoints(tmp_path, state, keep=2).restore()
    assert sorted(path.name for path in folder.iterdir()) == there


def test_a_checkpoint_of_something_else_is_named(state, tmp_path):
    checkpoints.save_model(state.model, tmp_path)  # weights alone
    with pytest.raises(UserError, match="was not written by a training with these settings"):
        TrainCheckpoints(tmp_path, state, keep=1).restore()


def test_a_young_average_follows_and_an_old_one_lags(state):
    weight, average = (m.get_layer("depth").bias for m in (state.model, state.average))
    iterations = state.model.optimizer.iterations
    for step, decay in ((0, 0.1), (1000, 0.9)):
        weight.assign(np.ones(16))
        average.assign(np.zeros(16))
        iterations.assign(step)
        state.update_average()
        np.testing.assert_allclose(average, np.full(16, 1 - decay), rtol=1e-5)
