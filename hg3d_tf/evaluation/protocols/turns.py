"""2D PCK by how people are turned in the picture, and whose left and right are exchanged."""

import numpy as np

from hg3d_tf.evaluation import metrics
from hg3d_tf.evaluation.protocols import inputs
from hg3d_tf.evaluation.protocols.inputs import Predictions
from hg3d_tf.evaluation.protocols.pck_box import box_side_norm
from hg3d_tf.evaluation.protocols.result import BOX, Result, mean
from hg3d_tf.skeleton import L_HIP, L_SHOULDER, LIMB_JOINTS, MIRROR, R_HIP, R_SHOULDER

_SHOULDERS = [R_SHOULDER, L_SHOULDER]
_HIPS = [R_HIP, L_HIP]
_UPRIGHT_DEG, _UPSIDE_DOWN_DEG = 45.0, 135.0
_THRESHOLD = 0.1  # of the longer side of the labelled joints' box


def by_turn(predictions: Predictions) -> Result:
    """Measure 2D PCK of the limbs' joints of people who are upright, lie, or are upside down.

    The turn is that of the trunk, from the hips' middle to the shoulders', out of the picture's
    vertical. People without a label of all four of these joints are left out. Sides are exchanged
    where the joints of both labelled sides are nearer to the answer's other ones.
    """
    visible = predictions["visible"].astype(bool)
    kept = visible[:, _SHOULDERS + _HIPS].all(axis=1)
    chosen = {name: value[kept] for name, value in predictions.items()}
    limbs = list(LIMB_JOINTS)
    visible = visible[kept]
    turn = _turn_deg(chosen["joints_2d_norm"].astype(np.float64))
    error = inputs.error_2d_norm(chosen) / box_side_norm(chosen)[:, np.newaxis]
    exchanged = _are_exchanged(chosen, visible)
    groups = {
        "upright": turn < _UPRIGHT_DEG,
        "lying": (turn >= _UPRIGHT_DEG) & (turn <= _UPSIDE_DOWN_DEG),
        "upside down": turn > _UPSIDE_DOWN_DEG,
    }
    values = {}
    for name, rows in groups.items():
        right = (error[rows] < _THRESHOLD)[:, limbs][visible[rows][:, limbs]]
        values[f"{name} @{_THRESHOLD}"] = 100 * mean(right)
        values[f"{name} exchanged %"] = 100 * mean(exchanged[rows])
    counts = ", ".join(f"{rows.sum()} {name}" for name, rows in groups.items())
    statement = (
        f"{kept.sum()} of {len(kept)} frames: {counts}; 2D PCK in percent of the limbs' labelled"
        f" joints, nearer than {_THRESHOLD} of the longer side of the labelled joints' box;"
        f" upright: the trunk is turned by less than {_UPRIGHT_DEG:.0f} degrees, upside down: by"
        f" more than {_UPSIDE_DOWN_DEG:.0f}; exchanged: nearer to the truth with left and right"
        f" changed; {BOX}"
    )
    return Result(values, statement)


def _turn_deg(joints) -> np.ndarray:
    """Return how far trunks [N] are turned from upright, in [0, 180] degrees."""
    trunk = joints[:, _SHOULDERS].mean(axis=1) - joints[:, _HIPS].mean(axis=1)
    return np.degrees(np.arctan2(np.abs(trunk[:, 0]), -trunk[:, 1]))


def _are_exchanged(predictions, visible) -> np.ndarray:
    """Tell of whom [N] the joints that are labelled on both sides fit better exchanged."""
    true = predictions["joints_2d_norm"].astype(np.float64)
    found = predictions["predicted_2d_norm"].astype(np.float64)
    mirror = list(MIRROR)
    sided = visible & visible[:, mirror] & (np.array(mirror) != np.arange(len(mirror)))
    as_found, changed = (metrics.distances(joints, true) for joints in (found, found[:, mirror]))
    return np.where(sided, changed, 0).sum(axis=1) < np.where(sided, as_found, 0).sum(axis=1)
