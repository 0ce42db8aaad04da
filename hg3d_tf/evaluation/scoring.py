"""Predictions of a network on a split, and the metrics of them."""

import math
from collections.abc import Mapping

import numpy as np
import tensorflow as tf
from tqdm import tqdm

from hg3d_tf.cli import UserError
from hg3d_tf.data import input_pipeline
from hg3d_tf.data.bad_records import BadRecords
from hg3d_tf.evaluation import metrics
from hg3d_tf.evaluation.protocols import inputs
from hg3d_tf.evaluation.protocols.inputs import Predictions
from hg3d_tf.network import joint_decoding
from hg3d_tf.network.pose_model import PoseModel
from hg3d_tf.skeleton import CANONICAL_BONE_SUM_MM

PROTOCOL = (
    "all frames of the split, 16 joints (pck3d: 14, without pelvis and thorax); pelvis aligned;"
    " predictions scaled to a bone sum of 4296.99 mm, one constant for all people; ground-truth"
    " box"
)


def predict_split(
    model: PoseModel, batches: tf.data.Dataset, title: str = "", predict=None
) -> Predictions:
    """Run the network over evaluation batches.

    Args:
      model: the network.
      batches: from `input_pipeline.evaluation_batches`.
      title: of the progress bar.
      predict: the model's `prediction_function`, for who evaluates more than once.

    Returns:
      the fields of the batches without their images and padding (off_axis only for a network whose
      depth is along the line of sight), and what was predicted: predicted_2d_norm [N, 16, 2],
      predicted_depth [N, 16] and confidence [N, 16].
    """
    predict = predict or prediction_function(model)
    strategy = model.distribute_strategy
    predictions = collect(
        batches, lambda batch: _run_on_replicas(strategy, predict, batch["image"]), title
    )
    return predictions if model.config.line_of_sight else _along_the_axis(predictions)


def _along_the_axis(predictions: Predictions) -> Predictions:
    """Return predictions whose depth is along the camera's axis wherever the crop is."""
    return {name: value for name, value in predictions.items() if name != "off_axis"}


def prediction_function(model: PoseModel, flip_test: bool | None = None):
    """Return the compiled function from images [B, S, S, 3] to what `predict_split` adds.

    Args:
      model: the network.
      flip_test: instead of what its configuration says.
    """

    config = model.config

    @tf.function(autograph=False)
    def predict(image):
        outputs = model.infer(image, flip_test)
        joints_2d_norm, confidence = joint_decoding.decode_heatmaps(
            outputs["heatmaps"][-1], config.heatmaps, config.confidence_knots
        )
        return {
            "predicted_2d_norm": joints_2d_norm,
            "predicted_depth": outputs["depth"],
            "confidence": confidence,
        }

    return predict


def _run_on_replicas(strategy: tf.distribute.Strategy, predict, image) -> dict[str, tf.Tensor]:
    """Share a batch of any size among the replicas; return their outputs in its order."""
    replicas, count = strategy.num_replicas_in_sync, len(image)
    if replicas == 1:
        return predict(image)
    padding = tf.repeat(image[-1:], -count % replicas, axis=0)
    shares = tf.split(tf.concat([image, padding], axis=0), replicas)
    share = strategy.experimental_distribute_values_from_function(
        lambda context: shares[context.replica_id_in_sync_group]
    )
    outputs = strategy.run(predict, args=(share,))
    return {
        name: tf.concat(strategy.experimental_local_results(value), axis=0)[:count]
        for name, value in outputs.items()
    }


def collect(batches: tf.data.Dataset, run, title: str = "") -> Predictions:
    """Join what `run` makes of each batch with the batch's own fields; drop the padding.

    Raises:
      UserError: if there is no batch.
    """
    rows = []
    for batch in tqdm(batches, desc=title, unit="batch", leave=False, disable=None):
        fields = {name: value for name, value in batch.items() if name != "image"} | run(batch)
        keep = batch["valid"].numpy()
        rows.append({name: value.numpy()[keep] for name, value in fields.items()})
    if not rows:
        raise UserError(f"{title or 'the split'}: no example can be read; build the dataset again")
    return {name: np.concatenate([row[name] for row in rows]) for name in rows[0]}


def load_labels(
    name: str, split: str, size: int, data_dir: str, max_bad_fraction: float = 0.01
) -> Predictions:
    """Return the fields of a split's evaluation batches without images, for crops of `size` px."""
    bad_records = BadRecords(max_bad_fraction)
    batches = input_pipeline.evaluation_batches(
        name, split, size, 64, data_dir, images=False, bad_records=bad_records
    )
    with bad_records.stop_as_user_error():
        return _along_the_axis(collect(batches, lambda batch: {}, f"labels of {name}"))


def mean_pose(
    mix: Mapping[str, float], size: int, data_dir: str, max_bad_fraction: float = 0.01
) -> tuple[np.ndarray, np.ndarray]:
    """Return the mean of the training labels of a mix: joints_2d_norm [16, 2] and depth [16].

    The baseline that knows nothing of the image. Means are over labelled joints and, for depth,
    over samples that training may use the depth of; NaN where there are none.
    """
    joints, depths = [], []  # and their weights
    for name, weight in mix.items():
        labels = load_labels(name, "train", size, data_dir, max_bad_fraction)
        each = weight / len(labels["key"])
        joints.append((labels["joints_2d_norm"], each * labels["visible"][..., np.newaxis]))
        depths.append((labels["depth"], each * labels["has_depth"][..., np.newaxis]))
    return _weighted_mean(joints), _weighted_mean(depths)


def _weighted_mean(parts) -> np.ndarray:
    """Return the mean over the first axis of values and weights; NaN where all weights are 0."""
    values, weights = (np.concatenate(part) for part in zip(*parts, strict=True))
    total = np.broadcast_to(weights.sum(axis=0), values.shape[1:])
    known = np.where(weights > 0, values, 0)
    nothing = np.full(total.shape, np.nan)
    return np.divide((weights * known).sum(axis=0), total, out=nothing, where=total > 0)


def with_constant_pose(predictions: Predictions, pose) -> Predictions:
    """Return the predictions with one pose (joints_2d_norm, depth) for every frame.

    Nothing else that was predicted stays. Where a mix of 2D labels alone knows no depth
    predicted_depth is missing.
    """
    count = len(predictions["key"])
    joints_2d_norm, depth = (np.repeat(part[np.newaxis], count, axis=0) for part in pose)
    constant = {"predicted_2d_norm": joints_2d_norm}
    if not np.isnan(depth).any():
        constant["predicted_depth"] = depth
    labels = {
        name: value
        for name, value in predictions.items()
        if name != "confidence" and not name.startswith("predicted_")
    }
    return _along_the_axis(labels) | constant


def summarize(predictions: Predictions, size: int) -> dict[str, float]:
    """Return the metrics of `PROTOCOL`.

    Args:
      predictions: from `predict_split`.
      size: px of the crop that the labels refer to.

    Returns:
      pck_box_010: share of labelled joints within 0.1 of the longer side of the person's box.
      mpjpe_mm, pck3d_150 (share of joints within 150 mm): NaN where a frame has no 3D truth.
      symmetry_mm: left-right difference of the predicted limbs' lengths.
    """
    error_px = inputs.error_2d_norm(predictions) * size / 2
    relative = error_px / predictions["person_side"][:, np.newaxis]
    predicted = metrics.scale_bones(inputs.crop_joints(predictions), CANONICAL_BONE_SUM_MM)
    predicted = inputs.pelvis_at_zero(predicted)
    truth = inputs.pelvis_at_zero(predictions["joints_3d"].astype(np.float64))
    distances = metrics.distances(predicted, truth)
    symmetry = metrics.symmetry_errors(predicted)
    in_3d = {
        "mpjpe_mm": float(distances.mean()),
        "pck3d_150": metrics.pck(distances[:, inputs.SCORED_JOINTS], 150.0),
    }
    return {
        "pck_box_010": metrics.pck(relative, 0.1, predictions["visible"]),
        **(in_3d if inputs.has_truth(predictions) else dict.fromkeys(in_3d, math.nan)),
        "symmetry_mm": float(np.mean(list(symmetry.values()))),
    }
