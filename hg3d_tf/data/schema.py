"""The one record that every dataset builder stores and the input pipeline reads.

Frames and units, the same for all datasets:

- Pixels are continuous: x points right, y down, and (0, 0) is the top left CORNER of the image, so
  that the top left pixel's centre is (0.5, 0.5). Builders convert from their dataset's convention.
- The camera frame has x to the right, y down, z forwards; its unit is mm.
- Joints are in MPII order (`skeleton.JOINT_NAMES`).
- Masks are positive: True means that the thing is there.
"""

import numpy as np
import tensorflow_datasets as tfds

from hg3d_tf.skeleton import NUM_JOINTS

# Name of the 3D truth of samples whose 3D labels training must not see. Only evaluation reads it.
TRUTH_3D = "joints_3d_truth"
# Beside the data of real datasets: split -> reason -> names of what their build left out.
SKIPPED_FILE = "skipped.json"


def pose_features(
    image_shape=(None, None, 3), jpeg: bool = True, **extra
) -> tfds.features.FeaturesDict:
    """Return the TFDS features of a pose dataset.

    Args:
      image_shape: height, width, channels; None where it varies.
      jpeg: whether images are stored as JPEG (else PNG).
      **extra: further features of one dataset, by name; the pipeline ignores what it does not know.

    The common fields:
      key: unique and stable name of the example, e.g. "S9/Walking/54138969/000201".
      image: uint8 RGB.
      joints_2d: [16, 2] px in `image`; may lie outside of it.
      visible: [16], the joint has a 2D label (and a 3D label where `has_depth`).
      occluded: [16], the joint is labelled but hidden from the camera.
      joints_3d: [16, 3] mm in the camera frame; zeros where not `has_depth`.
      has_depth: the example may be trained with its 3D labels.
      intrinsics: [4] fx, fy, cx, cy in px of `image`, zeros if unknown; pinhole without distortion.
      crop_center: [2] px, crop_side: px. The square that the network sees before augmentation.
      box: [4] x1, y1, x2, y2 px, the box of the labelled joints; its longer side scales PCK.
    """
    return tfds.features.FeaturesDict(
        {
            "key": tfds.features.Text(),
            "image": tfds.features.Image(
                shape=image_shape, encoding_format="jpeg" if jpeg else "png"
            ),
            "joints_2d": tfds.features.Tensor(shape=(NUM_JOINTS, 2), dtype=np.float32),
            "visible": tfds.features.Tensor(shape=(NUM_JOINTS,), dtype=np.bool_),
            "occluded": tfds.features.Tensor(shape=(NUM_JOINTS,), dtype=np.bool_),
            "joints_3d": tfds.features.Tensor(shape=(NUM_JOINTS, 3), dtype=np.float32),
            "has_depth": tfds.features.Scalar(dtype=np.bool_),
            "intrinsics": tfds.features.Tensor(shape=(4,), dtype=np.float32),
            "crop_center": tfds.features.Tensor(shape=(2,), dtype=np.float32),
            "crop_side": tfds.features.Scalar(dtype=np.float32),
            "box": tfds.features.Tensor(shape=(4,), dtype=np.float32),
            **extra,
        }
    )
