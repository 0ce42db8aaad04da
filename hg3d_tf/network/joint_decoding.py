"""From the network's outputs to joints. Shared by evaluation, prediction and export."""

import tensorflow as tf

from hg3d_tf.network import confidence
from hg3d_tf.network.confidence import Knots
from hg3d_tf.skeleton import (
    BONES,
    CANONICAL_BONE_SUM_MM,
    CANONICAL_SHARES,
    PELVIS,
    bone_weights,
)

# Of the mean round a peak, in sides of the map; chosen on LSPET's validation photos, see
# experiments/results/photos.md.
_MEAN_REACH = 1 / 8


def decode_heatmaps(
    heatmaps, kind: str = "linear", knots: Knots = ()
) -> tuple[tf.Tensor, tf.Tensor]:
    """Find each joint.

    Args:
      heatmaps: [B, H, W, 16] of the last stack.
      kind: `ModelConfig.heatmaps`. linear: the arg-max, a quarter cell towards the higher neighbour
        on each axis. softmax, maps being distributions: the mean of the cells round the arg-max,
        which of a broad or torn map is nearer to the truth than its highest cell.
      knots: `ModelConfig.confidence_knots`.

    Returns:
      joints_2d_norm [B, 16, 2] in [-1, 1] over the crop, and the confidence [B, 16]: what the
      knots make of the peak's height; without knots that height.
    """
    height, width, joints = heatmaps.shape[1:]
    flat = tf.reshape(heatmaps, [-1, height * width, joints])
    peak = tf.argmax(flat, axis=1, output_type=tf.int32)
    x, y = peak % width, peak // width
    if kind == "softmax":
        x_cells, y_cells = _mean_around(heatmaps, x, y)
    else:
        x_cells, y_cells = _towards_higher_neighbours(flat, x, y, width, height)
    joints_2d_norm = tf.stack([x_cells * 2 / width - 1, y_cells * 2 / height - 1], axis=-1)
    return joints_2d_norm, confidence.from_peaks(tf.reduce_max(flat, axis=1), knots)


def _towards_higher_neighbours(flat, x, y, width: int, height: int):
    def value(x, y):
        index = tf.clip_by_value(y, 0, height - 1) * width + tf.clip_by_value(x, 0, width - 1)
        return tf.gather(tf.transpose(flat, [0, 2, 1]), index, axis=2, batch_dims=2)

    # A peak at the border has no neighbour on one side and stays where it is.
    x_shift = tf.where((x > 0) & (x < width - 1), tf.sign(value(x + 1, y) - value(x - 1, y)), 0.0)
    y_shift = tf.where((y > 0) & (y < height - 1), tf.sign(value(x, y + 1) - value(x, y - 1)), 0.0)
    x_cells = tf.cast(x, tf.float32) + 0.5 + 0.25 * x_shift
    y_cells = tf.cast(y, tf.float32) + 0.5 + 0.25 * y_shift
    return x_cells, y_cells


def _mean_around(heatmaps, x, y):
    """Return the mean place [B, 16] in x and y over a square of cells round cell x, y [B, 16].

    Where there is nothing, which rounding can leave of a broad map, it is that cell itself.
    """
    height, width = heatmaps.shape[1:3]
    reach = _MEAN_REACH * max(height, width)

    def near(center, size):
        cells = tf.range(size, dtype=tf.float32)[:, tf.newaxis]
        distance = tf.abs(cells - tf.cast(center, tf.float32)[:, tf.newaxis])
        return tf.cast(distance <= reach, tf.float32)  # [B, size, 16]

    def mean(weights, center):
        cells = tf.range(weights.shape[1], dtype=tf.float32)[:, tf.newaxis] + 0.5
        total = tf.reduce_sum(weights, axis=1)
        found = tf.math.divide_no_nan(tf.reduce_sum(weights * cells, axis=1), total)
        return tf.where(total > 0, found, tf.cast(center, tf.float32) + 0.5)

    inside = heatmaps * near(y, height)[:, :, tf.newaxis] * near(x, width)[:, tf.newaxis]
    return mean(tf.reduce_sum(inside, axis=1), x), mean(tf.reduce_sum(inside, axis=2), y)


def decode_outputs(outputs, kind: str, knots: Knots = ()) -> dict[str, tf.Tensor]:
    """Return the poses in a network's outputs, independent of the crop's size and place.

    Args:
      outputs: of `PoseModel`.
      kind, knots: see `decode_heatmaps`.

    Returns:
      joints_3d [B, 16, 3] mm from `to_canonical_mm`, by the confidence; joints_3d_crop [B, 16, 3]
      from `join_depth`; confidence [B, 16].
    """
    joints_2d_norm, confidences = decode_heatmaps(outputs["heatmaps"][-1], kind, knots)
    joints = join_depth(joints_2d_norm, outputs["depth"])
    return {
        "joints_3d": to_canonical_mm(joints, confidences),
        "joints_3d_crop": joints,
        "confidence": confidences,
    }


def join_depth(joints_2d_norm, depth) -> tf.Tensor:
    """Return [B, 16, 3]: x, y, z in half crop sides (weak perspective: one scale for all)."""
    return tf.concat([joints_2d_norm, depth[..., tf.newaxis]], axis=-1)


def bone_scale(joints, bone_sum_mm=CANONICAL_BONE_SUM_MM, confidence=None) -> tf.Tensor:
    """Return [B]: mm per unit of joints [B, 16, 3] if their 14 bones sum to `bone_sum_mm`.

    Args:
      joints: in any one unit.
      bone_sum_mm: of all, or [B].
      confidence: [B, 16], with which those bones count that are seen, see
        `skeleton.canonical_scale`; without it all count alike.
    """
    start, end = zip(*BONES, strict=True)
    lengths = tf.norm(tf.gather(joints, start, axis=1) - tf.gather(joints, end, axis=1), axis=-1)
    if confidence is not None:
        ends = (tf.gather(confidence, joint, axis=1) for joint in (start, end))
        weights = bone_weights(*ends)
        lengths *= weights
        bone_sum_mm *= tf.linalg.matvec(weights, tf.constant(CANONICAL_SHARES, weights.dtype))
    return bone_sum_mm / tf.maximum(tf.reduce_sum(lengths, axis=1), 1e-6)


def to_canonical_mm(joints, confidence=None) -> tf.Tensor:
    """Scale joints to the canonical skeleton's bone lengths; put the pelvis at 0.

    Args:
      joints: [B, 16, 3] in any one unit.
      confidence: [B, 16], see `bone_scale`; without it all bones count.

    Returns:
      [B, 16, 3] mm, relative to the pelvis.
    """
    joints = tf.convert_to_tensor(joints, tf.float32)
    scale = bone_scale(joints, confidence=confidence)[:, tf.newaxis, tf.newaxis]
    return from_pelvis(joints) * scale


def from_pelvis(joints) -> tf.Tensor:
    """Return joints [B, 16, 3] relative to the pelvis."""
    return joints - joints[:, PELVIS : PELVIS + 1]
