"""2D PCK for datasets whose labels carry no head box."""

import numpy as np

from hg3d_tf.evaluation import metrics
from hg3d_tf.evaluation.protocols import inputs
from hg3d_tf.evaluation.protocols.inputs import Predictions
from hg3d_tf.evaluation.protocols.result import BOX, Result
from hg3d_tf.skeleton import LIMB_JOINTS, THORAX, UPPER_NECK, joint_index

_HMR_BOX = 1.2  # sides of the box that HMR 2.0 divides by, in longer sides of the labelled joints'


def pck_box(predictions: Predictions) -> Result:
    """Measure 2D PCK at 0.1 and 0.2 of the longer side of the box of the labelled joints."""
    error = inputs.error_2d_norm(predictions)
    relative = error / box_side_norm(predictions)[:, np.newaxis]
    values = {
        f"{kind} @{threshold}": 100
        * metrics.pck(relative[:, joints], threshold, predictions["visible"][:, joints])
        for kind, joints in (("limbs", list(LIMB_JOINTS)), ("all", slice(None)))
        for threshold in (0.1, 0.2)
    }
    statement = (
        f"{len(error)} frames; 2D PCK in percent of labelled joints, nearer than 0.1 and 0.2 of the"
        " longer side of the labelled joints' box; limbs: hips, knees, ankles, shoulders, elbows,"
        f" wrists; {BOX}"
    )
    return Result(values, statement)


def pck_hmr(predictions: Predictions) -> Result:
    """Measure 2D PCK as HMR 2.0 and SAM 3D Body publish it of LSPET: joint by joint, then the mean.

    Distances are in 1.2 longer sides of the labelled joints' box. The joints are LSP's 14: the
    limbs', the head's top, and the neck where the dataset has it, which the network does not know:
    the middle of thorax and upper neck stands for it.
    """
    joints = [*LIMB_JOINTS, joint_index("head_top")]
    error, counted = inputs.error_2d_norm(predictions)[:, joints], predictions["visible"][:, joints]
    if "neck_2d" in predictions:
        error = np.column_stack([error, _neck_error_norm(predictions)])
        counted = np.column_stack([counted, predictions["neck_visible"]])
    relative = error / (_HMR_BOX * box_side_norm(predictions)[:, np.newaxis])
    values = {
        f"@{threshold}": 100 * np.nanmean(metrics.pck_by_joint(relative < threshold, counted))
        for threshold in (0.05, 0.1)
    }
    statement = (
        f"{len(error)} frames; 2D PCK in percent, the mean over {error.shape[1]} joints, nearer"
        " than 0.05 and 0.1 of 1.2 longer sides of the labelled joints' box; the neck, where it is"
        f" labelled, is the middle of thorax and upper neck; {BOX}"
    )
    return Result({name: float(value) for name, value in values.items()}, statement)


def _neck_error_norm(predictions) -> np.ndarray:
    """Return the distance [N] in half crop sides."""
    half = predictions["crop_side"].astype(np.float64)[:, np.newaxis] / 2
    true = (predictions["neck_2d"].astype(np.float64) - predictions["crop_center"]) / half
    found = predictions["predicted_2d_norm"][:, [THORAX, UPPER_NECK]].astype(np.float64).mean(1)
    return metrics.distances(found, true)


def box_side_norm(predictions) -> np.ndarray:
    """Return the longer side [N] of the labelled joints' box in half crop sides."""
    joints = predictions["joints_2d_norm"].astype(np.float64)
    visible = predictions["visible"][..., np.newaxis]
    high = np.where(visible, joints, -np.inf).max(axis=1)
    return (high - np.where(visible, joints, np.inf).min(axis=1)).max(axis=-1)
