"""MPII Human Pose: PCKh."""

import numpy as np

from hg3d_tf.evaluation import metrics
from hg3d_tf.evaluation.protocols import inputs
from hg3d_tf.evaluation.protocols.inputs import Predictions
from hg3d_tf.evaluation.protocols.result import BOX, Result, mean_of_known
from hg3d_tf.skeleton import joint_index


def mpii_pckh(predictions: Predictions) -> Result:
    """Measure PCKh@0.5 by joint: nearer than half the head size, 0.6 of the head box's diagonal."""
    head_px = inputs.field(predictions, "head_box_size_px").astype(np.float64)
    error_px = inputs.error_2d_norm(predictions) * predictions["crop_side"][:, np.newaxis] / 2
    known = head_px > 0
    counted = predictions["visible"] & known[:, np.newaxis]
    near = error_px < 0.5 * head_px[:, np.newaxis]
    by_joint = 100 * metrics.pck_by_joint(near, counted)
    columns = ("head", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    values = {name: mean_of_known(by_joint[_joints_of(name)]) for name in columns}
    values["mean"] = mean_of_known(by_joint[inputs.SCORED_JOINTS])
    statement = (
        f"{known.sum()} people; PCKh@0.5 in percent of labelled joints; head = upper neck and head"
        " top; the mean is the plain mean over 14 joints, without pelvis and thorax;"
        f" {BOX}"
    )
    return Result(values, statement)


def _joints_of(part: str) -> list[int]:
    names = ("upper_neck", "head_top") if part == "head" else (f"r_{part}", f"l_{part}")
    return [joint_index(name) for name in names]
