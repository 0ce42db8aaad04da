"""TensorFlow Lite files of a network, for phones and browsers.

Their input is one crop, `image` [1, S, S, 3] float32 in [0, 1], in every form. Signatures:
  joints: joints_2d [1, 16, 2] px of the crop, joints_3d [1, 16, 3] mm as `joint_decoding` gives
    them, joints_3d_crop [1, 16, 3] half sides of the crop, confidence [1, 16].
  heatmaps: heatmaps [1, h, w, 16] and depth [1, 16], convolutions alone, for GPU delegates: without
    the flip test that `joints` makes where the network has one.
"""

from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from hg3d_tf import cli
from hg3d_tf.network import joint_decoding
from hg3d_tf.network.pose_model import PoseModel

FORMS = ("float32", "float16", "dynamic", "int8")


class PhoneModel(tf.Module):
    """The signatures of the files, as a SavedModel for the converter."""

    def __init__(self, model: PoseModel):
        super().__init__(name="hg3d")
        self.weights = model.variables
        self.size = model.config.input_size
        self.heatmaps_kind = model.config.heatmaps
        self.network = lambda image: model(image, training=False)
        self.infer = model.infer

    def save(self, folder: str) -> None:
        """Write the SavedModel that `convert` reads."""
        image = tf.TensorSpec([1, self.size, self.size, 3], tf.float32, name="image")
        signatures = {
            name: tf.function(function, input_signature=[image], autograph=False)
            for name, function in (("joints", self.joints), ("heatmaps", self.heatmaps))
        }
        tf.saved_model.save(self, folder, signatures=signatures)

    def joints(self, image):
        """Give decoded joints."""
        outputs = joint_decoding.decode_outputs(self.infer(image), self.heatmaps_kind)
        joints_2d = (outputs["joints_3d_crop"][..., :2] + 1.0) * (self.size / 2)
        return outputs | {"joints_2d": joints_2d}

    def heatmaps(self, image):
        """Give what the network puts out, without a flip test."""
        outputs = self.network(image)
        return {"heatmaps": outputs["heatmaps"][-1], "depth": outputs["depth"]}


def signatures_of(form: str) -> list[str]:
    """Return the signatures that a form's file has.

    Full int8 has no decoded joints: the converter would round coordinates, too, to 255 values.
    """
    return ["heatmaps"] if form == "int8" else ["joints", "heatmaps"]


def convert(folder: str, form: str, images: Iterable[np.ndarray] = ()) -> bytes:
    """Return the file of a form from the SavedModel in `folder`.

    Args:
      folder: where `PhoneModel.save` wrote to.
      form: one of FORMS; float16 halves the weights, dynamic stores them as int8 and computes in
        float, int8 computes in int8.
      images: for int8: crops [S, S, 3] in [0, 1] like those that the file will see.
    """
    signatures = signatures_of(form)
    converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=signatures)
    if form != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if form == "float16":
        converter.target_spec.supported_types = [tf.float16]
    if form == "int8":
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
        converter.representative_dataset = lambda: (
            ("heatmaps", {"image": np.float32(image)[np.newaxis]}) for image in images
        )
    with cli.native_notices_hidden():  # tables of the operators
        return converter.convert()
