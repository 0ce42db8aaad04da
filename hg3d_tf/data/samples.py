"""The way of one sample from a dataset's example to what batches hold.

A training sample is a dict of tensors, once its batch is finished:
  image [S, S, 3] float32 in [0, 1]; joints_2d_norm [16, 2] in [-1, 1] over the crop;
  depth [16] relative to the thorax in half crop sides (0 where not has_depth);
  visible [16] bool; has_depth [] bool; key [] string.
An evaluation sample holds further fields (`EVALUATION_FIELDS`).
"""

import tensorflow as tf

from hg3d_tf import line_of_sight
from hg3d_tf.data import augment, geometry, warping
from hg3d_tf.data.augment import AugmentConfig
from hg3d_tf.data.ops import Op, Sample, boxed, chain, select
from hg3d_tf.data.region_decoding import black_image, decode_for_crop
from hg3d_tf.data.schema import TRUTH_3D
from hg3d_tf.network import targets

_COMMON_FIELDS = (
    "key",
    "image",
    "joints_2d",
    "visible",
    "joints_3d",
    "has_depth",
    "intrinsics",
    "crop_center",
    "crop_side",
    "box",
)
TRAINING_FIELDS = ("key", "image", "joints_2d_norm", "depth", "visible", "has_depth")
# Before its batch is finished: labels in px of the source image, where the crop lies there, and the
# decoded part of the image that it shows, boxed.
_UNFINISHED_FIELDS = (
    *("key", "image", "joints_2d", "joints_3d", "visible", "has_depth", "intrinsics"),
    *("person_side", "seed", "turn", *geometry.RENDERED_FIELDS),
)
# person_side: longer side of the labelled joints' box, px of the crop; joints_3d: mm, the truth;
# crop_center and crop_side: px of the source image; off_axis [2]: of the crop's middle from the
# optical axis, x and y in focal lengths, 0 where the camera is not known.
EVALUATION_FIELDS = (
    *TRAINING_FIELDS,
    *("person_side", "joints_3d", "crop_center", "crop_side", "off_axis"),
)
# Labels of single datasets that protocols read; they travel along unchanged where they are.
PROTOCOL_FIELDS = (
    "action",
    "frame",
    "scene",
    "pose_kind",
    "head_box_size_px",  # PCKh's unit, 0.6 of the head box's diagonal, px of the source image
    "joints_3d_17",
    "visible_17",
    "joints_3d_universal_17",
    "neck_2d",  # px of the source image
    "neck_visible",
)


def adapt(truth_3d: bool = False) -> Op:
    """Reduce an example of any builder to the fields that all have; add the unchanged geometry.

    Args:
      truth_3d: for evaluation: let joints_3d be the truth that training must not see, where there
        is one, and keep `PROTOCOL_FIELDS`.
    """

    def apply(example: Sample) -> Sample:
        names = (*_COMMON_FIELDS, *PROTOCOL_FIELDS) if truth_3d else _COMMON_FIELDS
        sample = {name: example[name] for name in names if name in example}
        if truth_3d and TRUTH_3D in example:
            sample["joints_3d"] = example[TRUTH_3D]
        box = sample.pop("box")
        return sample | {
            "person_side": tf.reduce_max(box[2:] - box[:2]),
            "rotation": tf.constant(0.0),
            "flip": tf.constant(False),
        }

    return apply


def add_targets(size: int, along_line_of_sight: bool = False) -> Op:
    """Add off_axis, and what the losses compare with: joints_2d_norm and depth.

    Args:
      size: px of the crop.
      along_line_of_sight: depth is as if the camera looked at the crop's middle, where it is known.

    Returns:
      an op on a sample or on a batch.
    """

    def apply(samples: Sample) -> Sample:
        off_axis, joints = geometry.off_axis(samples["intrinsics"], size), samples["joints_3d"]
        if along_line_of_sight:
            back = [-axis[..., tf.newaxis] for axis in tf.unstack(off_axis, axis=-1)]
            turned = line_of_sight.turned(tf.unstack(joints, axis=-1), back, tf.sqrt)
            joints = tf.stack(turned, axis=-1)
        depth = targets.normalized_depth(joints, samples["joints_2d"], size)
        return samples | {
            "off_axis": off_axis,
            "joints_2d_norm": samples["joints_2d"] * (2.0 / size) - 1.0,
            "depth": tf.where(samples["has_depth"][..., tf.newaxis], depth, 0.0),
        }

    return apply


def preprocess_for_train(augmentation: AugmentConfig, augment_3d: bool, size: int) -> Op:
    """Return the op from an adapted sample with a seed to what `finish_batch` finishes.

    Args:
      augmentation: how samples change.
      augment_3d: change those with 3D labels too.
      size: px of the crop.
    """
    draw = chain(
        augment.random_cut(augmentation),
        augment.random_geometry(augmentation),
        augment.random_colours(augmentation),
    )
    decode = chain(geometry.snap_to_pixels(size), decode_for_crop(size), geometry.place_crop(size))

    def apply(sample: Sample) -> Sample:
        fixed = sample["has_depth"] & (not augment_3d)
        sample |= {"channel_factors": tf.ones([3])}
        drawn = draw(sample)
        chosen = {k: tf.where(fixed, sample[k], drawn[k]) for k in augment.DRAWN_FIELDS}
        sample = decode(sample | chosen)
        # What fails after this ends the training: here it is a bad record that is left out.
        small_enough = tf.reduce_max(tf.shape(sample["image"])) <= warping.LARGEST_SIDE
        message = [f"the crop shows more than {warping.LARGEST_SIDE} px of the image"]
        with tf.control_dependencies([tf.debugging.Assert(small_enough, message)]):
            image = boxed(sample["image"])
        return select(_UNFINISHED_FIELDS)(sample | {"image": image})

    return apply


def finish_batch(
    augmentation: AugmentConfig, augment_3d: bool, size: int, along_line_of_sight: bool = False
) -> Op:
    """Return the op from a batch of what `preprocess_for_train` makes to a training batch.

    Crops are rendered and labels moved for all samples at once: small ops and calls cost as much
    for one. A sample's values do not depend, to the bit, on what else is in the batch, for hosts
    have different parts of it.

    Args:
      augmentation, augment_3d, size: as of `preprocess_for_train`.
      along_line_of_sight: see `add_targets`.
    """
    finish = chain(
        geometry.crop_batch(size),
        geometry.move_labels(size),
        add_targets(size, along_line_of_sight),
    )
    change_image = augment.random_appearance(augmentation)

    def change_images(batch: Sample) -> Sample:
        def changed(sample: Sample) -> tf.Tensor:
            fixed = sample["has_depth"] & (not augment_3d)
            image = sample["image"]
            return tf.cond(fixed, lambda: image, lambda: change_image(sample)["image"])

        seen = select(augment.SEEN_FIELDS)(batch)
        return batch | {"image": tf.map_fn(changed, seen, fn_output_signature=tf.float32)}

    ops = (finish, change_images) if augmentation.changes_appearance else (finish,)
    return chain(*ops, select(TRAINING_FIELDS))


def preprocess_for_evaluation(size: int, images: bool = True) -> Op:
    """Return the op from an adapted sample to an evaluation sample; black without `images`."""
    return chain(
        # As training decodes; PoseServer decodes whole images, for it is given any, of any form.
        decode_for_crop(size) if images else black_image,
        geometry.crop(size),
        add_targets(size),
        select(EVALUATION_FIELDS, PROTOCOL_FIELDS),
    )
