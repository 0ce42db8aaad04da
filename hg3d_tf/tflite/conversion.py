"""TensorFlow Lite files of a network, for phones and browsers.

Their input is one crop, `image` [1, S, S, 3] float32 in [0, 1], in every form. Signatures:
  joints: joints_2d [1, 16, 2] px of the crop, joints_3d [1, 16, 3] mm as `joint_decoding` gives
    them, joints_3d_crop [1, 16, 3] half sides of the crop, confidence [1, 16].
  heatmaps: heatmaps [1, h, w, 16] and depth [1, 16], convolutions alone, for GPU delegates: without
    the flip test that `joints` makes where the network has one. Not in int8.

The finder's file has the signature `serving_default`: `image` [1, 256, 256, 3], the whole picture,
-> the maps of `finder.build_finder`.

In int8 the convolutions and dense layers compute in int8; of what makes joints of their outputs the
operators in `_FLOAT_OPERATORS` stay in float: rounded to 255 values, broad distributions would be
nothing. What only adds, joins and splits is int8; experiments/shipping.py keeps it in float, too.
"""

from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from hg3d_tf import cli
from hg3d_tf.network import joint_decoding
from hg3d_tf.network.pose_model import PoseModel

FORMS = ("float32", "float16", "dynamic", "int8")
FINDER_FORMS = ("float32", "float16")  # besides the int8 of the package, which needs pictures
# Of the decoding and of the lifter's arithmetic.
_FLOAT_OPERATORS = (
    *("SOFTMAX", "BATCH_MATMUL", "SUM", "MUL", "DIV", "MEAN", "SQUARED_DIFFERENCE"),
    *("RSQRT", "SQRT", "SUB", "GATHER", "GATHER_ND", "MINIMUM", "MAXIMUM"),
)


class PhoneModel(tf.Module):
    """The signatures of the files, as a SavedModel for the converter.

    Args:
      model: the network.
      flip_test: of the signature `joints`; by default as the network has it.
    """

    def __init__(self, model: PoseModel, flip_test: bool | None = None):
        super().__init__(name="hg3d")
        self.weights = model.variables
        self.size = model.config.input_size
        self.decoding = model.config.heatmaps, model.config.confidence_knots
        self.network = lambda image: model(image, training=False)
        self.infer = lambda image: model.infer(image, flip_test)

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
        outputs = joint_decoding.decode_outputs(self.infer(image), *self.decoding)
        joints_2d = (outputs["joints_3d_crop"][..., :2] + 1.0) * (self.size / 2)
        return outputs | {"joints_2d": joints_2d}

    def heatmaps(self, image):
        """Give what the network puts out, without a flip test."""
        outputs = self.network(image)
        return {"heatmaps": outputs["heatmaps"][-1], "depth": outputs["depth"]}


class PhoneFinder(tf.Module):
    """The finder of people, from `finder.build_finder`, as a SavedModel for the converter."""

    def __init__(self, finder):
        super().__init__(name="finder")
        self.weights = finder.variables
        self.size = finder.inputs[0].shape[1]
        self.network = lambda image: finder(image, training=False)

    def save(self, folder: str) -> None:
        """Write the SavedModel that `convert_finder` reads."""
        image = tf.TensorSpec([1, self.size, self.size, 3], tf.float32, name="image")
        maps = tf.function(self.network, input_signature=[image], autograph=False)
        tf.saved_model.save(self, folder, signatures={"serving_default": maps})


def convert_finder(folder: str, form: str) -> bytes:
    """Return the finder's file, float32 or float16, from the SavedModel in `folder`."""
    converter = tf.lite.TFLiteConverter.from_saved_model(folder)
    _set_precision(converter, form)
    with cli.native_notices_hidden():
        return converter.convert()


def convert(folder: str, form: str, images: Iterable[np.ndarray] = ()) -> bytes:
    """Return the file of a form from the SavedModel in `folder`.

    Args:
      folder: where `PhoneModel.save` wrote to.
      form: one of FORMS; float16 halves the weights, dynamic stores them as int8 and computes in
        float, int8 computes in int8.
      images: for int8: crops [S, S, 3] in [0, 1] like those that the file will see.
    """
    signatures = ["joints"] if form == "int8" else ["joints", "heatmaps"]
    converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=signatures)
    _set_precision(converter, form)
    with cli.native_notices_hidden():  # tables of the operators
        if form == "int8":
            return in_int8(converter, images, float_operators=_FLOAT_OPERATORS)
        return converter.convert()


def _set_precision(converter, form: str) -> None:
    if form != "float32":
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
    if form == "float16":
        converter.target_spec.supported_types = [tf.float16]


def in_int8(
    converter,
    images: Iterable[np.ndarray],
    float_operators: Iterable[str],
    float_nodes: Iterable[str] = (),
) -> bytes:
    """Return the int8 file of a network's signature `joints`.

    Args:
      converter: of that signature, which optimises.
      images: crops [S, S, 3] in [0, 1] like those that the file will see.
      float_operators, float_nodes: names of what stays in float.
    """
    examples = [{"image": np.float32(image)[np.newaxis]} for image in images]
    converter.representative_dataset = lambda: (("joints", example) for example in examples)
    lite = tf.lite.experimental
    # The one public way to except operators.
    debugger = lite.QuantizationDebugger(
        converter=converter,
        debug_dataset=converter.representative_dataset,
        debug_options=lite.QuantizationDebugOptions(
            denylisted_nodes=list(float_nodes), denylisted_ops=list(float_operators)
        ),
    )
    return debugger.get_nondebug_quantized_model()
