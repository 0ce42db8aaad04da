"""Pictures of what a network does and where it fails: examples chosen by their errors."""

from collections.abc import Iterable, Mapping
from pathlib import Path

import numpy as np

from hg3d_tf.evaluation import metrics
from hg3d_tf.evaluation.protocols import inputs
from hg3d_tf.evaluation.protocols.inputs import Predictions
from hg3d_tf.pictures import pose_sheet


def errors(predictions: Predictions) -> np.ndarray:
    """Return an error [N] of each example: P-MPJPE, or 2D unless all have 3D truth."""
    if inputs.has_truth(predictions):
        truth = inputs.truth_mm(predictions)
        return metrics.p_mpjpe(inputs.predicted_shape(predictions), truth)
    visible = predictions["visible"]
    return (inputs.error_2d_norm(predictions) * visible).sum(1) / visible.sum(1)


def worst(errors: np.ndarray, count: int) -> np.ndarray:
    """Return the rows with the largest errors, the worst first."""
    return np.argsort(-errors)[:count]


def typical(errors: np.ndarray, count: int) -> np.ndarray:
    """Return the rows in the middle of all, ordered by error: half are better, half are worse."""
    first = max(0, (len(errors) - count) // 2)
    return np.argsort(errors)[first : first + count]


def draw(
    sheets: Mapping[Path | str, np.ndarray], predictions: Predictions, batches: Iterable[dict]
) -> None:
    """Write PNGs of some examples with what was predicted.

    Args:
      sheets: path of a PNG -> rows of the predictions, in their order on it.
      predictions: from `scoring.predict_split`.
      batches: from `input_pipeline.evaluation_batches`, whence the images come; they are read once,
        and only until all are found.
    """
    images = _images(batches, predictions["key"][np.concatenate([*sheets.values()])])
    joints_3d = inputs.predicted_mm(predictions)
    for path, rows in sheets.items():
        poses = []
        for row in rows:
            image = images[predictions["key"][row]]
            joints_2d = (predictions["predicted_2d_norm"][row] + 1) * (image.shape[0] / 2)
            poses.append(pose_sheet.ShownPose(image, joints_2d, joints_3d[row]))
        pose_sheet.write(path, poses)


def _images(batches: Iterable[dict], keys) -> dict[bytes, np.ndarray]:
    wanted, found = set(keys.tolist()), {}
    for batch in batches:
        for row, key in enumerate(batch["key"].numpy().tolist()):
            if key in wanted:
                found[key] = batch["image"][row].numpy()
        if len(found) == len(wanted):
            break
    return found
