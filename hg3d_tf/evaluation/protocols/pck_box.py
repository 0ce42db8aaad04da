"""2D PCK for datasets whose labels carry no head box."""

import numpy as np

from hg3d_tf.evaluation import metrics
from hg3d_tf.evaluation.protocols import inputs
from hg3d_tf.evaluation.protocols.inputs import Predictions
from hg3d_tf.evaluation.protocols.result import BOX, Result
from hg3d_tf.skeleton import LIMB_JOINTS


def pck_box(predictions: Predictions) -> Result:
    """Measure 2D PCK at 0.1 and 0.2 of the longer side of the box of the labelled joints."""
    error = inputs.error_2d_norm(predictions)
    relative = error / _box_side_norm(predictions)[:, np.newaxis]
    values = {
        f"{kind}@{threshold}": 100
        * metrics.pck(relative[:, joints], threshold, predictions["visible"][:, joints])
        for kind, joints in (("limbs ", list(LIMB_JOINTS)), ("", slice(None)))
        for threshold in (0.1, 0.2)
    }
    statement = (
        f"{len(error)} frames; 2D PCK in percent of labelled joints, nearer than 0.1 and 0.2 of the"
        " longer side of the labelled joints' box; limbs: hips, knees, ankles, shoulders, elbows,"
        f" wrists; {BOX}"
    )
    return Result(values, statement)


def _box_side_norm(predictions) -> np.ndarray:
    """Return the longer side [N] of the labelled joints' box in half crop sides."""
    joints = predictions["joints_2d_norm"].astype(np.float64)
    visible = predictions["visible"][..., np.newaxis]
    high = np.where(visible, joints, -np.inf).max(axis=1)
    return (high - np.where(visible, joints, np.inf).min(axis=1)).max(axis=-1)
