"""Random changes of a sample: pure functions Sample -> Sample, the same eagerly and in tf.data.

A sample is a dict of tensors. Its geometry is only written down (crop_center, crop_side, rotation,
flip) until `crop` renders it in one warp from the source image. All randomness comes from
sample["seed"], [2] int32, so that a sample's augmentation does not depend on which thread ran it.
"""

import dataclasses
import math
import warnings
from collections.abc import Callable

import tensorflow as tf

from hg3d_tf.skeleton import MIRROR

try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # tensorflow-addons announces the end of its development
        import tensorflow_addons as tfa
except ImportError:
    tfa = None

Sample = dict[str, tf.Tensor]
Op = Callable[[Sample], Sample]


@dataclasses.dataclass(frozen=True)
class AugmentConfig:
    """Strengths of the augmentation; the default is the paper's."""

    scale: float = 0.25  # sigma of log2 of the crop's side, clipped to 2 sigma
    rotation: float = 30.0  # sigma in degrees, clipped to 2 sigma
    rotation_probability: float = 0.4
    flip_probability: float = 0.5
    colour: float = 0.4  # each channel is multiplied by a factor in 1 - colour, 1 + colour
    cutout_probability: float = 0.0
    cutout_size: float = 0.3  # side of the occluding square, in crop sides

    def __post_init__(self):
        for name in ("rotation_probability", "flip_probability", "cutout_probability"):
            if not 0 <= getattr(self, name) <= 1:
                raise ValueError(f"{name} is {getattr(self, name)}, must be between 0 and 1")


def random_geometry(config: AugmentConfig) -> Op:
    """Draw scale, rotation and flip of the crop."""

    def apply(sample: Sample) -> Sample:
        seeds = _split(sample["seed"], 4)
        log_scale = config.scale * _clipped_normal(seeds[0])
        rotate = tf.random.stateless_uniform([], seeds[1]) < config.rotation_probability
        degrees = config.rotation * _clipped_normal(seeds[2])
        flip = tf.random.stateless_uniform([], seeds[3]) < config.flip_probability
        return sample | {
            "crop_side": sample["crop_side"] * tf.pow(2.0, log_scale),
            "rotation": tf.where(rotate, degrees * (math.pi / 180), 0.0),
            "flip": flip,
        }

    return apply


def crop(size: int) -> Op:
    """Render the crop [size, size, 3] float32 in [0, 1] and move all labels with it.

    3D joints turn about the optical axis and are mirrored with the image; the intrinsics follow,
    so that joints_3d always projects onto joints_2d.
    """

    def apply(sample: Sample) -> Sample:
        matrix = crop_matrix(
            sample["crop_center"], sample["crop_side"], sample["rotation"], sample["flip"], size
        )
        image = warp(sample["image"], tf.linalg.inv(matrix), size)
        return _mirror_labels(_transform_labels(sample, matrix)) | {"image": image / 255.0}

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


def warp(image, matrix, size: int) -> tf.Tensor:
    """Sample `image` [H, W, 3] at matrix @ crop px: [size, size, 3] float32.

    Bilinear; black where that is outside of the image.
    """
    # The op counts pixel centres from 0, our coordinates count corners.
    half = tf.constant([[1.0, 0, 0.5], [0, 1, 0.5], [0, 0, 1]])
    matrix = tf.linalg.inv(half) @ matrix @ half
    transform = tf.reshape(matrix / matrix[2, 2], [9])[:8]
    return transform_image(tf.cast(image, tf.float32), transform, size)


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


def random_cutout(config: AugmentConfig) -> Op:
    """Cover a grey square at a random place."""

    def apply(sample: Sample) -> Sample:
        size = sample["image"].shape[0]
        side = 2 * round(config.cutout_size * size / 2)  # addons demands an even side
        seeds = _split(tf.random.experimental.stateless_fold_in(sample["seed"], 1), 2)
        center = tf.random.stateless_uniform([2], seeds[0], 0, size, dtype=tf.int32)
        covered = cutout(sample["image"], side, center)
        use = tf.random.stateless_uniform([], seeds[1]) < config.cutout_probability
        return sample | {"image": tf.where(use, covered, sample["image"])}

    return apply


CUTOUT_GREY = 0.5


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


def random_colour(config: AugmentConfig) -> Op:
    """Multiply each channel by its own factor, clipped to [0, 1]."""

    def apply(sample: Sample) -> Sample:
        seed = tf.random.experimental.stateless_fold_in(sample["seed"], 2)
        factor = tf.random.stateless_uniform([3], seed, 1 - config.colour, 1 + config.colour)
        return sample | {"image": tf.clip_by_value(sample["image"] * factor, 0.0, 1.0)}

    return apply


def _transform_labels(sample: Sample, matrix) -> Sample:
    linear, offset = matrix[:2, :2], matrix[:2, 2]
    scale = tf.sqrt(tf.abs(tf.linalg.det(linear)))
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


def _clipped_normal(seed) -> tf.Tensor:
    return tf.clip_by_value(tf.random.stateless_normal([], seed), -2.0, 2.0)


def _split(seed, count: int) -> list[tf.Tensor]:
    return tf.unstack(tf.random.experimental.stateless_split(seed, count))
