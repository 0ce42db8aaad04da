"""Human3.6M: the paper's protocol, and the two of later papers."""

import numpy as np

from hg3d_tf.evaluation import metrics, poster
from hg3d_tf.evaluation.protocols import inputs
from hg3d_tf.evaluation.protocols.inputs import Predictions
from hg3d_tf.evaluation.protocols.result import BOX, Result, mean, texts
from hg3d_tf.skeleton import CANONICAL_BONE_SUM_MM

# The poster's names of actions where they differ from the dataset's.
_ACTION_NAMES = {"WalkPair": "WalkTogether"}


def h36m_paper(predictions: Predictions) -> Result:
    """Measure as the paper does on Human3.6M: every 200th frame, 16 joints, one constant scale.

    Joint 7 of the truth is the spine as released (mid-point of the shoulders in training targets
    only); that of the prediction becomes the middle of pelvis and upper neck, after scaling
    (src/utils/eval.py and src/datasets/h36m.py of github.com/xingyizhou/pytorch-pose-hg-3d; the
    same in src/util/pose-hgreg-3d.lua of github.com/xingyizhou/pose-hg-3d).
    """
    frames, count = inputs.every_nth_frame(predictions, 200)
    predicted = metrics.scale_bones(inputs.predicted_shape(frames), CANONICAL_BONE_SUM_MM)
    predicted = inputs.spine_at_thorax(inputs.pelvis_at_zero(predicted))
    error = metrics.distances(predicted, inputs.truth_h36m(frames)).mean(axis=1)
    spine = "spine" if inputs.has_h36m_spine(frames) else "middle of pelvis and upper neck"
    statement = (
        f"{count}; MPJPE in mm over 16 joints, the root included; pelvis aligned; joint 7 = middle"
        f" of pelvis and upper neck in the prediction, {spine} in the truth;"
        f" {inputs.ONE_SCALE} for all people; {BOX}"
    )
    return Result(_by_action(error, frames), statement, "h36m", decimals=2)


def h36m_p1(predictions: Predictions) -> Result:
    """Measure protocol 1 as later papers do: every 64th frame, 17 joints, pelvis aligned."""
    frames, count = inputs.every_nth_frame(predictions, 64)
    predicted, truth, joints = inputs.h36m_17(frames)
    error = metrics.distances(predicted - predicted[:, :1], truth - truth[:, :1]).mean(axis=1)
    statement = (
        f"{count}; MPJPE in mm over {joints}, the root included; pelvis aligned;"
        f" {inputs.scale_of(frames)}; {BOX}"
    )
    return Result(_by_action(error, frames), statement, decimals=2)


def h36m_pa(predictions: Predictions) -> Result:
    """Measure as `h36m_p1`, each frame turned, moved and scaled onto its truth."""
    frames, count = inputs.every_nth_frame(predictions, 64)
    predicted, truth, joints = inputs.h36m_17(frames)
    statement = (
        f"{count}; P-MPJPE in mm over {joints}; each frame aligned by rotation, translation and"
        f" scale; {BOX}"
    )
    error = metrics.p_mpjpe(predicted, truth)
    return Result(_by_action(error, frames), statement, decimals=2)


def _by_action(error, predictions) -> dict[str, float]:
    """Return the mean of each action and the mean over all frames."""
    actions = texts(predictions["action"]) if "action" in predictions else np.full(len(error), "")
    means = {
        name: mean(error[actions == _ACTION_NAMES.get(name, name)])
        for name in poster.columns("h36m")[:-1]
    }
    return means | {"Average": mean(error)}
