"""The warp of an image by a matrix, its grey values scaled: TensorFlow's op, addons' or OpenCV."""

import functools
import importlib.util
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from hg3d_tf.data import at_exit
from hg3d_tf.data.addons import tfa

# Image [H, W, 3] uint8, 3x3 matrix from crop px to image px, size, factors [3] of the channels
# -> [size, size, 3] float32 in [0, 1].
Warp = Callable[[tf.Tensor, tf.Tensor, int, tf.Tensor], tf.Tensor]

# To coordinates that are whole at the pixels' centres, and from them; ours are at their corners.
_TO_CENTRES = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]], np.float32)
_FROM_CENTRES = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]], np.float32)
_WHOLE_PX = 1e-3  # so near to whole pixels a square's corners lie on them
# Of a square that is resized, in sides of the crop: the black round a picture takes memory.
MOST_RESIZED = 4


def warp(image, matrix, size: int, factors=None) -> tf.Tensor:
    """Sample `image` [H, W, 3] at matrix @ crop px: [size, size, 3] float32, see `scaled`.

    Bilinear; black where that is outside of the image.
    """
    matrix = _between_pixel_centres(matrix)
    transform = tf.reshape(matrix / matrix[2, 2], [9])[:8]
    return scaled(transform_image(tf.cast(image, tf.float32), transform, size), factors)


def scaled(image, factors=None) -> tf.Tensor:
    """Return an image [S, S, 3] of grey values up to 255 in [0, 1], its channels times `factors`.

    What is too bright then is 1.
    """
    if factors is None:
        return image / 255.0
    # As rows of S * 3 numbers: a third of the time of a product over the last axis of 3.
    size = image.shape[0]
    rows = tf.reshape(image, [size, 3 * size]) * tf.tile(factors / 255.0, [size])
    return tf.reshape(tf.minimum(rows, 1.0), [size, size, 3])


def warp_opencv(image, matrix, size: int, factors=None) -> tf.Tensor:
    """Warp and scale a uint8 image with OpenCV: a tenth of the time.

    As `warp` but for rounding, of the grey value and of the place sampled to 1/32 px. It runs in
    Python: for the input pipeline, not for graphs that are exported.
    """
    at_exit.free_iterators_at_exit()
    warped = tf.numpy_function(
        functools.partial(_warp_and_scale, size=size),
        [image, matrix, tf.ones([3]) if factors is None else factors],
        tf.float32,
        stateful=False,
    )
    return tf.ensure_shape(warped, [size, size, 3])


def _warp_and_scale(image, matrix, factors, size: int) -> np.ndarray:
    import cv2

    cv2.setNumThreads(1)  # tf.data's own threads are enough
    warped = _resized(image, matrix, size)
    if warped is None:
        affine = (_TO_CENTRES @ matrix @ _FROM_CENTRES)[:2]
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        warped = cv2.warpAffine(image, affine, (size, size), flags=flags)
    table = np.minimum(np.arange(256, dtype=np.float32)[:, np.newaxis] * (factors / 255), 1)
    return cv2.LUT(warped, table[np.newaxis])


def _resized(image, matrix, size: int) -> np.ndarray | None:
    """Return the warp by a matrix that only resizes, and may mirror, whole pixels; else None.

    A quarter of the time of OpenCV's warp.
    """
    import cv2

    corners = matrix[:2, :2] @ [[0, size], [0, size]] + matrix[:2, 2:]
    whole = np.rint(corners).astype(int)
    skewed = matrix[0, 1] != 0 or matrix[1, 0] != 0
    too_large = np.ptp(corners[1]) > MOST_RESIZED * size
    if skewed or too_large or np.abs(corners - whole).max() > _WHOLE_PX:
        return None
    (left, right), (top, bottom) = np.sort(whole)
    height, width = image.shape[:2]
    part = image[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    if not part.size:
        return None
    around = (max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0))
    if any(around):
        part = cv2.copyMakeBorder(part, *around, cv2.BORDER_CONSTANT)
    resized = cv2.resize(part, (size, size), interpolation=cv2.INTER_LINEAR)
    return cv2.flip(resized, 1) if whole[0, 0] > whole[0, 1] else resized


# What training uses.
fastest_warp = warp_opencv if importlib.util.find_spec("cv2") else warp


def _between_pixel_centres(matrix) -> tf.Tensor:
    return tf.constant(_TO_CENTRES) @ matrix @ tf.constant(_FROM_CENTRES)


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
