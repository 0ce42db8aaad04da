"""From the bytes of an image and a box to the network's input, inside the served graph.

Coordinates of boxes and joints are those of the image as a person sees it, turned as its Exif
says; the file stores it unturned. All turns are parts of the one matrix that the crop is warped by.
"""

import tensorflow as tf

from hg3d_tf.data import geometry, image_header, region_decoding, warping

# Transposed, then mirrored left-right, then upside down: Exif orientations 1 to 8 (1-based).
_TRANSPOSED = (0, 0, 0, 0, 0, 1, 1, 1, 1)
_MIRRORED_X = (0, 0, 1, 1, 0, 0, 1, 1, 0)
_MIRRORED_Y = (0, 0, 0, 1, 1, 0, 0, 1, 1)


def seen_size(image_bytes) -> tf.Tensor:
    """Return width and height, [2] float32 px, of the image as it is seen.

    Raises, in the graph, where `image_header.stored_size` does.
    """
    size = tf.cast(image_header.stored_size(image_bytes), tf.float32)
    orientation = image_header.exif_orientation(image_bytes)
    return tf.where(orientation >= 5, size[::-1], size)


def crop_of_box(image_bytes, box, margin, size: int):
    """Cut the square round a box out of an image.

    Args:
      image_bytes: [] string, a JPEG, PNG, GIF (its first frame) or BMP.
      box: [4] x1, y1, x2, y2 px of the image as it is seen.
      margin: side of the square, in longer sides of the box.
      size: side of the crop, px.

    Returns:
      the crop [size, size, 3] float32 in [0, 1], black outside of the image, and the matrix [3, 3]
      from its px to px of the image as it is seen.
    """

    def part(sample):
        return _decode_for_crop(sample | {"image": image_bytes}, size)

    to_stored = seen_to_stored(turns(image_bytes), seen_size(image_bytes))
    return crop_of_part(part, box, margin, to_stored, size)


def crop_of_part(part, box, margin, to_stored, size: int):
    """Cut the square round a box out of what `part` gives of an image; see `crop_of_box`.

    Args:
      part: from a crop's geometry, as `region_decoding.crop_window` takes it, to pixels, corner and
        unit, as `region_decoding` gives them.
      to_stored: [3, 3] from px of the image as it is seen to px as it is stored.
    """
    corner, far = box[:2], box[2:]
    center, side = (corner + far) / 2, tf.reduce_max(far - corner) * margin
    upright, unmirrored = tf.constant(0.0), tf.constant(False)
    to_seen = tf.linalg.inv(geometry.crop_matrix(center, side, upright, unmirrored, size))
    sample = {
        "crop_center": tf.linalg.matvec(to_stored[:2, :2], center) + to_stored[:2, 2],
        "crop_side": side,
        "rotation": upright,
        "flip": unmirrored,
    }
    image, image_corner, unit = part(sample)
    shift = tf.pad(image_corner[:, tf.newaxis], [[0, 1], [2, 0]])
    to_image = tf.linalg.diag([1.0, 1.0, unit]) @ (to_stored @ to_seen - shift) / unit
    return warping.scaled(warping.warp(image, to_image, size)), to_seen


def turns(image_bytes) -> tf.Tensor:
    """Return what makes of an image, as the file stores it, the one that is seen.

    Returns:
      whether to transpose it, then to mirror it left-right, then upside down: [3] float32, 0 or 1.
    """
    tables = tf.constant([_TRANSPOSED, _MIRRORED_X, _MIRRORED_Y], tf.float32)
    return tables[:, image_header.exif_orientation(image_bytes)]


def seen_to_stored(turned, size) -> tf.Tensor:
    """Return the matrix [3, 3] from px of the image as it is seen to px as the file stores it.

    Args:
      turned: from `turns`.
      size: from `seen_size`.
    """
    transposed, mirrored_x, mirrored_y = tf.unstack(turned)
    width, height = tf.unstack(size)
    x_row = tf.stack([1 - 2 * mirrored_x, 0.0, mirrored_x * width])
    y_row = tf.stack([0.0, 1 - 2 * mirrored_y, mirrored_y * height])
    rows = tf.where(transposed > 0, tf.stack([y_row, x_row]), tf.stack([x_row, y_row]))
    return tf.concat([rows, [[0.0, 0.0, 1.0]]], axis=0)


def _decode_for_crop(sample, size: int):
    """Return what a crop needs of the image: pixels, corner, unit (see `region_decoding`)."""

    def jpeg():
        decoded = region_decoding.decode_for_crop(size)(sample)
        pixels = tf.cast(decoded["image"], tf.float32)
        return pixels, decoded["image_corner"], decoded["image_unit"]

    def other():
        return reduced_part(decode_colours(sample["image"]), sample, size)

    return tf.cond(tf.io.is_jpeg(sample["image"]), jpeg, other)


def reduced_part(image, sample, size: int):
    """Cut out of an image what the crop shows, and average 1, 2, 4 or 8 px into one."""
    unit = geometry.reduction(sample["crop_side"], size)
    reduced_shape = -(-tf.shape(image)[:2] // unit)
    window = region_decoding.crop_window(sample, tf.cast(unit, tf.float32), reduced_shape)
    start, stop = window[:2] * unit, (window[:2] + window[2:]) * unit
    part = image[start[0] : stop[0], start[1] : stop[1]]
    missing = window[2:] * unit - tf.shape(part)[:2]
    part = tf.pad(part, tf.pad(missing[:, tf.newaxis], [[0, 1], [1, 0]]))
    # Each pixel is the mean of unit x unit: no detail between the network's pixels is left out.
    pixels = tf.image.resize(part, window[2:], method="area")
    corner = tf.cast(window[1::-1] * unit, tf.float32)
    return tf.ensure_shape(pixels, [None, None, 3]), corner, tf.cast(unit, tf.float32)


def decode_colours(image_bytes) -> tf.Tensor:
    """Return [H, W, 3] uint8; grey becomes colour, transparency is left out."""
    # The decoder of BMPs gives only the channels that the file has.
    image = tf.io.decode_image(image_bytes, channels=0, expand_animations=False)
    channels = tf.shape(image)[2]
    return tf.cond(
        channels >= 3, lambda: image[..., :3], lambda: tf.repeat(image[..., :1], 3, axis=2)
    )
