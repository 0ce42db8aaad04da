"""Evaluation protocols by name: each turns predictions beside their labels into one table row."""

import dataclasses
import math
from collections.abc import Callable

import numpy as np

from hg3d_tf import metrics, poster
from hg3d_tf import protocol_inputs as inputs
from hg3d_tf.cli import UserError
from hg3d_tf.protocol_inputs import Predictions
from hg3d_tf.skeleton import (
    BONE_GROUPS,
    CANONICAL_BONE_SUM_MM,
    LIMB_JOINTS,
    PELVIS,
    SYMMETRY_PAIRS,
    UPPER_NECK,
    bone_lengths,
    joint_index,
)

# The poster's names of actions where they differ from the dataset's.
_ACTION_NAMES = {"WalkPair": "WalkTogether"}
# The poster's columns by the dataset's scenes.
_SCENES = {
    "Studio GS": "studio_green_screen",
    "Studio no GS": "studio",
    "Outdoor": "outdoor",
}
_SYMMETRY_CROP_PX = 256  # the crop that symmetry in px refers to, whatever the network's input
_AUC_THRESHOLDS_MM = np.arange(0, 151, 5)
_BOX = "ground-truth box"


@dataclasses.dataclass(frozen=True)
class Result:
    """What a protocol found.

    Attributes:
      values: by column; NaN where no frame belongs to a column.
      statement: frames, joints, root, scale, box.
      poster: name of the poster's table with the same columns, "" if there is none.
      decimals: of the values in tables.
    """

    values: dict[str, float]
    statement: str
    poster: str = ""
    decimals: int = 1


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
        f" {inputs.ONE_SCALE} for all people; {_BOX}"
    )
    return Result(_by_action(error, frames), statement, "h36m", decimals=2)


def h36m_p1(predictions: Predictions) -> Result:
    """Measure protocol 1 as later papers do: every 64th frame, 17 joints, pelvis aligned."""
    frames, count = inputs.every_nth_frame(predictions, 64)
    predicted, truth, joints = inputs.h36m_17(frames)
    error = metrics.distances(predicted - predicted[:, :1], truth - truth[:, :1]).mean(axis=1)
    statement = (
        f"{count}; MPJPE in mm over {joints}, the root included; pelvis aligned;"
        f" {inputs.scale_of(frames)}; {_BOX}"
    )
    return Result(_by_action(error, frames), statement, decimals=2)


def h36m_pa(predictions: Predictions) -> Result:
    """Measure as `h36m_p1`, each frame turned, moved and scaled onto its truth."""
    frames, count = inputs.every_nth_frame(predictions, 64)
    predicted, truth, joints = inputs.h36m_17(frames)
    statement = (
        f"{count}; P-MPJPE in mm over {joints}; each frame aligned by rotation, translation and"
        f" scale; {_BOX}"
    )
    error = metrics.p_mpjpe(predicted, truth)
    return Result(_by_action(error, frames), statement, decimals=2)


def mpii_pckh(predictions: Predictions) -> Result:
    """Measure PCKh@0.5 by joint: nearer than half the head size, 0.6 of the head box's diagonal."""
    head_px = inputs.field(predictions, "head_box_size_px").astype(np.float64)
    error_px = inputs.error_2d_norm(predictions) * predictions["crop_side"][:, np.newaxis] / 2
    known = head_px > 0
    counted = predictions["visible"] & known[:, np.newaxis]
    near = error_px < 0.5 * head_px[:, np.newaxis]
    by_joint = 100 * metrics.pck_by_joint(near, counted)
    columns = ("head", "shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    values = {name: _mean_of_known(by_joint[_joints_of(name)]) for name in columns}
    values["mean"] = _mean_of_known(by_joint[inputs.SCORED_JOINTS])
    statement = (
        f"{known.sum()} people; PCKh@0.5 in percent of labelled joints; head = upper neck and head"
        " top; the mean is the plain mean over 14 joints, without pelvis and thorax;"
        f" {_BOX}"
    )
    return Result(values, statement)


def mpi_inf_3dhp_official(predictions: Predictions) -> Result:
    """Measure PCK < 150 mm and AUC by scene as the dataset's own script: pelvis aligned only."""
    predicted = inputs.pelvis_at_zero(inputs.predicted_mm(predictions))
    truth = inputs.pelvis_at_zero(inputs.truth_3dhp(predictions))
    error = metrics.distances(predicted, truth)[:, inputs.SCORED_JOINTS]
    values = _by_scene(error, error < 150.0, predictions)
    statement = (
        f"{len(error)} frames; PCK in percent nearer than 150 mm, AUC over 0, 5, ..., 150 mm, over"
        f" 14 joints, without pelvis and thorax; pelvis aligned; {inputs.scale_of(predictions)};"
        f" {_BOX}"
    )
    return Result(values, statement, "mpi_inf_3dhp")


def mpi_inf_3dhp_paper(predictions: Predictions) -> Result:
    """Measure as the authors do: hips moved up, scaled to each frame's true bone sum, <= 150 mm.

    Pelvis and hips move together, by 0.2 of the way from the pelvis to the upper neck, so that the
    hips keep their width (src/util/pose-hgreg-3d.lua of github.com/xingyizhou/pose-hg-3d).
    """
    truth = inputs.truth_3dhp(predictions)
    moved = inputs.predicted_shape(predictions).copy()
    lower = [PELVIS, joint_index("r_hip"), joint_index("l_hip")]
    moved[:, lower] += 0.2 * (moved[:, [UPPER_NECK]] - moved[:, [PELVIS]])
    moved = metrics.scale_bones(inputs.spine_at_thorax(moved), bone_lengths(truth).sum(axis=1))
    error = metrics.distances(inputs.pelvis_at_zero(moved), inputs.pelvis_at_zero(truth))
    error = error[:, inputs.SCORED_JOINTS]
    values = _by_scene(error, error <= 150.0, predictions)
    statement = (
        f"{len(error)} frames; PCK in percent within 150 mm, AUC over 0, 5, ..., 150 mm, over 14"
        " joints, without pelvis and thorax; predicted pelvis and hips moved by 0.2 of the way from"
        " pelvis to upper neck; scaled to the true bone sum of each frame; pelvis aligned;"
        f" {_BOX}"
    )
    return Result(values, statement, "mpi_inf_3dhp")


def bone_symmetry(predictions: Predictions) -> Result:
    """Measure how much left and right limbs differ in length: in mm, or crop px on 2D sets."""
    has_truth = predictions["joints_3d"].any()
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
        f" {scale}; {_BOX}"
    )
    return Result(values, statement, f"symmetry_{unit}", decimals=1 if has_truth else 2)


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
        "MPJPE at true scale": _mean(error),
        "scale ratio": float(constant_scale.mean() / true_scale.mean()),
        "sign %": 100 * _mean((predicted * true > 0)[steep]),
        "size ratio": float(np.sqrt(np.square(predicted).mean() / np.square(true).mean())),
    }
    statement = (
        f"{len(joints)} frames; MPJPE in mm over 16 joints, pelvis aligned, each frame at its true"
        " weak-perspective scale; mean scale by the constant bone sum over the mean true one; share"
        " of bones of the geometry loss steeper than 0.1 half crop sides with the right sign of"
        f" depth; root mean square of their depth over the true one; {_BOX}"
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
    upright = _texts(inputs.field(predictions, "pose_kind")) == "upright"
    values = {}
    for kind, rows in (("upright", upright), ("all", np.full(len(truth), True))):
        values |= {f"{kind} {name}": _mean(error[rows]) for name, error in errors.items()}
        scored = own_size_error[rows][:, inputs.SCORED_JOINTS]
        values[f"{kind} PCK3D"] = 100 * _mean(scored < 150.0)
        values[f"{kind} AUC"] = 100 * metrics.auc(scored, _AUC_THRESHOLDS_MM)
    statement = (
        f"{upright.sum()} upright of {len(truth)} frames; mm over 16 joints; pelvis aligned;"
        f" MPJPE: {inputs.scale_of(predictions)}; at own size: scaled to the true bone sum of each"
        " frame; P-MPJPE: aligned by rotation, translation and scale; PCK3D in percent nearer than"
        " 150 mm and AUC over 0, 5, ..., 150 mm at own size, over 14 joints, without pelvis and"
        f" thorax; {_BOX}"
    )
    return Result(values, statement)


def _pelvis_aligned_error(predicted, truth) -> np.ndarray:
    """Return the distance of each joint [N, 16]."""
    aligned = inputs.pelvis_at_zero(predicted) - inputs.pelvis_at_zero(truth)
    return np.linalg.norm(aligned, axis=-1)


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
        f" wrists; {_BOX}"
    )
    return Result(values, statement)


PROTOCOLS: dict[str, Callable[[Predictions], Result]] = {
    function.__name__: function
    for function in (
        h36m_paper,
        h36m_p1,
        h36m_pa,
        mpii_pckh,
        mpi_inf_3dhp_official,
        mpi_inf_3dhp_paper,
        bone_symmetry,
        depth_quality,
        by_pose,
        pck_box,
    )
}


def evaluate(name: str, predictions: Predictions) -> Result:
    """Return the result of the protocol called `name`.

    Raises:
      UserError: for an unknown protocol, or where labels or predictions lack what it needs.
    """
    if name not in PROTOCOLS:
        raise UserError(f"protocol {name!r} is unknown; there are {', '.join(PROTOCOLS)}")
    try:
        return PROTOCOLS[name](predictions)
    except UserError as error:
        raise UserError(f"protocol {name}: {error}") from error


def _by_action(error, predictions) -> dict[str, float]:
    """Return the mean of each action and the mean over all frames."""
    actions = _texts(predictions["action"]) if "action" in predictions else np.full(len(error), "")
    means = {
        name: _mean(error[actions == _ACTION_NAMES.get(name, name)])
        for name in poster.columns("h36m")[:-1]
    }
    return means | {"Average": _mean(error)}


def _by_scene(error, correct, predictions) -> dict[str, float]:
    scenes = _texts(predictions["scene"]) if "scene" in predictions else np.full(len(error), "")
    values = {title: 100 * _mean(correct[scenes == scene]) for title, scene in _SCENES.items()}
    area = metrics.auc(error, _AUC_THRESHOLDS_MM)
    return values | {"All PCK": 100 * _mean(correct), "AUC": 100 * area}


def _texts(values) -> np.ndarray:
    return np.array([v.decode() if isinstance(v, bytes) else str(v) for v in values.tolist()])


def _mean(values) -> float:
    return float(values.mean()) if values.size else math.nan


def _mean_of_known(values) -> float:
    return _mean(values[~np.isnan(values)])


def _box_side_norm(predictions) -> np.ndarray:
    """Return the longer side [N] of the labelled joints' box in half crop sides."""
    joints = predictions["joints_2d_norm"].astype(np.float64)
    visible = predictions["visible"][..., np.newaxis]
    high = np.where(visible, joints, -np.inf).max(axis=1)
    return (high - np.where(visible, joints, np.inf).min(axis=1)).max(axis=-1)


def _joints_of(part: str) -> list[int]:
    names = ("upper_neck", "head_top") if part == "head" else (f"r_{part}", f"l_{part}")
    return [joint_index(name) for name in names]
