"""From the source image to the crop: one warp that moves the pixels and all labels together.

A sample's geometry (crop_center, crop_side, rotation, flip) and its channel_factors are only
written down until `crop` renders it.
"""

import tensorflow as tf

from hg3d_tf.data import warping
from hg3d_tf.data.ops import Op, Sample
from hg3d_tf.data.warping import Warp, warp
from hg3d_tf.skeleton import MIRROR


def crop(size: int, snapped: bool = False, warp: Warp = warp) -> Op:
    """Render the crop [size, size, 3] float32 in [0, 1] and move all labels with it.

    Channels are multiplied by the sample's channel_factors [3], if it has any, and clipped to 1.
    3D joints turn about the optical axis and are mirrored with the image; the intrinsics follow,
    so that joints_3d always projects onto joints_2d.

    Args:
      size: px of the crop.
      snapped: crops that are not rotated lie on whole pixels (`snap_to_pixels`): resize these,
        unless they are far larger than the picture can be, for TensorFlow's warp takes ten times as
        long.
      warp: renders all others.
    """
    resizes = snapped and warp is not warping.warp_opencv

    def apply(sample: Sample) -> Sample:
        matrix = crop_matrix(
            sample["crop_center"], sample["crop_side"], sample["rotation"], sample["flip"], size
        )

        factors = sample.get("channel_factors")

        def warped():
            return warp(sample["image"], _to_image(sample, matrix), size, factors)

        def resized():
            return warping.scaled(_render_upright(sample, size), factors)

        most = warping.MOST_RESIZED * size * sample["image_unit"]
        upright = tf.equal(sample["rotation"], 0.0) & (sample["crop_side"] <= most)
        image = tf.cond(upright, resized, warped) if resizes else warped()
        image = tf.ensure_shape(image, [size, size, 3])
        return _mirror_labels(_transform_labels(sample, matrix)) | {"image": image}

    return apply


def crop_matrix(center, side, rotation, flip, size: int) -> tf.Tensor:
    """Return the 3x3 matrix from source px to crop px (continuous coordinates).

    Args:
      center: [2] px, the source point that becomes the crop's centre.
      side: [] px of the square in the source.
      rotation: [] radians, clockwise as seen in the image.
      flip: [] bool, mirror left and right after the rotation.
      size: px of the crop.
    """
    scale = size / side
    cos, sin = tf.cos(rotation) * scale, tf.sin(rotation) * scale
    sign = tf.where(flip, -1.0, 1.0)
    half = size / 2
    x_row = tf.stack([sign * cos, -sign * sin])
    y_row = tf.stack([sin, cos])
    x_offset = half - tf.reduce_sum(x_row * center)
    y_offset = half - tf.reduce_sum(y_row * center)
    return tf.stack(
        [
            tf.stack([x_row[0], x_row[1], x_offset]),
            tf.stack([y_row[0], y_row[1], y_offset]),
            tf.constant([0.0, 0.0, 1.0]),
        ]
    )


def off_axis(intrinsics, size: int) -> tf.Tensor:
    """Return how far a crop's middle is from the optical axis: [2] x and y, in focal lengths.

    Args:
      intrinsics: [4] fx, fy, cx, cy px of the crop; zeros where the camera is not known: then it is
        0.
      size: px of the crop.
    """
    focal, principal = intrinsics[:2], intrinsics[2:]
    return tf.math.divide_no_nan(size / 2 - principal, focal)


def reduction(side, size: int) -> tf.Tensor:
    """Return by how much, 1, 2, 4 or 8, an image may be reduced for a crop of `side` source px.

    The crop of `size` px then still has no more pixels than the reduced source.
    """
    power = tf.floor(tf.math.log(side / size) / tf.math.log(2.0) + 1e-4)
    return tf.pow(2, tf.cast(tf.clip_by_value(power, 0.0, 3.0), tf.int32))


def snap_to_pixels(size: int) -> Op:
    """Move the borders of a crop that is not rotated to whole pixels of the (reduced) source.

    The pixels inside can then be resized without a warp: a tenth of the time.
    """

    def apply(sample: Sample) -> Sample:
        unit = tf.cast(reduction(sample["crop_side"], size), tf.float32)
        corner = sample["crop_center"] - sample["crop_side"] / 2
        side = tf.maximum(tf.round(sample["crop_side"] / unit), 1.0) * unit
        center = tf.round(corner / unit) * unit + side / 2
        upright = tf.equal(sample["rotation"], 0.0)
        return sample | {
            "crop_side": tf.where(upright, side, sample["crop_side"]),
            "crop_center": tf.where(upright, center, sample["crop_center"]),
        }

    return apply


def _render_upright(sample: Sample, size: int) -> tf.Tensor:
    corner = sample["crop_center"] - sample["crop_side"] / 2 - sample["image_corner"]
    x, y, side = (
        tf.cast(tf.round(value / sample["image_unit"]), tf.int32)
        for value in (corner[0], corner[1], sample["crop_side"])
    )
    image = tf.image.resize(cut_square(sample["image"], x, y, side), [size, size])
    # A slice with step -1 takes 30 times as long.
    return tf.cond(sample["flip"], lambda: tf.reverse(image, [1]), lambda: image)


def _to_image(sample: Sample, matrix) -> tf.Tensor:
    """Return the 3x3 matrix from crop px to px of the decoded image."""
    to_source = tf.linalg.inv(matrix)
    shift = tf.pad(sample["image_corner"][:, tf.newaxis], [[0, 1], [2, 0]])
    to_image = tf.linalg.diag([1.0, 1.0, sample["image_unit"]]) @ (to_source - shift)
    return to_image / sample["image_unit"]


def cut_square(image, x, y, side) -> tf.Tensor:
    """Return [side, side, 3] of `image` [H, W, 3] from column x and row y on; black outside."""
    shape = tf.shape(image)
    corner, far = tf.stack([y, x]), tf.stack([y, x]) + side
    start, stop = (tf.clip_by_value(point, 0, shape[:2]) for point in (corner, far))
    part = image[start[0] : stop[0], start[1] : stop[1]]
    before = tf.clip_by_value(-corner, 0, side)
    after = side - before - (stop - start)
    return tf.pad(part, tf.pad(tf.stack([before, after], axis=1), [[0, 1], [0, 0]]))


def _transform_labels(sample: Sample, matrix) -> Sample:
    linear, offset = matrix[:2, :2], matrix[:2, 2]
    scale = tf.norm(linear[0])  # a similarity: both rows have this length
    rotation = tf.pad(linear / scale, [[0, 1], [0, 1]]) + tf.linalg.diag([0.0, 0.0, 1.0])
    focal, principal = sample["intrinsics"][:2], sample["intrinsics"][2:]
    return sample | {
        "joints_2d": sample["joints_2d"] @ tf.transpose(linear) + offset,
        "joints_3d": sample["joints_3d"] @ tf.transpose(rotation),
        "intrinsics": tf.concat([focal * scale, tf.linalg.matvec(linear, principal) + offset], 0),
        "person_side": sample["person_side"] * scale,
    }


def _mirror_labels(sample: Sample) -> Sample:
    """Exchange left and right joints where the image is mirrored."""
    names = ("joints_2d", "joints_3d", "visible")
    return sample | {
        name: tf.where(sample["flip"], tf.gather(sample[name], MIRROR), sample[name])
        for name in names
    }
