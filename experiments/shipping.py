"""The file of the shipped network: int8 where most of the work is, float where joints come from.

int8 through and through costs 3D most: the lifter reads the means of the maps, which 255 steps make
coarse. What stays in float: the decoding, the heads, the pyramid but for its large convolutions,
and the encoder's first blocks, whose errors all others inherit. The lifter's large layers are int8,
for their size.
"""

import re
import tempfile
from collections.abc import Iterable

import numpy as np
import tensorflow as tf

from hg3d_tf import cli
from hg3d_tf.network.pose_model import PoseModel
from hg3d_tf.tflite.conversion import PhoneModel, in_int8

# By the last name of a node's output; others are named after what they are merged with, too.
_INT8 = re.compile(r"encoder_blocks_([6-9]|1\d)__|pyramid_\d_conv/|lifter/block")
# Nodes of several outputs, which the converter renames.
_FLOAT_OPERATORS = ("SPLIT",)


def convert(model: PoseModel, images: Iterable[np.ndarray]) -> bytes:
    """Return the file, with the flip test of the network, from crops [S, S, 3] in [0, 1]."""
    with tempfile.TemporaryDirectory() as folder, cli.native_notices_hidden():
        PhoneModel(model).save(folder)
        in_float = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["joints"])
        nodes = float_nodes(in_float.convert())
        converter = tf.lite.TFLiteConverter.from_saved_model(folder, signature_keys=["joints"])
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        return in_int8(converter, images, _FLOAT_OPERATORS, nodes)


def float_nodes(content: bytes) -> list[str]:
    """Return the names of the nodes, of a file in float, that are to stay so."""
    from ai_edge_litert.interpreter import Interpreter

    interpreter = Interpreter(model_content=content)
    names = {one["index"]: one["name"] for one in interpreter.get_tensor_details()}
    outputs = [names[place] for node in interpreter._get_ops_details() for place in node["outputs"]]
    return [name for name in outputs if stays_float(name)]


def stays_float(name: str) -> bool:
    """Tell whether a node is to stay in float, by the name of its output."""
    return not _INT8.search(name.split(";")[-1])
