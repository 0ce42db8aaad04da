"""The flip test: what a network says of an image and of its mirror image, averaged."""

import tensorflow as tf

from hg3d_tf.skeleton import MIRROR


def mean_with_mirrored(network, images) -> dict[str, tf.Tensor]:
    """Return the mean of a network's outputs for images and, mirrored back, for mirror images.

    Args:
      network: images [N, S, S, 3] -> {"heatmaps": [[N, H, W, 16], ...], "depth": [N, 16]}.
      images: [B, S, S, 3].
    """
    outputs = network(tf.concat([images, tf.reverse(images, axis=[2])], axis=0))
    return {
        "heatmaps": [_mean(maps, mirrored_axes=[2]) for maps in outputs["heatmaps"]],
        "depth": _mean(outputs["depth"]),
    }


def _mean(values, mirrored_axes=()) -> tf.Tensor:
    """Return the mean of a batch's halves; the second is mirrored, its last axis are joints."""
    values, mirrored = tf.split(values, 2)
    if mirrored_axes:
        mirrored = tf.reverse(mirrored, axis=mirrored_axes)
    return (values + tf.gather(mirrored, MIRROR, axis=-1)) / 2
