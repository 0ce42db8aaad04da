import numpy as np
import pytest
from PIL import Image

from hg3d_tf.data import input_pipeline
from hg3d_tf.evaluation import examples


@pytest.mark.slow
def test_the_worst_and_the_typical_are_chosen_by_error_and_drawn(data_dir, tmp_path):
    batches = input_pipeline.evaluation_batches("painted_3d", "test", 64, 4, data_dir)
    labels = [batch for batch in batches.as_numpy_iterator()]
    rows = {
        name: np.concatenate([batch[name][batch["valid"]] for batch in labels])
        for name in ("key", "joints_2d_norm", "depth", "joints_3d", "visible")
    }
    predictions = rows | {
        "predicted_2d_norm": rows["joints_2d_norm"].copy(),
        "predicted_depth": rows["depth"].copy(),
    }
    predictions["predicted_2d_norm"][3, :8] += 0.3
    predictions["predicted_2d_norm"][7, :8] += 0.6
    chosen = examples.worst(examples.errors(predictions), 2)
    assert chosen.tolist() == [7, 3]
    read = []

    def once():
        for batch in batches:
            read.append(batch)
            yield batch

    sheets = {tmp_path / "worst.png": chosen, tmp_path / "typical.png": np.array([0])}
    examples.draw(sheets, predictions, once())
    assert len(read) == 2  # of three: all that are wanted lie in these
    for path in sheets:
        with Image.open(path) as picture:
            assert picture.width > 100 and picture.height > 100


@pytest.mark.parametrize("with_3d", [0, 1])
def test_unless_all_have_3d_truth_the_labelled_joints_count(with_3d):
    norm = np.zeros((2, 16, 2), np.float32)
    predicted = norm.copy()
    predicted[0, 0] = (3, 4)
    predicted[1, 1] = (0, 1)
    visible = np.zeros((2, 16), bool)
    visible[:, :2] = True
    visible[0, 0] = False  # a large error that no label vouches for
    joints_3d = np.zeros((2, 16, 3))
    joints_3d[:with_3d] = np.random.default_rng(0).normal(0, 300, (16, 3))
    predictions = {
        "joints_3d": joints_3d,
        "joints_2d_norm": norm,
        "predicted_2d_norm": predicted,
        "visible": visible,
    }
    np.testing.assert_allclose(examples.errors(predictions), [0, 0.5])


@pytest.mark.parametrize(
    ("count", "expected"), [(1, [4]), (3, [0, 4, 3]), (5, [2, 0, 4, 3, 1]), (9, [2, 0, 4, 3, 1])]
)
def test_the_typical_lie_round_the_median(count, expected):
    assert examples.typical(np.array([0.2, 0.9, 0.1, 0.5, 0.3]), count).tolist() == expected
