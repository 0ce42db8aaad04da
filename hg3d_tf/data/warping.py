"""The warp of an image by a matrix: TensorFlow's op, that of addons, or OpenCV."""

import functools
import importlib.util
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from hg3d_tf.data import at_exit
from hg3d_tf.data.addons import tfa

# Image [H, W, 3] uint8, 3x3 matrix from crop px to image px, size -> [size, size, 3] float32.
Warp = Callable[[tf.Tensor, tf.Tensor, int], tf.Tensor]


def warp(image, matrix, size: int) -> tf.Tensor:
    """Sample `image` [H, W, 3] at matrix @ crop px: [size, size, 3] float32.

    Bilinear; black where that is outside of the image.
    """
    matrix = _between_pixel_centres(matrix)
    transform = tf.reshape(matrix / matrix[2, 2], [9])[:8]
    return transform_image(tf.cast(image, tf.float32), transform, size)


def warp_opencv(image, matrix, size: int) -> tf.Tensor:
    """Warp a uint8 image with OpenCV: a tenth of the time.

    As `warp` but for rounding, of the grey value and of the place sampled to 1/32 px. It runs in
    Python: for the input pipeline, not for graphs that are exported.
    """
    at_exit.free_iterators_at_exit()
    affine = _between_pixel_centres(matrix)[:2]
    warped = tf.numpy_function(
        functools.partial(_warp_affine, size=size), [image, affine], tf.uint8, stateful=False
    )
    return tf.cast(tf.ensure_shape(warped, [size, size, 3]), tf.float32)


def _warp_affine(image: np.ndarray, affine: np.ndarray, size: int) -> np.ndarray:
    import cv2

    cv2.setNumThreads(1)  # tf.data's own threads are enough
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    return cv2.warpAffine(image, affine, (size, size), flags=flags)


# What training uses.
fastest_warp = warp_opencv if importlib.util.find_spec("cv2") else warp


def _between_pixel_centres(matrix) -> tf.Tensor:
    """Change to coordinates that are whole at the pixels' centres; ours are at their corners."""
    half = tf.constant([[1.0, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    inverse_half = tf.constant([[1.0, 0, -0.5], [0, 1, -0.5], [0, 0, 1]])
    return inverse_half @ matrix @ half


def transform_image_core(image, transform, size: int) -> tf.Tensor:
    """Warp with TensorFlow's own op; see `transform_image`."""
    warped = tf.raw_ops.ImageProjectiveTransformV3(
        images=image[tf.newaxis],
        transforms=transform[tf.newaxis],
        output_shape=[size, size],
        interpolation="BILINEAR",
        fill_mode="CONSTANT",
        fill_value=0.0,
    )
    return tf.ensure_shape(warped[0], [size, size, 3])


def transform_image_addons(image, transform, size: int) -> tf.Tensor:
    """Warp with tensorflow-addons; see `transform_image`."""
    warped = tfa.image.transform(
        image, transform, interpolation="bilinear", output_shape=[size, size]
    )
    return tf.ensure_shape(warped, [size, size, 3])


# [H, W, 3] float32, 8 numbers that map output to input pixels, size -> [size, size, 3].
transform_image = transform_image_addons if tfa else transform_image_core
