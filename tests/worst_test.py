import numpy as np
from PIL import Image

from hg3d_tf import input_pipeline, worst


def test_the_worst_come_first_and_are_drawn(data_dir, tmp_path):
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
    found = worst.errors(predictions)
    assert np.argsort(-found)[:2].tolist() == [7, 3]
    worst.draw_worst(tmp_path / "worst.png", predictions, batches, 2)
    width, height = Image.open(tmp_path / "worst.png").size
    assert width > height > 100


def test_without_3d_truth_the_labelled_joints_count():
    norm = np.zeros((2, 16, 2), np.float32)
    predicted = norm.copy()
    predicted[0, 0] = (3, 4)
    predicted[1, 1] = (0, 1)
    visible = np.zeros((2, 16), bool)
    visible[:, :2] = True
    visible[0, 0] = False  # a large error that no label vouches for
    predictions = {
        "joints_3d": np.zeros((2, 16, 3)),
        "joints_2d_norm": norm,
        "predicted_2d_norm": predicted,
        "visible": visible,
    }
    np.testing.assert_allclose(worst.errors(predictions), [0, 0.5])
