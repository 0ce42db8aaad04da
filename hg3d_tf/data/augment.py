"""Random changes of a sample: where the crop lies, and how it looks."""

import dataclasses
import math
from collections.abc import Callable

import numpy as np
import tensorflow as tf

from hg3d_tf.data import appearance
from hg3d_tf.data.ops import Op, Sample, chain, split_seed
from hg3d_tf.skeleton import CANONICAL_LENGTHS_MM, JOINT_NAMES, joint_index

DRAWN_FIELDS = ("crop_center", "crop_side", "rotation", "flip", "channel_factors")
SEEN_FIELDS = ("image", "seed", "has_depth", "joints_2d", "visible")  # of changes of a crop's look

# Of random numbers: of the place, of the colours, of the cut, and of the changes in their order.
_PLACE, _COLOURS, _CUT, _CHANGES = 0, 3, 8, (1, 2, 4, 5, 6, 7)

_HEAD_SIDE = 1.2  # of the square that hides a head, in distances from upper neck to head top
_MOST_CELLS = 6  # along that square
_TRUNK_MM, _NECK_MM, _HEAD_MM = (
    CANONICAL_LENGTHS_MM[frozenset(bone)]
    for bone in (("pelvis", "thorax"), ("thorax", "upper_neck"), ("upper_neck", "head_top"))
)
_TOP_ABOVE_THORAX = (_NECK_MM + _HEAD_MM) / _TRUNK_MM  # in trunks
_NECK_ABOVE_THORAX = _NECK_MM / (_NECK_MM + _HEAD_MM)  # on the way to the head's top

# What is left of a body that is cut above its knees, and of one that is cut above its hips.
_ABOVE_KNEES = np.array([not name.endswith(("ankle", "knee")) for name in JOINT_NAMES])
_ABOVE_HIPS = _ABOVE_KNEES & [not name.endswith(("hip", "pelvis")) for name in JOINT_NAMES]
_FEWEST_LEFT = 4  # joints with a label, to know where they are
_LEAST_LEFT = 0.3  # of the body's size: who crouches is not shown from within
_MARGIN = 0.12  # of a photo that ends there beyond those joints, in longer sides of their box


@dataclasses.dataclass(frozen=True)
class AugmentConfig:
    """Strengths of the augmentation; the default is the paper's, what came later is off.

    Raises:
      ValueError: for a probability or a strength that cannot be.
    """

    scale: float = 0.25  # sigma of log2 of the crop's side, clipped to 2 sigma
    rotation: float = 30.0  # sigma in degrees, clipped to 2 sigma
    rotation_probability: float = 0.4
    flip_probability: float = 0.5
    shift: float = 0.0  # sigma of the crop centre's x and y, in crop sides, clipped to 2 sigma
    colour: float = 0.4  # each channel is multiplied by a factor in 1 - colour, 1 + colour
    grayscale_probability: float = 0.0
    blur_probability: float = 0.0
    blur_sigma: float = 2.0  # px of the crop, at most
    jpeg_probability: float = 0.0
    jpeg_quality: int = 20  # lowest; the highest is 95
    patch_probability: float = 0.0
    patch_size: float = 0.4  # longest side of the pasted patch, in crop sides
    cutout_probability: float = 0.0
    cutout_size: float = 0.3  # side of the occluding square, in crop sides
    pixelated_head_probability: float = 0.0
    half_body_probability: float = 0.0

    def __post_init__(self):
        for name, value in dataclasses.asdict(self).items():
            if name.endswith("_probability") and not 0 <= value <= 1:
                raise ValueError(f"{name} is {value}, must be between 0 and 1")
            if value < 0:
                raise ValueError(f"{name} is {value}, must not be negative")
        for name in ("colour", "patch_size", "cutout_size"):
            if getattr(self, name) > 1:
                raise ValueError(f"{name} is {getattr(self, name)}, must be at most 1")
        if not 1 <= self.jpeg_quality <= 95:
            raise ValueError(f"jpeg_quality is {self.jpeg_quality}, must be between 1 and 95")

    @property
    def changes_appearance(self) -> bool:
        """Whether `random_appearance` does anything."""
        of_looks = any(probability for probability, _ in _changes(self))
        return of_looks or bool(self.half_body_probability)


def random_geometry(config: AugmentConfig) -> Op:
    """Draw place, scale, rotation and flip of the crop."""

    def apply(sample: Sample) -> Sample:
        seeds = split_seed(sample, _PLACE, 5)
        side = sample["crop_side"]
        rotate = tf.random.stateless_uniform([], seeds[1]) < config.rotation_probability
        degrees = config.rotation * _clipped_normal(seeds[2])
        return sample | {
            "crop_side": side * tf.pow(2.0, config.scale * _clipped_normal(seeds[0])),
            "crop_center": sample["crop_center"]
            + config.shift * side * _clipped_normal(seeds[4], 2),
            "rotation": tf.where(rotate, degrees * (math.pi / 180), 0.0),
            "flip": tf.random.stateless_uniform([], seeds[3]) < config.flip_probability,
        }

    return apply


def random_cut(config: AugmentConfig) -> Op:
    """Let the crop of a share of samples end above the knees or the hips, as many photos do.

    The crop goes as far beyond the joints that are left as it went beyond all of them.
    """

    def apply(sample: Sample) -> Sample:
        is_cut, _, low, high = _cut(sample, config)
        share = tf.maximum(tf.reduce_max(high - low) / sample["person_side"], _LEAST_LEFT)
        side, middle = sample["crop_side"] * share, (low + high) / 2
        return sample | {
            "crop_side": tf.where(is_cut, side, sample["crop_side"]),
            "crop_center": tf.where(is_cut, middle, sample["crop_center"]),
        }

    return apply if config.half_body_probability else chain()


def _end_photo(config: AugmentConfig) -> Op:
    """Let the photo itself end, in half of the crops that `random_cut` cut: black beyond."""

    def apply(sample: Sample) -> Sample:
        is_cut, ends, low, high = _cut(sample, config)
        size = sample["image"].shape[0]
        margin = _MARGIN * tf.reduce_max(high - low)
        pixels = tf.range(size, dtype=tf.float32) + 0.5
        columns, rows = (
            (pixels > low[axis] - margin) & (pixels < high[axis] + margin) for axis in (0, 1)
        )
        shown = (rows[:, tf.newaxis] & columns)[..., tf.newaxis] | ~(is_cut & ends)
        return sample | {"image": tf.where(shown, sample["image"], 0.0)}

    return apply if config.half_body_probability else chain()


def _cut(sample: Sample, config: AugmentConfig):
    """Return whether a sample is cut and whether its photo ends there, [] bool each; and the box.

    The box's low and high corner [2] px are those of the joints that are left.
    """
    seed = split_seed(sample, _CUT, 1)[0]
    use, which, ends = tf.unstack(tf.random.stateless_uniform([3], seed))
    left = tf.where(which < 0.5, _ABOVE_KNEES, _ABOVE_HIPS) & sample["visible"]
    is_known = tf.reduce_sum(tf.cast(left, tf.int32)) >= _FEWEST_LEFT
    joints = sample["joints_2d"]
    low = tf.reduce_min(tf.where(left[:, tf.newaxis], joints, tf.float32.max), axis=0)
    high = tf.reduce_max(tf.where(left[:, tf.newaxis], joints, tf.float32.min), axis=0)
    return (use < config.half_body_probability) & is_known, ends < 0.5, low, high


def _clipped_normal(seed, *shape: int) -> tf.Tensor:
    return tf.clip_by_value(tf.random.stateless_normal(shape, seed), -2.0, 2.0)


def random_colours(config: AugmentConfig) -> Op:
    """Draw a factor for each channel, within 1 - colour and 1 + colour."""

    def apply(sample: Sample) -> Sample:
        seed = split_seed(sample, _COLOURS, 2)[1]
        low, high = 1 - config.colour, 1 + config.colour
        factors = tf.random.stateless_uniform([3], seed, low, high)
        return sample | {"channel_factors": factors}

    return apply


def random_appearance(config: AugmentConfig) -> Op:
    """Change the pixels of the crop, never its labels; what is off costs nothing."""
    return chain(
        _end_photo(config),
        *(
            _sometimes(probability, change, stream)
            for stream, (probability, change) in zip(_CHANGES, _changes(config), strict=True)
            if probability
        ),
    )


_Look = Callable[[Sample, tf.Tensor], tf.Tensor]  # sample and seed -> its image, changed


def _changes(config: AugmentConfig) -> list[tuple[float, _Look]]:
    of_image = [
        (config.patch_probability, appearance.paste_patch(config.patch_size)),
        (config.cutout_probability, appearance.cover_square(config.cutout_size)),
        (config.grayscale_probability, appearance.grayscale),
        (config.blur_probability, appearance.blur(config.blur_sigma)),
        (config.jpeg_probability, appearance.compress(config.jpeg_quality)),
    ]
    return [
        *((probability, _of_image(change)) for probability, change in of_image),
        (config.pixelated_head_probability, _pixelate_head),
    ]


def _of_image(change: appearance.Change) -> _Look:
    return lambda sample, seed: change(sample["image"], seed)


def _pixelate_head(sample: Sample, seed) -> tf.Tensor:
    """Show the head in few large cells, as films are made anonymous.

    So that which way a person faces is also learned from what the rest of the body shows. Datasets
    that label no upper neck or head top have the head guessed from the trunk.
    """
    middle, length, is_known = _head(sample["joints_2d"], sample["visible"])
    cells = tf.random.stateless_uniform([], seed, 1, _MOST_CELLS + 1, tf.int32)
    return tf.cond(
        is_known,
        lambda: appearance.pixelate(sample["image"], middle, _HEAD_SIDE * length, cells),
        lambda: sample["image"],
    )


def _head(joints_2d, visible):
    """Return the head's middle [2] px, its length in px, and whether they are known, or guessed."""
    names = ("pelvis", "thorax", "upper_neck", "head_top")
    places = tf.gather(joints_2d, [joint_index(name) for name in names])
    seen = tf.gather(visible, [joint_index(name) for name in names])
    pelvis, thorax, neck, top = tf.unstack(places)
    has_pelvis, has_thorax, has_neck, has_top = tf.unstack(seen)
    top = tf.where(has_top, top, thorax + _TOP_ABOVE_THORAX * (thorax - pelvis))
    neck = tf.where(has_neck, neck, thorax + _NECK_ABOVE_THORAX * (top - thorax))
    is_known = (has_top & has_neck) | (has_thorax & (has_top | has_pelvis))
    return (neck + top) / 2, tf.norm(top - neck), is_known


def _sometimes(probability: float, change: _Look, stream: int) -> Op:
    """Apply a change to a share of the images."""

    def apply(sample: Sample) -> Sample:
        use_seed, seed = split_seed(sample, stream, 2)
        if probability == 1:
            return sample | {"image": change(sample, seed)}
        use = tf.random.stateless_uniform([], use_seed) < probability
        image = tf.cond(use, lambda: change(sample, seed), lambda: sample["image"])
        return sample | {"image": image}

    return apply
