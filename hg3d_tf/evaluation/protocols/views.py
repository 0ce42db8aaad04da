"""3D error by the side from which a person is seen, and how far poses follow the true tilt."""

import numpy as np

from hg3d_tf.evaluation import metrics
from hg3d_tf.evaluation.protocols import inputs
from hg3d_tf.evaluation.protocols.inputs import Predictions
from hg3d_tf.evaluation.protocols.result import BOX, Result, mean
from hg3d_tf.skeleton import (
    L_HIP,
    L_SHOULDER,
    MIRROR,
    PELVIS,
    R_HIP,
    R_SHOULDER,
    THORAX,
    bone_lengths,
    joint_index,
)

_HIPS = [R_HIP, L_HIP]
_ANKLES = [joint_index("r_ankle"), joint_index("l_ankle")]
_FACING = 0.5  # cosine: within 60 degrees of the camera's axis it is the front or the back
_TILTED_DEG = 15.0
_FLAT_DEG = 75.0  # beyond it a tilt says nothing of leaning


def by_view(predictions: Predictions) -> Result:
    """Measure the error of people seen from the front, side and back, and of tilted trunks.

    Tilts are those out of the picture's plane, of the trunk (pelvis to thorax) and the legs (from
    the ankles' middle to the hips'); "towards" is a trunk that leans to the camera by more than 15
    degrees. The slope is that of predicted on true tilts: 1 is right, 0 one tilt for all.
    """
    truth = inputs.pelvis_at_zero(inputs.truth_mm(predictions))
    shape = inputs.predicted_shape(predictions)
    found = metrics.scale_bones(shape, bone_lengths(truth).sum(axis=1))
    found = inputs.pelvis_at_zero(found)
    error = metrics.distances(found, truth).mean(axis=1)
    exchanged = metrics.distances(found[:, MIRROR], truth).mean(axis=1) < error
    facing = _facing(truth)
    trunk, trunk_found = (_tilt_deg(_trunk(joints)) for joints in (truth, found))
    legs, legs_found = (_tilt_deg(_legs(joints)) for joints in (truth, found))
    groups = {
        "front": facing < -_FACING,
        "side": np.abs(facing) <= _FACING,
        "back": facing > _FACING,
        "towards": trunk < -_TILTED_DEG,
        "level": np.abs(trunk) <= _TILTED_DEG,
        "away": trunk > _TILTED_DEG,
    }
    values = {f"{name} MPJPE": mean(error[rows]) for name, rows in groups.items()}
    for name in ("front", "side", "back"):
        values[f"{name} exchanged %"] = 100 * mean(exchanged[groups[name]])
    values["slope trunk"] = _slope(trunk, trunk_found)
    values["slope legs"] = _slope(legs, legs_found)
    counts = ", ".join(f"{rows.sum()} {name}" for name, rows in groups.items())
    statement = (
        f"{len(truth)} frames: {counts}; MPJPE in mm over 16 joints, pelvis aligned, scaled to the"
        " true bone sum of each frame; exchanged: nearer to the truth with left and right changed;"
        f" slope of predicted on true tilts up to {_FLAT_DEG:.0f} degrees; {BOX}"
    )
    return Result(values, statement, decimals=2)


def _trunk(joints) -> np.ndarray:
    return joints[:, THORAX] - joints[:, PELVIS]


def _legs(joints) -> np.ndarray:
    return joints[:, _HIPS].mean(axis=1) - joints[:, _ANKLES].mean(axis=1)


def _facing(joints) -> np.ndarray:
    """Return z [N] of the direction in which the chest looks: -1 at the camera, 1 away from it."""
    across = joints[:, L_HIP] - joints[:, R_HIP]
    across = across + joints[:, L_SHOULDER] - joints[:, R_SHOULDER]
    forwards = np.cross(across, _trunk(joints))
    return forwards[:, 2] / np.maximum(np.linalg.norm(forwards, axis=1), 1e-9)


def _tilt_deg(direction) -> np.ndarray:
    """Return how far directions [N, 3] lean out of the picture's plane, positive away from it."""
    length = np.maximum(np.linalg.norm(direction, axis=1), 1e-9)
    return np.degrees(np.arcsin(direction[:, 2] / length))


def _slope(true, found) -> float:
    """Return the slope of the line through found tilts over true ones; NaN where all are alike."""
    kept = np.abs(true) < _FLAT_DEG
    true, found = true[kept], found[kept]
    spread = np.square(true - mean(true)).sum()
    return float(((true - mean(true)) * found).sum() / spread) if spread > 0 else float("nan")
