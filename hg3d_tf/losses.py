"""The three losses of the paper; each returns one value per sample, [B] float32.

How the trainer reduces them: `pose_model.PoseModel.compute_losses`.
"""

from typing import Literal

import tensorflow as tf

from hg3d_tf.skeleton import BONE_GROUPS, JOINT_NAMES, canonical_length_mm

BoneWeighting = Literal["paper_code", "canonical"]
DepthLoss = Literal["squared", "absolute"]

# Ratios of skeleton B that bring shins to thighs and forearms to upper arms (authors' code).
_SHIN_RATIO = 1.0085885098415446
_FOREARM_RATIO = 1.1375361376887123

# Half crop sides: depth errors far below it count by their square in the absolute loss too.
_SMOOTH_BELOW = 0.03


def heatmap_loss(predicted, target) -> tf.Tensor:
    """Return the mean squared error over pixels and joints, [B].

    Args:
      predicted: [B, H, W, 16], the heat maps of one stack.
      target: [B, H, W, 16].
    """
    error = tf.cast(predicted, tf.float32) - tf.cast(target, tf.float32)
    return tf.reduce_mean(tf.square(error), axis=[1, 2, 3])


def heatmap_divergence(predicted, target) -> tf.Tensor:
    """Return the Kullback-Leibler divergence from target to prediction, mean over joints, [B].

    Each map is a distribution over its cells, whatever it sums to; a joint without a target (all
    zeros) has no loss.

    Args:
      predicted: [B, H, W, 16], positive.
      target: [B, H, W, 16].
    """
    predicted, target = (_distributions(maps) for maps in (predicted, target))
    log_ratio = tf.math.log(target + 1e-20) - tf.math.log(predicted + 1e-20)
    return tf.reduce_mean(tf.reduce_sum(target * log_ratio, axis=[1, 2]), axis=1)


def _distributions(maps) -> tf.Tensor:
    maps = tf.cast(maps, tf.float32)
    return maps / tf.maximum(tf.reduce_sum(maps, axis=[1, 2], keepdims=True), 1e-20)


def depth_loss(predicted, target, kind: DepthLoss = "squared") -> tf.Tensor:
    """Return the mean over joints of the error, [B].

    Args:
      predicted: [B, 16] depth relative to the root, in half crop sides.
      target: [B, 16], the same.
      kind: "squared" is the paper's. "absolute" asks for the median of the depths that a photo
        allows, not for their mean; it is smooth at 0 (Charbonnier et al., ICIP 1994).
    """
    error = tf.square(tf.cast(predicted, tf.float32) - tf.cast(target, tf.float32))
    if kind == "absolute":
        error = tf.sqrt(error + _SMOOTH_BELOW**2) - _SMOOTH_BELOW
    return tf.reduce_mean(error, axis=1)


def geometry_loss(
    joints_2d_norm, depth, visible, weighting: BoneWeighting = "paper_code"
) -> tf.Tensor:
    """Return how far bone length ratios are from constant within each bone group, [B].

    L_geo = sum_i 1/|R_i| sum_{e in R_i} (l_e / lbar_e - rbar_i)^2, rbar_i the mean over the group.
    l_e takes x and y from the labels and z from the predicted depth. A bone with an unlabelled
    end, or without length (its gradient is not finite), is left out of its group.

    Args:
      joints_2d_norm: [B, 16, 2] labels in [-1, 1] over the crop.
      depth: [B, 16] predicted, the same unit.
      visible: [B, 16] bool, the joint has a 2D label.
      weighting: "paper_code" divides as the authors' code does: within each group lengths are
        expressed in units of a reference bone (thigh, upper arm), so 1/lbar is 1.0086 for shins,
        1.1375 for forearms and 1 for the rest. "canonical" divides by the lengths of the
        canonical skeleton, normalised to mean 1 within each group.
    """
    joints = tf.concat(
        [tf.cast(joints_2d_norm, tf.float32), tf.cast(depth, tf.float32)[..., tf.newaxis]], axis=-1
    )
    return tf.add_n(
        [
            _group_variance(joints, visible, bones, _inverse_lengths(bones, weighting))
            for bones in BONE_GROUPS.values()
        ]
    )


def _group_variance(joints, visible, bones, inverse_lengths) -> tf.Tensor:
    start, end = zip(*bones, strict=True)
    difference = tf.gather(joints, start, axis=1) - tf.gather(joints, end, axis=1)
    squared = tf.reduce_sum(tf.square(difference), axis=-1)
    used = tf.gather(visible, start, axis=1) & tf.gather(visible, end, axis=1) & (squared > 0)
    # The mask goes inside the root: behind it, the gradient of sqrt(0) would still be 0 * inf.
    ratio = tf.sqrt(tf.where(used, squared, 1.0)) * tf.constant(inverse_lengths, tf.float32)
    return _masked_variance(ratio, tf.cast(used, tf.float32))


def _masked_variance(values, weights) -> tf.Tensor:
    count = tf.maximum(tf.reduce_sum(weights, axis=1), 1.0)
    mean = tf.reduce_sum(values * weights, axis=1) / count
    deviation = (values - mean[:, tf.newaxis]) * weights
    return tf.reduce_sum(tf.square(deviation), axis=1) / count


def _inverse_lengths(bones, weighting: BoneWeighting) -> list[float]:
    if weighting == "canonical":
        lengths = [canonical_length_mm(bone) for bone in bones]
        return [sum(lengths) / len(lengths) / length for length in lengths]
    if weighting == "paper_code":
        return [_paper_code_factor(bone) for bone in bones]
    raise ValueError(f"weighting is {weighting!r}, must be 'paper_code' or 'canonical'")


def _paper_code_factor(bone) -> float:
    ends = {JOINT_NAMES[joint][2:] for joint in bone}
    if ends == {"ankle", "knee"}:
        return _SHIN_RATIO
    return _FOREARM_RATIO if ends == {"wrist", "elbow"} else 1.0
