"""How symmetric the predicted skeletons are; it needs no labels."""

import numpy as np

from hg3d_tf.evaluation import metrics
from hg3d_tf.evaluation.protocols import inputs
from hg3d_tf.evaluation.protocols.inputs import Predictions
from hg3d_tf.evaluation.protocols.result import BOX, Result
from hg3d_tf.skeleton import SYMMETRY_PAIRS

_SYMMETRY_CROP_PX = 256  # the crop that symmetry in px refers to, whatever the network's input


def bone_symmetry(predictions: Predictions) -> Result:
    """Measure how much left and right limbs differ in length: in mm on 3D sets, else in crop px."""
    has_truth = inputs.has_truth(predictions)
    if has_truth:
        joints = inputs.predicted_mm(predictions)
        unit, scale = "mm", inputs.scale_of(predictions)
    else:
        joints = inputs.crop_joints(predictions) * (_SYMMETRY_CROP_PX / 2)
        unit, scale = "px", f"px of a crop of {_SYMMETRY_CROP_PX}"
    values = {k: float(v.mean()) for k, v in metrics.symmetry_errors(joints).items()}
    values["mean"] = float(np.mean([values[name] for name in SYMMETRY_PAIRS]))
    statement = (
        f"{len(joints)} frames; mean absolute left-right difference of bone lengths in {unit};"
        f" {scale}; {BOX}"
    )
    return Result(values, statement, f"symmetry_{unit}", decimals=1 if has_truth else 2)
