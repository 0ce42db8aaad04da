"""Which parts of the shipped file compute in float, and that what comes out is not rounded."""

import sys

import numpy as np
import pytest
from support.commands import ROOT

sys.path.insert(0, str(ROOT / "experiments"))
import shipping

from hg3d_tf import weights
from hg3d_tf.tflite.litert import TfliteRunner


@pytest.mark.parametrize(
    ("name", "is_float"),
    [
        ("hg3d/encoder_blocks_1__bn1/Fused;hg3d/encoder_conv_stem/Conv2D", True),
        (
            "hg3d/encoder_blocks_7__project_conv/Conv2D;hg3d/encoder_blocks_5__project_conv/Conv",
            True,
        ),
        ("hg3d/encoder_blocks_8__depthwise_conv/depthwise", False),
        ("hg3d/encoder_blocks_15__project_conv/Conv2D", False),
        ("hg3d/pyramid_0_conv/BiasAdd/Read;hg3d/pyramid_0_conv/Conv2D1", False),
        ("hg3d/pyramid_0_conv/Conv2D;hg3d/pyramid_2_lateral/Conv2D", True),
        ("hg3d/pyramid_heatmaps/BiasAdd/ReadVariableOp", True),
        ("hg3d/lifter/first/MatMul", True),
        ("hg3d/lifter/block0_inner/MatMul", False),
        ("StatefulPartitionedCall_1:3", True),
    ],
)
def test_what_joints_come_from_is_float(name, is_float):
    assert shipping.stays_float(name) == is_float


def test_the_shipped_file_does_not_round_joints():
    runner = TfliteRunner(weights.TFLITE_FILE.read_bytes())
    size = runner.input_size("joints")
    noise = np.random.default_rng(0).random((4, size, size, 3))
    joints = np.concatenate([runner.run("joints", image)["joints_3d_crop"] for image in noise])
    for axis in range(3):
        steps = np.diff(np.unique(joints[..., axis])) / np.ptp(joints[..., axis])
        assert (steps < 1 / 255).sum() > 10  # in int8 none would be
