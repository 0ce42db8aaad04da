"""What evaluation protocols measure: predicted and true joints, out of one dict of arrays.

`Predictions` hold the fields of `samples.EVALUATION_FIELDS`, one row per frame, further
labels where the dataset has them, and what a system predicted: predicted_2d_norm [N, 16, 2] in
[-1, 1] over the crop with predicted_depth [N, 16] in the same unit (weak perspective), or
predicted_3d_mm [N, 16, 3] in the camera's axes with any origin, or both. A pose without mm is
scaled to the canonical skeleton's bone sum where a protocol wants mm.
"""

import math

import numpy as np

from hg3d_tf import line_of_sight
from hg3d_tf.cli import UserError
from hg3d_tf.data.joint_orders import MPII_16_FROM_H36M_17, MPII_16_FROM_MPI_INF_3DHP_17
from hg3d_tf.evaluation import metrics
from hg3d_tf.skeleton import CANONICAL_BONE_SUM_MM, NUM_JOINTS, PELVIS, THORAX, UPPER_NECK

Predictions = dict[str, np.ndarray]

# The joints that PCK counts: pelvis and thorax depend on a dataset's habits.
SCORED_JOINTS = [joint for joint in range(NUM_JOINTS) if joint not in (PELVIS, THORAX)]

_UNIVERSAL = "joints_3d_universal_17"  # univ_annot3: the pose on a skeleton of standard height
ONE_SCALE = f"predictions scaled to a bone sum of {CANONICAL_BONE_SUM_MM:.2f} mm, one constant"


def predicted_mm(predictions: Predictions) -> np.ndarray:
    """Return the predicted joints [N, 16, 3] in mm; a pose without unit gets the canonical size."""
    if "predicted_3d_mm" in predictions:
        return predictions["predicted_3d_mm"].astype(np.float64)
    return metrics.scale_bones(crop_joints(predictions), CANONICAL_BONE_SUM_MM)


def predicted_shape(predictions: Predictions) -> np.ndarray:
    """Return the predicted joints [N, 16, 3] in whatever unit they have."""
    if "predicted_3d_mm" in predictions:
        return predictions["predicted_3d_mm"].astype(np.float64)
    return crop_joints(predictions)


def crop_joints(predictions: Predictions) -> np.ndarray:
    """Return the predicted joints [N, 16, 3] in half crop sides, the camera's axes."""
    joints_2d = field(predictions, "predicted_2d_norm")
    depth = field(predictions, "predicted_depth")
    joints = np.concatenate([joints_2d, depth[..., np.newaxis]], axis=-1).astype(np.float64)
    if "off_axis" not in predictions:
        return joints
    off_axis = predictions["off_axis"].astype(np.float64).T[..., np.newaxis]
    return np.stack(line_of_sight.turned(np.moveaxis(joints, -1, 0), off_axis), axis=-1)


def error_2d_norm(predictions: Predictions) -> np.ndarray:
    """Return the 2D distances [N, 16] in half crop sides."""
    predicted = field(predictions, "predicted_2d_norm").astype(np.float64)
    return metrics.distances(predicted, predictions["joints_2d_norm"].astype(np.float64))


def scale_of(predictions: Predictions) -> str:
    """Return how predictions get their size, for a protocol's statement."""
    return "predictions in mm as given" if "predicted_3d_mm" in predictions else ONE_SCALE


def every_nth_frame(predictions: Predictions, step: int) -> tuple[Predictions, str]:
    """Return every `step`-th frame, and words for it; all frames if they have no numbers.

    Raises:
      UserError: if the dataset was prepared with steps that do not meet these.
    """
    if "frame" not in predictions:
        return predictions, f"{len(predictions['key'])} frames, all of the split"
    offset = predictions["frame"] - predictions["frame"].min()
    spacing = math.gcd(*offset.tolist())
    if spacing and step % spacing and spacing % step:
        raise UserError(
            f"every {step}th frame is wanted, the dataset holds every {spacing}th: evaluate on a"
            " config that was built with that step"
        )
    frames = {name: value[offset % step == 0] for name, value in predictions.items()}
    return frames, f"{len(frames['key'])} frames, every {step}th"


def field(predictions: Predictions, name: str) -> np.ndarray:
    """Return a field that not all predictions have.

    Raises:
      UserError: if it is missing.
    """
    if name not in predictions:
        name = "predicted_2d_px" if name == "predicted_2d_norm" else name  # as files have it
        raise UserError(
            f"{name} is wanted, which these predictions or their dataset do not have: choose"
            " another protocol or dataset"
        )
    return predictions[name]


def pelvis_at_zero(joints: np.ndarray) -> np.ndarray:
    """Return joints [N, 16, 3] relative to the pelvis."""
    return joints - joints[:, PELVIS, np.newaxis]


def spine_at_thorax(joints: np.ndarray) -> np.ndarray:
    """Return joints whose thorax is where labels have the spine: between pelvis and upper neck."""
    moved = joints.copy()
    moved[:, THORAX] = (joints[:, PELVIS] + joints[:, UPPER_NECK]) / 2
    return moved


def has_h36m_spine(predictions: Predictions) -> bool:
    """Return whether there are Human3.6M's 17 joints; MPI-INF-3DHP has 17 too, but others."""
    return "joints_3d_17" in predictions and _UNIVERSAL not in predictions


def truth_h36m(predictions: Predictions) -> np.ndarray:
    """Return the true joints [N, 16, 3] in mm, the pelvis at 0.

    Joint 7 is the spine as Human3.6M releases it, which joints_3d does not hold: its thorax is the
    shoulders' mid-point. Without the 17 joints it is the middle of pelvis and upper neck.
    """
    if has_h36m_spine(predictions):
        in_17 = predictions["joints_3d_17"].astype(np.float64)
        return pelvis_at_zero(in_17[:, MPII_16_FROM_H36M_17])
    return pelvis_at_zero(spine_at_thorax(truth_mm(predictions)))


def h36m_17(predictions: Predictions) -> tuple[np.ndarray, np.ndarray, str]:
    """Return predicted and true joints [N, J, 3] in mm, the pelvis first, and words for them.

    J is 17 where the system predicts Human3.6M's joints, else the 16 of the network.
    """
    if "predicted_3d_17_mm" in predictions:
        labelled = field(predictions, "visible_17").all(axis=0)
        truth = field(predictions, "joints_3d_17").astype(np.float64)[:, labelled]
        predicted = predictions["predicted_3d_17_mm"].astype(np.float64)[:, labelled]
        return predicted, truth, f"{labelled.sum()} joints of Human3.6M"
    pelvis_first = [PELVIS, *(joint for joint in range(NUM_JOINTS) if joint != PELVIS)]
    predicted = spine_at_thorax(predicted_mm(predictions))[:, pelvis_first]
    truth = truth_h36m(predictions)[:, pelvis_first]
    return predicted, truth, "16 joints (17 without the nose, which is not predicted)"


def truth_3dhp(predictions: Predictions) -> np.ndarray:
    """Return the true joints [N, 16, 3] in mm: the universal ones where the dataset has both."""
    if _UNIVERSAL in predictions:
        return predictions[_UNIVERSAL].astype(np.float64)[:, MPII_16_FROM_MPI_INF_3DHP_17]
    return truth_mm(predictions)


def has_truth(predictions: Predictions) -> bool:
    """Return whether every frame has 3D labels."""
    return bool(predictions["joints_3d"].any((1, 2)).all())


def truth_mm(predictions: Predictions) -> np.ndarray:
    """Return the true joints [N, 16, 3] in mm, the camera's axes.

    Raises:
      UserError: if a frame has none.
    """
    if not has_truth(predictions):
        raise UserError("3D labels of every frame are wanted: choose a 3D dataset")
    return predictions["joints_3d"].astype(np.float64)
