"""Random changes of how a crop looks: functions (image, seed) -> image that move nothing.

Images are [S, S, 3] float32 in [0, 1], seeds [2] int32.
"""

from collections.abc import Callable

import tensorflow as tf

from hg3d_tf.data.addons import tfa

Change = Callable[[tf.Tensor, tf.Tensor], tf.Tensor]

CUTOUT_GREY = 0.5
_BLUR_RADIUS = 2  # of the kernel, in sigmas
_BEST_JPEG_QUALITY = 95


def grayscale(image, seed):
    """Take the colour away."""
    del seed
    return tf.repeat(tf.image.rgb_to_grayscale(image), 3, axis=-1)


def blur(max_sigma: float) -> Change:
    """Convolve with a Gaussian of a random sigma up to `max_sigma` px."""
    radius = max(1, round(_BLUR_RADIUS * max_sigma))
    offset = tf.range(-radius, radius + 1, dtype=tf.float32)

    def apply(image, seed):
        sigma = tf.random.stateless_uniform([], seed, 0.0, max_sigma)
        kernel = tf.exp(-tf.square(offset) / (2 * tf.square(tf.maximum(sigma, 0.1))))
        kernel = tf.tile((kernel / tf.reduce_sum(kernel))[:, tf.newaxis], [1, 3])
        # Borders are reflected, so that no dark frame appears.
        padded = tf.pad(image, [[radius, radius], [radius, radius], [0, 0]], "REFLECT")[tf.newaxis]
        for axis in (0, 1):
            filters = tf.expand_dims(tf.expand_dims(kernel, 1 - axis), -1)
            padded = tf.nn.depthwise_conv2d(padded, filters, [1, 1, 1, 1], "VALID")
        return padded[0]

    return apply


def compress(lowest_quality: int) -> Change:
    """Leave the artefacts of a JPEG of random quality."""

    def apply(image, seed):
        highest = _BEST_JPEG_QUALITY + 1
        changed = tf.image.stateless_random_jpeg_quality(image, lowest_quality, highest, seed)
        return tf.ensure_shape(changed, image.shape)

    return apply


def paste_patch(max_size: float) -> Change:
    """Cover a random rectangle with what another place of the same image shows.

    Args:
      max_size: longest side of the rectangle, in image sides; the shortest is a quarter of it.
    """

    def apply(image, seed):
        size = image.shape[0]
        seeds = tf.unstack(tf.random.experimental.stateless_split(seed, 2))
        longest = max(4, round(max_size * size))
        shape = tf.random.stateless_uniform([2], seeds[0], longest // 4, longest + 1, tf.int32)
        places = tf.random.stateless_uniform([2, 2], seeds[1])
        source, target = tf.unstack(
            tf.cast(places * tf.cast(size - shape + 1, tf.float32), tf.int32)
        )
        patch = tf.slice(image, [*tf.unstack(source), 0], [*tf.unstack(shape), 3])
        around = tf.stack([target, size - target - shape], axis=1)
        pasted = tf.pad(patch, tf.pad(around, [[0, 1], [0, 0]]))
        inside = tf.pad(tf.ones(shape, tf.bool), around)
        return tf.where(inside[..., tf.newaxis], pasted, image)

    return apply


def cover_square(share: float) -> Change:
    """Cover a grey square at a random place, its side a share of the image's."""

    def apply(image, seed):
        size = image.shape[0]
        side = 2 * round(share * size / 2)  # addons demands an even side
        center = tf.random.stateless_uniform([2], seed, 0, size, dtype=tf.int32)
        return cutout(image, side, center)

    return apply


def pixelate(image, middle, side, cells) -> tf.Tensor:
    """Show a square of the image in `cells` x `cells` cells, each of its mean colour.

    Args:
      image: [S, S, 3] float32.
      middle: [2] px, x and y of the square's middle; what lies outside the image is left out.
      side: [] px.
      cells: [] int32.
    """
    corners = tf.stack([middle - side / 2, middle + side / 2])[:, ::-1]
    start, stop = tf.unstack(tf.cast(tf.clip_by_value(corners, 0.0, image.shape[0]), tf.int32))
    shape = stop - start

    def changed():
        part = image[start[0] : stop[0], start[1] : stop[1]]
        coarse = tf.image.resize(part, [cells, cells], "area")
        fine = tf.image.resize(coarse, shape, "nearest")
        around = tf.stack([start, image.shape[0] - stop], axis=1)
        inside = tf.pad(tf.ones(shape, tf.bool), around)
        pasted = tf.pad(fine, tf.pad(around, [[0, 1], [0, 0]]))
        return tf.where(inside[..., tf.newaxis], pasted, image)

    return tf.cond(tf.reduce_min(shape) > 0, changed, lambda: image)


def cutout_core(image, side: int, center) -> tf.Tensor:
    """Cover a square with TensorFlow's own ops; see `cutout`."""
    index = tf.range(image.shape[0])
    inside = (index >= center[:, tf.newaxis] - side // 2) & (
        index < center[:, tf.newaxis] + side // 2
    )
    mask = inside[0][:, tf.newaxis] & inside[1]
    return tf.where(mask[..., tf.newaxis], CUTOUT_GREY, image)


def cutout_addons(image, side: int, center) -> tf.Tensor:
    """Cover a square with tensorflow-addons; see `cutout`."""
    # tfa.image.random_cutout would choose the centre by a generator with state, which is not
    # reproducible under a parallel map; this is the function that it calls.
    return tfa.image.cutout(image[tf.newaxis], side, center, CUTOUT_GREY)[0]


# [S, S, 3] float32, even side px, [2] int32 row and column of the square's centre -> [S, S, 3].
cutout = cutout_addons if tfa else cutout_core
