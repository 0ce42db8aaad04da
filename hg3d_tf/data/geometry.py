"""From the source image to the crop: one warp that moves the pixels and all labels together.

A sample's geometry (crop_center, crop_side, rotation, flip) and its channel_factors are only
written down until `crop` renders it.
"""

import functools

import tensorflow as tf

from hg3d_tf.data import warping
from hg3d_tf.data.ops import Op, Sample, chain, select, unboxed
from hg3d_tf.skeleton import MIRROR

# What rendering a crop takes, beside the decoded image.
RENDERED_FIELDS = (
    *("to_image", "channel_factors", "rotation", "flip", "crop_center", "crop_side"),
    *("image_corner", "image_unit"),
)
_DECODED = tf.uint8, [None, None, 3]


def crop(size: int, snapped: bool = False) -> Op:
    """Render the crop [size, size, 3] float32 in [0, 1] and move all labels with it.

    Channels are multiplied by the sample's channel_factors [3], if it has any, and clipped to 1.

    Args:
      size: px of the crop.
      snapped: crops that are not rotated lie on whole pixels (`snap_to_pixels`): resize these,
        unless they are far larger than the picture can be, for a warp takes ten times as long.
    """
    return chain(place_crop(size), _render(size, snapped), move_labels(size))


def place_crop(size: int) -> Op:
    """Add `turn` [2, 2], by which directions in the source become those in the crop of `size` px.

    And `to_image` [3, 3], from px of the crop to px of the decoded image.
    """

    def apply(sample: Sample) -> Sample:
        turn = _turn(sample["rotation"], sample["flip"])
        return sample | {"turn": turn, "to_image": _to_image(sample, turn, size)}

    return apply


def crop_batch(size: int, with_opencv: bool = warping.OPENCV) -> Op:
    """Render the crops of a batch of placed and snapped samples, whose images are boxed.

    A crop does not depend on what else is in the batch. Labels stay as they are.

    Args:
      size: px of the crops.
      with_opencv: see `warping.crops_opencv`.
    """
    render = _render(size, snapped=True)

    def rendered(sample: Sample) -> tf.Tensor:
        return render(sample | {"image": unboxed(sample["image"], *_DECODED)})["image"]

    def apply(batch: Sample) -> Sample:
        if with_opencv:
            images = [unboxed(box, *_DECODED) for box in tf.unstack(batch["image"])]
            factors = batch["channel_factors"]
            crops = warping.crops_opencv(images, batch["to_image"], factors, size)
        else:
            fields = select(("image", *RENDERED_FIELDS))(batch)
            crops = tf.map_fn(rendered, fields, fn_output_signature=tf.float32)
        return batch | {"image": crops}

    return apply


def _render(size: int, snapped: bool) -> Op:
    def apply(sample: Sample) -> Sample:
        def warped():
            return warping.warp(sample["image"], sample["to_image"], size)

        most = warping.MOST_RESIZED * size * sample["image_unit"]
        upright = tf.equal(sample["rotation"], 0.0) & (sample["crop_side"] <= most)
        resized = functools.partial(_render_upright, sample, size)
        image = tf.cond(upright, resized, warped) if snapped else warped()
        image = warping.scaled(image, sample.get("channel_factors"))
        return sample | {"image": tf.ensure_shape(image, [size, size, 3])}

    return apply


def move_labels(size: int) -> Op:
    """Move the labels of a sample, or of a batch, from the source image to its crop of `size` px.

    3D joints turn about the optical axis and are mirrored with the image; the intrinsics follow,
    so that joints_3d always projects onto joints_2d.
    """

    def apply(samples: Sample) -> Sample:
        return _mirror_labels(_transform_labels(samples, size))

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
    linear = _turn(rotation, flip) * (size / side)
    offset = size / 2 - tf.linalg.matvec(linear, center)
    return _with_last_row(linear, offset)


def _turn(rotation, flip) -> tf.Tensor:
    cos, sin = tf.cos(rotation), tf.sin(rotation)
    sign = tf.where(flip, -1.0, 1.0)
    return tf.reshape(tf.stack([sign * cos, -sign * sin, sin, cos]), [2, 2])


def _with_last_row(linear, offset) -> tf.Tensor:
    rows = tf.concat([linear, offset[:, tf.newaxis]], axis=1)
    return tf.concat([rows, [[0.0, 0.0, 1.0]]], axis=0)


def off_axis(intrinsics, size: int) -> tf.Tensor:
    """Return how far a crop's middle is from the optical axis: [..., 2] x and y, focal lengths.

    Args:
      intrinsics: [..., 4] fx, fy, cx, cy px of the crop; zeros where the camera is not known: then
        it is 0.
      size: px of the crop.
    """
    focal, principal = intrinsics[..., :2], intrinsics[..., 2:]
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


def _to_image(sample: Sample, turn, size: int) -> tf.Tensor:
    """Return the 3x3 matrix from crop px to px of the decoded image."""
    unit = sample["image_unit"]
    linear = tf.transpose(turn) * (sample["crop_side"] / (size * unit))
    center = (sample["crop_center"] - sample["image_corner"]) / unit
    return _with_last_row(linear, center - tf.reduce_sum(linear, axis=1) * (size / 2))


def cut_square(image, x, y, side) -> tf.Tensor:
    """Return [side, side, 3] of `image` [H, W, 3] from column x and row y on; black outside."""
    shape = tf.shape(image)
    corner, far = tf.stack([y, x]), tf.stack([y, x]) + side
    start, stop = (tf.clip_by_value(point, 0, shape[:2]) for point in (corner, far))
    part = image[start[0] : stop[0], start[1] : stop[1]]
    before = tf.clip_by_value(-corner, 0, side)
    after = side - before - (stop - start)
    return tf.pad(part, tf.pad(tf.stack([before, after], axis=1), [[0, 1], [0, 0]]))


def _transform_labels(samples: Sample, size: int) -> Sample:
    turn, scale = samples["turn"], size / samples["crop_side"]
    linear = turn * scale[..., None, None]
    offset = size / 2 - _product(linear, samples["crop_center"][..., None, :])
    joints_3d = samples["joints_3d"]
    focal, principal = samples["intrinsics"][..., :2], samples["intrinsics"][..., None, 2:]
    principal = (_product(linear, principal) + offset)[..., 0, :]
    return samples | {
        "joints_2d": _product(linear, samples["joints_2d"]) + offset,
        "joints_3d": tf.concat([_product(turn, joints_3d[..., :2]), joints_3d[..., 2:]], axis=-1),
        "intrinsics": tf.concat([focal * scale[..., None], principal], axis=-1),
        "person_side": samples["person_side"] * scale,
    }


def _product(matrix, points) -> tf.Tensor:
    """Return points [..., N, 2] times matrices [..., 2, 2].

    By numbers: TensorFlow rounds products of matrices by the size of the batch, and hosts must come
    to the same.
    """
    columns = matrix[..., None, :, 0], matrix[..., None, :, 1]
    return points[..., :1] * columns[0] + points[..., 1:] * columns[1]


def _mirror_labels(samples: Sample) -> Sample:
    """Exchange left and right joints where the image is mirrored."""
    rows = {"joints_2d": -2, "joints_3d": -2, "visible": -1}  # the axis of the joints
    mirrored = {name: tf.gather(samples[name], MIRROR, axis=axis) for name, axis in rows.items()}
    flip = samples["flip"][..., None]
    return samples | {
        name: tf.where(flip if axis == -1 else flip[..., None], mirrored[name], samples[name])
        for name, axis in rows.items()
    }
