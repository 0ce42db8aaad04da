"""MPI-INF-3DHP: PCK and AUC by scene, as the dataset's own script and as the paper."""

import numpy as np

from hg3d_tf.evaluation import metrics
from hg3d_tf.evaluation.protocols import inputs
from hg3d_tf.evaluation.protocols.inputs import Predictions
from hg3d_tf.evaluation.protocols.result import AUC_THRESHOLDS_MM, BOX, Result, mean, texts
from hg3d_tf.skeleton import L_HIP, PELVIS, R_HIP, UPPER_NECK, bone_lengths

# The poster's columns by the dataset's scenes.
_SCENES = {
    "Studio GS": "studio_green_screen",
    "Studio no GS": "studio",
    "Outdoor": "outdoor",
}


def mpi_inf_3dhp_official(predictions: Predictions) -> Result:
    """Measure PCK < 150 mm and AUC by scene as the dataset's own script: pelvis aligned only."""
    predicted = inputs.pelvis_at_zero(inputs.predicted_mm(predictions))
    truth = inputs.pelvis_at_zero(inputs.truth_3dhp(predictions))
    error = metrics.distances(predicted, truth)[:, inputs.SCORED_JOINTS]
    values = _by_scene(error, error < 150.0, predictions)
    statement = (
        f"{len(error)} frames; PCK in percent nearer than 150 mm, AUC over 0, 5, ..., 150 mm, over"
        f" 14 joints, without pelvis and thorax; pelvis aligned; {inputs.scale_of(predictions)};"
        f" {BOX}"
    )
    return Result(values, statement, "mpi_inf_3dhp")


def mpi_inf_3dhp_paper(predictions: Predictions) -> Result:
    """Measure as the authors do: hips moved up, scaled to each frame's true bone sum, <= 150 mm.

    Pelvis and hips move together, by 0.2 of the way from the pelvis to the upper neck, so that the
    hips keep their width (src/util/pose-hgreg-3d.lua of github.com/xingyizhou/pose-hg-3d).
    """
    truth = inputs.truth_3dhp(predictions)
    moved = inputs.predicted_shape(predictions).copy()
    lower = [PELVIS, R_HIP, L_HIP]
    moved[:, lower] += 0.2 * (moved[:, [UPPER_NECK]] - moved[:, [PELVIS]])
    moved = metrics.scale_bones(inputs.spine_at_thorax(moved), bone_lengths(truth).sum(axis=1))
    error = metrics.distances(inputs.pelvis_at_zero(moved), inputs.pelvis_at_zero(truth))
    error = error[:, inputs.SCORED_JOINTS]
    values = _by_scene(error, error <= 150.0, predictions)
    statement = (
        f"{len(error)} frames; PCK in percent within 150 mm, AUC over 0, 5, ..., 150 mm, over 14"
        " joints, without pelvis and thorax; predicted pelvis and hips moved by 0.2 of the way from"
        " pelvis to upper neck; scaled to the true bone sum of each frame; pelvis aligned;"
        f" {BOX}"
    )
    return Result(values, statement, "mpi_inf_3dhp")


def _by_scene(error, correct, predictions) -> dict[str, float]:
    scenes = texts(predictions["scene"]) if "scene" in predictions else np.full(len(error), "")
    values = {title: 100 * mean(correct[scenes == scene]) for title, scene in _SCENES.items()}
    area = metrics.auc(error, AUC_THRESHOLDS_MM)
    return values | {"All PCK": 100 * mean(correct), "AUC": 100 * area}
