"""From image bytes to joints, as one TensorFlow graph: what export writes and predict runs."""

import tensorflow as tf

from hg3d_tf import decode, geometry, warping
from hg3d_tf.pose_model import PoseModel

# Side of the crop for a box round the person, in longer sides of the box.
BOX_MARGIN = 1.25


class PoseServer(tf.Module):
    """The signatures of the SavedModel.

    All outputs have the batch first:
      joints_2d [B, 16, 2]: px of the given image, (0, 0) being its top left corner.
      joints_3d [B, 16, 3]: mm relative to the pelvis in the camera's frame (x right, y down, z
        forwards), under the assumption that the bones sum to those of the canonical skeleton.
      confidence [B, 16]: height of the heat map's peak.
    """

    def __init__(self, model: PoseModel):
        super().__init__(name="hg3d")
        self.model = model
        self.size = model.config.input_size

    @tf.function(input_signature=[tf.TensorSpec([None], tf.string, name="image_bytes")])
    def predict(self, image_bytes):
        """Take the whole image as the crop (padded to a square)."""
        crops, matrices = tf.map_fn(
            self._whole_image_crop,
            image_bytes,
            fn_output_signature=self._crop_signature(),
        )
        return self._predict(crops, matrices)

    @tf.function(
        input_signature=[
            tf.TensorSpec([None], tf.string, name="image_bytes"),
            tf.TensorSpec([None, 4], tf.float32, name="boxes"),
        ]
    )
    def predict_boxes(self, image_bytes, boxes):
        """Take the person in the box x1, y1, x2, y2 px of each image."""
        crops, matrices = tf.map_fn(
            lambda row: self._crop(_decode(row[0]), row[1], BOX_MARGIN),
            (image_bytes, boxes),
            fn_output_signature=self._crop_signature(),
        )
        return self._predict(crops, matrices)

    def _whole_image_crop(self, image_bytes):
        image = _decode(image_bytes)
        height, width = tf.unstack(tf.cast(tf.shape(image)[:2], tf.float32))
        return self._crop(image, tf.stack([0.0, 0.0, width, height]), 1.0)

    def _crop(self, image, box, margin: float):
        """Return the crop [S, S, 3] and the matrix from crop px to image px."""
        side = tf.reduce_max(box[2:] - box[:2]) * margin
        center = (box[2:] + box[:2]) / 2
        matrix = tf.linalg.inv(
            geometry.crop_matrix(center, side, tf.constant(0.0), tf.constant(False), self.size)
        )
        return warping.warp(image, matrix, self.size) / 255.0, matrix

    def _crop_signature(self):
        return (
            tf.TensorSpec([self.size, self.size, 3], tf.float32),
            tf.TensorSpec([3, 3], tf.float32),
        )

    def _predict(self, crops, matrices):
        outputs = self.model(crops, training=False)
        joints_2d_norm, confidence = decode.decode_heatmaps(outputs["heatmaps"][-1])
        crop_px = (joints_2d_norm + 1.0) * (self.size / 2)
        joints_2d = crop_px @ tf.transpose(matrices[:, :2, :2], [0, 2, 1])
        joints = decode.join_depth(joints_2d_norm, outputs["depth"])
        return {
            "joints_2d": joints_2d + matrices[:, tf.newaxis, :2, 2],
            "joints_3d": decode.to_canonical_mm(joints),
            "confidence": confidence,
        }


def _decode(image_bytes) -> tf.Tensor:
    return tf.io.decode_image(image_bytes, channels=3, expand_animations=False)
