"""What the network learns to output: heat maps and normalised depth."""

import tensorflow as tf

from hg3d_tf.skeleton import BONES, THORAX


def draw_heatmaps(
    joints_2d_norm, visible, size: int, sigma: float = 1.0, outside_sigma: float = 0.0
) -> tf.Tensor:
    """Draw one Gaussian of peak 1 per joint, centred on the cell that holds the joint.

    Args:
      joints_2d_norm: [B, 16, 2] in [-1, 1] over the crop.
      visible: [B, 16] bool.
      size: number of cells along each side.
      sigma: of the Gaussian, in cells; beyond 3 sigma on either axis it is cut to 0.
      outside_sigma: of a joint that lies outside, centred on the nearest cell; 0 draws none. For
        maps that are distributions a broad one says: there, or beyond.

    Returns:
      [B, size, size, 16] float32; all zero for a joint that has no label, or lies outside and is
      not drawn there.
    """
    cell = tf.floor((joints_2d_norm + 1.0) * (size / 2.0))
    inside = tf.reduce_all((cell >= 0) & (cell < size), axis=-1)
    drawn = visible if outside_sigma else inside & visible
    sigmas = tf.where(inside, sigma, outside_sigma or sigma)
    cell = tf.clip_by_value(cell, 0.0, size - 1.0)
    offset = tf.range(size, dtype=tf.float32)[:, tf.newaxis, tf.newaxis]  # [size, 1, 1]
    # The Gaussian is separable: one profile per axis [B, size, 16], then their product.
    distance = offset - tf.transpose(cell, [2, 0, 1])[:, tf.newaxis]  # [xy, size, B, 16]
    profile = tf.exp(-tf.square(distance) / (2 * sigmas**2))
    profile = tf.where(tf.abs(distance) <= 3 * sigmas, profile, 0.0)
    x, y = tf.unstack(tf.transpose(profile, [0, 2, 1, 3]))
    y *= tf.cast(drawn, tf.float32)[:, tf.newaxis]
    return y[:, :, tf.newaxis] * x[:, tf.newaxis]


def normalized_depth(joints_3d, joints_2d_px, side_px: float) -> tf.Tensor:
    """Return the depth label of each joint: z relative to the thorax, in half crop sides.

    Millimetres become crop pixels by the ratio of the summed bone lengths in the image to those
    in the camera frame, x and y only: the weak-perspective scale of the person.

    Args:
      joints_3d: [..., 16, 3] mm in the camera frame.
      joints_2d_px: [..., 16, 2] px in the crop.
      side_px: side of the crop.

    Returns:
      [..., 16] float32, about [-1, 1].
    """
    scale = _summed_lengths(joints_2d_px) / tf.maximum(_summed_lengths(joints_3d[..., :2]), 1e-6)
    z = joints_3d[..., 2] - joints_3d[..., THORAX, 2, tf.newaxis]
    return z * scale[..., tf.newaxis] / (side_px / 2)


def _summed_lengths(joints) -> tf.Tensor:
    start, end = zip(*BONES, strict=True)
    bones = tf.gather(joints, start, axis=-2) - tf.gather(joints, end, axis=-2)
    return tf.reduce_sum(tf.norm(bones, axis=-1), axis=-1)
