"""The warp of an image by a matrix, and its grey values scaled: TensorFlow, addons or OpenCV."""

import functools
import importlib.util
import math

import numpy as np
import tensorflow as tf

from hg3d_tf.data import at_exit
from hg3d_tf.data.addons import tfa

# To coordinates that are whole at the pixels' centres, and from them; ours are at their corners.
_TO_CENTRES = np.array([[1, 0, -0.5], [0, 1, -0.5], [0, 0, 1]], np.float32)
_FROM_CENTRES = np.array([[1, 0, 0.5], [0, 1, 0.5], [0, 0, 1]], np.float32)
_WHOLE_PX = 1e-3  # so near to whole pixels a square's corners lie on them
# Of a square that is resized, in sides of the crop: the black round a picture takes memory.
MOST_RESIZED = 4
LARGEST_SIDE = 2**15 - 2  # px of an image that OpenCV warps
_ALIGNMENT = 64  # bytes, of TensorFlow's tensors


def warp(image, matrix, size: int) -> tf.Tensor:
    """Sample `image` [H, W, 3] at matrix @ crop px: [size, size, 3] float32, grey values up to 255.

    Bilinear; black where that is outside of the image.
    """
    matrix = _between_pixel_centres(matrix)
    transform = tf.reshape(matrix / matrix[2, 2], [9])[:8]
    return transform_image(tf.cast(image, tf.float32), transform, size)


def scaled(image, factors=None) -> tf.Tensor:
    """Return grey values up to 255 as float32 in [0, 1], each channel times its factor, if any.

    What is too bright then is 1.

    Args:
      image: [S, S, 3] of any type.
      factors: [3].
    """
    if factors is None:
        return tf.cast(image, tf.float32) / 255.0
    return tf.minimum(tf.cast(image, tf.float32) * (factors / 255.0), 1.0)


def _empty(shape, dtype) -> np.ndarray:
    """Return an array that TensorFlow takes over: others, less aligned, it copies."""
    size = math.prod(shape) * np.dtype(dtype).itemsize
    memory = np.empty(size + _ALIGNMENT, np.uint8)
    start = -memory.ctypes.data % _ALIGNMENT
    return memory[start : start + size].view(dtype).reshape(shape)


def crops_opencv(images: list, matrices, factors, size: int) -> tf.Tensor:
    """Warp and scale the uint8 images of a batch with OpenCV, in a tenth of the time.

    As `warp` and `scaled` but for rounding, of the grey value and of the place sampled to 1/32 px.
    It runs in Python, for the input pipeline, not for graphs that are exported; and once for a
    batch, because the call of a Python function takes as long as half a warp.

    Args:
      images: B times [H, W, 3] uint8.
      matrices: [B, 3, 3] float32, of each from crop px to image px.
      factors: [B, 3] float32, of the channels.
      size: px of the crops.

    Returns:
      [B, size, size, 3] float32 in [0, 1].
    """
    at_exit.free_iterators_at_exit()
    make = functools.partial(_make_crops, size=size)
    crops = tf.numpy_function(make, [matrices, factors, *images], tf.float32, stateful=False)
    return tf.ensure_shape(crops, [len(images), size, size, 3])


def _make_crops(matrices, factors, *images, size: int) -> np.ndarray:
    import cv2

    cv2.setNumThreads(1)  # tf.data's own threads are enough
    crops = _empty((len(images), size, size, 3), np.float32)
    warped = np.empty((size, size, 3), np.uint8)
    grey = np.arange(256, dtype=np.float32)[:, np.newaxis]
    tables = np.minimum(grey * (factors[:, np.newaxis] / 255), 1)
    for image, matrix, table, crop in zip(images, matrices, tables, crops, strict=True):
        _warp_bytes(image, matrix, warped)
        cv2.LUT(warped, table[np.newaxis], dst=crop)
    return crops


def _warp_bytes(image, matrix, warped) -> None:
    import cv2

    if not _resize(image, matrix, warped):
        affine = (_TO_CENTRES @ matrix @ _FROM_CENTRES)[:2]
        flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
        cv2.warpAffine(image, affine, warped.shape[:2], dst=warped, flags=flags)


def _resize(image, matrix, resized) -> bool:
    """Warp by a matrix that only resizes, and may mirror, whole pixels; else do nothing.

    Half of the time of OpenCV's warp.

    Args:
      image: [H, W, 3] uint8.
      matrix: 3x3, from px of the warped image to px of `image`.
      resized: [S, S, 3] uint8, to be written.

    Returns:
      whether it was written.
    """
    import cv2

    size = len(resized)
    (step_x, skew_x, start_x), (skew_y, step_y, start_y) = matrix[:2].tolist()
    if skew_x or skew_y or step_y > MOST_RESIZED:
        return False
    corners = (start_x, start_x + size * step_x, start_y, start_y + size * step_y)
    whole = [round(corner) for corner in corners]
    if max(abs(a - b) for a, b in zip(corners, whole, strict=True)) > _WHOLE_PX:
        return False
    (left, right), (top, bottom) = sorted(whole[:2]), whole[2:]
    height, width = image.shape[:2]
    part = image[max(top, 0) : max(bottom, 0), max(left, 0) : max(right, 0)]
    if not part.size:
        return False
    around = (max(-top, 0), max(bottom - height, 0), max(-left, 0), max(right - width, 0))
    if any(around):
        part = cv2.copyMakeBorder(part, *around, cv2.BORDER_CONSTANT)
    cv2.resize(part, (size, size), dst=resized, interpolation=cv2.INTER_LINEAR)
    if step_x < 0:
        cv2.flip(resized, 1, dst=resized)
    return True


# Whether training has it.
OPENCV = importlib.util.find_spec("cv2") is not None


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
