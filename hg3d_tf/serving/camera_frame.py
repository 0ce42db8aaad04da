"""True size and place of a person in front of the camera, from what a photo does not tell.

Both rest on assumptions: the person's bones have the canonical skeleton's proportions; the camera
is a pinhole with its axis through the image's centre; the person is far away compared with the
depth of the pose (weak perspective), as the network itself assumes.
"""

import tensorflow as tf

from hg3d_tf.network import joint_decoding
from hg3d_tf.skeleton import CANONICAL_BONE_SUM_MM, canonical_stature_mm


def metric_scale(joints, confidence, person_height_mm) -> tf.Tensor:
    """Return [B]: mm per unit of joints [B, 16, 3] of persons that stand so tall, [B] mm.

    Bones count by the joints' `confidence` [B, 16].
    """
    bone_sum_mm = person_height_mm * (CANONICAL_BONE_SUM_MM / canonical_stature_mm())
    return joint_decoding.bone_scale(joints, bone_sum_mm, confidence)


def place(joints_mm, joints_2d, mm_per_px, focal_length_px, image_size) -> tf.Tensor:
    """Place a person in the camera's frame such that the joints project onto `joints_2d`.

    Args:
      joints_mm: [B, 16, 3] relative to the pelvis.
      joints_2d: [B, 16, 2] px of the image.
      mm_per_px: [B], size of an image's pixel at the person.
      focal_length_px: [B].
      image_size: [B, 2], width and height, px.

    Returns:
      [B, 16, 3] mm, x to the right, y down, z forwards from the camera.
    """
    z = (focal_length_px * mm_per_px)[:, tf.newaxis] + joints_mm[..., 2]
    from_axis = joints_2d - image_size[:, tf.newaxis] / 2
    xy = from_axis * (z / focal_length_px[:, tf.newaxis])[..., tf.newaxis]
    return tf.concat([xy, z[..., tf.newaxis]], axis=-1)
