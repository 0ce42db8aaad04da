"""A picture that is decoded once, for the finder's square and for the crop of each person."""

from typing import NamedTuple

import tensorflow as tf

from hg3d_tf.data import image_header
from hg3d_tf.network.finding import GREY
from hg3d_tf.serving import served_image

# Longer side of a JPEG that is decoded at a half, a quarter or an eighth of its size.
_LONGEST_WHOLE_PX = 2048


class Picture(NamedTuple):
    """A decoded picture.

    Attributes:
      pixels: [H, W, 3] uint8, as the file stores them.
      unit: [] float32, px of the file for one of `pixels`.
      turns: [3] float32, see `served_image.turns`.
      to_stored: [3, 3] from px of the file's picture as it is seen to those as it is stored.
      seen_size: [2] float32, width and height px of the file's picture as it is seen.
    """

    pixels: tf.Tensor
    unit: tf.Tensor
    turns: tf.Tensor
    to_stored: tf.Tensor
    seen_size: tf.Tensor


class Square(NamedTuple):
    """A picture in the middle of a grey square.

    Attributes:
      pixels: [S, S, 3] float32 in [0, 1].
      scale: [] float32, the square's px for one of the picture as it is seen.
      corner: [2] float32, x and y of the picture's corner, px of the square.
    """

    pixels: tf.Tensor
    scale: tf.Tensor
    corner: tf.Tensor


def decode(image_bytes) -> Picture:
    """Decode a file, [] string; a large JPEG smaller.

    Raises, in the graph, where `image_header.stored_size` does, and what the decoder raises.
    """
    stored_size = tf.cast(image_header.stored_size(image_bytes), tf.float32)

    def other():
        return served_image.decode_colours(image_bytes), 1.0

    def jpeg():
        return _decode_jpeg(image_bytes, stored_size)

    with tf.control_dependencies([stored_size]):
        pixels, unit = tf.cond(tf.io.is_jpeg(image_bytes), jpeg, other)
    pixels = tf.ensure_shape(pixels, [None, None, 3])
    turns = served_image.turns(image_bytes)
    seen_size = tf.where(turns[0] > 0, stored_size[::-1], stored_size)
    to_stored = served_image.seen_to_stored(turns, seen_size)
    return Picture(pixels, unit, turns, to_stored, seen_size)


def _decode_jpeg(image_bytes, size):
    times = tf.reduce_max(size) / _LONGEST_WHOLE_PX
    halvings = tf.reduce_sum(tf.cast(times > [1.0, 2.0, 4.0], tf.int32))
    decoders = [
        lambda ratio=ratio: tf.io.decode_jpeg(
            image_bytes, channels=3, ratio=ratio, dct_method="INTEGER_ACCURATE"
        )
        for ratio in (1, 2, 4, 8)
    ]
    return tf.switch_case(halvings, decoders), tf.cast(2**halvings, tf.float32)


def letterbox(picture: Picture, size: int) -> Square:
    """Put the whole picture, as it is seen, into the middle of a grey square of `size` px."""
    # As exact as Python's numbers: a half decides the sides.
    sides = tf.cast(picture.seen_size, tf.float64)
    scale = size / tf.reduce_max(sides)
    small = tf.cast(tf.maximum(tf.round(sides * scale), 1.0), tf.int32)  # width, height
    transposed, mirrored_x, mirrored_y = tf.unstack(picture.turns > 0)
    shape = tf.where(transposed, small, small[::-1])
    pixels = tf.cond(
        scale < 1,
        # Of the kernels that there are the one nearest to Pillow's HAMMING.
        lambda: _resize(picture.pixels, shape, "lanczos1"),
        lambda: _resize(picture.pixels, shape, "triangle"),
    )
    pixels = tf.clip_by_value(tf.round(pixels), 0.0, 255.0)
    pixels = tf.cond(transposed, lambda: tf.transpose(pixels, [1, 0, 2]), lambda: pixels)
    pixels = tf.cond(mirrored_x, lambda: pixels[:, ::-1], lambda: pixels)
    pixels = tf.cond(mirrored_y, lambda: pixels[::-1], lambda: pixels)
    corner = (size - small) // 2
    before, after = corner[::-1], (size - small - corner)[::-1]
    border = tf.pad(tf.stack([before, after], axis=1), [[0, 1], [0, 0]])
    square = tf.pad(pixels, border, constant_values=GREY) / 255.0
    square = tf.ensure_shape(square, [size, size, 3])
    return Square(square, tf.cast(scale, tf.float32), tf.cast(corner, tf.float32))


def _resize(pixels, shape, kernel: str) -> tf.Tensor:
    """Return [*shape, 3] float32: each pixel is a mean over what it covers."""
    resized = tf.raw_ops.ScaleAndTranslate(
        images=pixels[tf.newaxis],
        size=shape,
        scale=tf.cast(shape / tf.shape(pixels)[:2], tf.float32),
        translation=tf.zeros([2]),
        kernel_type=kernel,
        antialias=True,
    )
    return resized[0]


def crop(picture: Picture, box, margin, size: int):
    """Cut the square round a box out of a picture: what `served_image.crop_of_box` gives.

    It differs where a large JPEG was decoded smaller, and by rounding.
    """
    units = tf.linalg.diag(tf.stack([picture.unit, picture.unit, 1.0]))
    to_stored = tf.linalg.inv(units) @ picture.to_stored @ units

    def part(sample):
        return served_image.reduced_part(picture.pixels, sample, size)

    pixels, to_seen = served_image.crop_of_part(part, box / picture.unit, margin, to_stored, size)
    return pixels, units @ to_seen
