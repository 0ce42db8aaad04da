"""Decode of an image what its crop shows.

The decoded image, uint8 [H, W, 3], is a part of the source: its top left corner lies at
`image_corner` [2] source px, and each of its pixels covers `image_unit` [] source px.
"""

import tensorflow as tf

from hg3d_tf.data import geometry
from hg3d_tf.data.ops import Op, Sample

_MARGIN = 2  # decoded px, for the neighbours that interpolation asks for
_REDUCTIONS = (1, 2, 4, 8)  # that JPEG can be decoded at


def decode_whole(sample: Sample) -> Sample:
    """Decode the whole image."""
    image = tf.io.decode_image(sample["image"], channels=3, expand_animations=False)
    return sample | {"image": image, "image_corner": tf.zeros([2]), "image_unit": tf.constant(1.0)}


def black_image(sample: Sample) -> Sample:
    """Put a black pixel in the image's place, for who needs the labels only."""
    return sample | {
        "image": tf.zeros([1, 1, 3], tf.uint8),
        "image_corner": tf.zeros([2]),
        "image_unit": tf.constant(1.0),
    }


def decode_for_crop(size: int) -> Op:
    """Decode what a crop of `size` px needs; of a JPEG that region only, reduced where possible."""

    def apply(sample: Sample) -> Sample:
        def region():
            return _decode_jpeg_region(sample, size)

        def whole():
            image = decode_whole(sample)["image"]
            top, left, height, width = tf.unstack(crop_window(sample, 1.0, tf.shape(image)[:2]))
            part = image[top : top + height, left : left + width]
            return part, tf.cast(tf.stack([left, top]), tf.float32), tf.constant(1.0)

        image, corner, unit = tf.cond(tf.io.is_jpeg(sample["image"]), region, whole)
        return sample | {"image": image, "image_corner": corner, "image_unit": unit}

    return apply


def _decode_jpeg_region(sample: Sample, size: int):
    unit = geometry.reduction(sample["crop_side"], size)
    shape = tf.io.extract_jpeg_shape(sample["image"])[:2]
    reduced_shape = -(-shape // unit)
    window = crop_window(sample, tf.cast(unit, tf.float32), reduced_shape)
    image = tf.switch_case(
        tf.cast(tf.math.log(tf.cast(unit, tf.float32)) / tf.math.log(2.0) + 0.5, tf.int32),
        [_jpeg_decoder(sample["image"], window, ratio) for ratio in _REDUCTIONS],
    )
    corner = tf.cast(window[1::-1] * unit, tf.float32)
    return tf.ensure_shape(image, [None, None, 3]), corner, tf.cast(unit, tf.float32)


def _jpeg_decoder(image_bytes, window, ratio: int):
    return lambda: tf.io.decode_and_crop_jpeg(image_bytes, window, channels=3, ratio=ratio)


def crop_window(sample: Sample, unit, shape) -> tf.Tensor:
    """Return the box of the crop inside of an image of `shape` px: top, left, height, width.

    Raises in the graph, where the crop lies outside of the image.

    Args:
      sample: with the crop's geometry in source px.
      unit: [] float32, source px to one px of the image.
      shape: [2] int32, height and width of the image.
    """
    spread = tf.abs(tf.cos(sample["rotation"])) + tf.abs(tf.sin(sample["rotation"]))
    center, reach = sample["crop_center"][::-1], sample["crop_side"] * spread / 2
    limit = tf.cast(shape, tf.float32)
    low, high = (center - reach) / unit, (center + reach) / unit
    overlaps = tf.reduce_all((low < limit) & (high > 0))
    message = ["the crop lies outside of the image"]
    with tf.control_dependencies([tf.debugging.Assert(overlaps, message)]):
        start = tf.clip_by_value(tf.floor(low) - _MARGIN, 0.0, limit - 1)
        stop = tf.clip_by_value(tf.math.ceil(high) + _MARGIN, start + 1, limit)
    return tf.cast(tf.concat([start, stop - start], axis=0), tf.int32)
