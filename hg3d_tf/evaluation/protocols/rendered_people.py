"""Rendered people, whose truth is complete: their depth alone, their error by kind of pose."""

import numpy as np

from hg3d_tf.evaluation import metrics
from hg3d_tf.evaluation.protocols import inputs
from hg3d_tf.evaluation.protocols.inputs import Predictions
from hg3d_tf.evaluation.protocols.result import AUC_THRESHOLDS_MM, BOX, Result, mean, texts
from hg3d_tf.skeleton import BONE_GROUPS, CANONICAL_BONE_SUM_MM, bone_lengths


def depth_quality(predictions: Predictions) -> Result:
    """Measure depth apart from the constant scale, which errors in depth change as well.

    Depth is compared in half crop sides, the truth by the weak-perspective scale of its labels
    (`targets.normalized_depth`), on the bones of the geometry loss.
    """
    joints, truth = inputs.crop_joints(predictions), inputs.truth_mm(predictions)
    labels = predictions["joints_2d_norm"].astype(np.float64)
    true_scale = bone_lengths(truth[..., :2]).sum(axis=1) / bone_lengths(labels).sum(axis=1)
    at_true_scale = inputs.pelvis_at_zero(joints * true_scale[:, np.newaxis, np.newaxis])
    error = metrics.distances(at_true_scale, inputs.pelvis_at_zero(truth))
    start, end = np.array([bone for bones in BONE_GROUPS.values() for bone in bones]).T
    predicted = joints[:, start, 2] - joints[:, end, 2]
    true = (truth[:, start, 2] - truth[:, end, 2]) / true_scale[:, np.newaxis]
    steep = np.abs(true) > 0.1
    constant_scale = CANONICAL_BONE_SUM_MM / bone_lengths(joints).sum(axis=1)
    values = {
        "MPJPE at true scale": mean(error),
        "scale ratio": float(constant_scale.mean() / true_scale.mean()),
        "sign %": 100 * mean((predicted * true > 0)[steep]),
        "size ratio": float(np.sqrt(np.square(predicted).mean() / np.square(true).mean())),
    }
    statement = (
        f"{len(joints)} frames; MPJPE in mm over 16 joints, pelvis aligned, each frame at its true"
        " weak-perspective scale; mean scale by the constant bone sum over the mean true one; share"
        " of bones of the geometry loss steeper than 0.1 half crop sides with the right sign of"
        f" depth; root mean square of their depth over the true one; {BOX}"
    )
    return Result(values, statement, decimals=2)


def by_pose(predictions: Predictions) -> Result:
    """Measure the 3D error of rendered people, upright ones and all, at three ideas of their size.

    The canonical size is the paper's rule. It makes an error of its own for people whose bones sum
    to something else, which their own size leaves out; P-MPJPE also leaves out a turn.
    """
    truth = inputs.truth_mm(predictions)
    shape = inputs.predicted_shape(predictions)
    own_size = metrics.scale_bones(shape, bone_lengths(truth).sum(axis=1))
    own_size_error = _pelvis_aligned_error(own_size, truth)
    errors = {
        "MPJPE": _pelvis_aligned_error(inputs.predicted_mm(predictions), truth).mean(axis=1),
        "at own size": own_size_error.mean(axis=1),
        "P-MPJPE": metrics.p_mpjpe(shape, truth),
    }
    upright = texts(inputs.field(predictions, "pose_kind")) == "upright"
    values = {}
    for kind, rows in (("upright", upright), ("all", np.full(len(truth), True))):
        values |= {f"{kind} {name}": mean(error[rows]) for name, error in errors.items()}
        scored = own_size_error[rows][:, inputs.SCORED_JOINTS]
        values[f"{kind} PCK3D"] = 100 * mean(scored < 150.0)
        values[f"{kind} AUC"] = 100 * metrics.auc(scored, AUC_THRESHOLDS_MM)
    statement = (
        f"{upright.sum()} upright of {len(truth)} frames; mm over 16 joints; pelvis aligned;"
        f" MPJPE: {inputs.scale_of(predictions)}; at own size: scaled to the true bone sum of each"
        " frame; P-MPJPE: aligned by rotation, translation and scale; PCK3D in percent nearer than"
        " 150 mm and AUC over 0, 5, ..., 150 mm at own size, over 14 joints, without pelvis and"
        f" thorax; {BOX}"
    )
    return Result(values, statement)


def _pelvis_aligned_error(predicted, truth) -> np.ndarray:
    """Return the distance of each joint [N, 16]."""
    return metrics.distances(inputs.pelvis_at_zero(predicted), inputs.pelvis_at_zero(truth))
