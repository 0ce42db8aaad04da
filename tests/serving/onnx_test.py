"""The SavedModel in ONNX Runtime, converted as serving/README.md says."""

import re

import numpy as np
import pytest
import tensorflow as tf
from support import commands

pytest.importorskip("tf2onnx", reason="tf2onnx is not installed")
onnxruntime = pytest.importorskip("onnxruntime", reason="ONNX Runtime is not installed")

README = (commands.ROOT / "serving/README.md").read_text(encoding="utf-8")


@pytest.mark.slow
def test_onnx_runtime_sees_the_joints_that_tensorflow_sees(saved_model, served, tmp_path):
    (printed,) = re.findall(r"python (-m tf2onnx\.convert .*?pose\.onnx)", README, re.DOTALL)
    words = printed.replace("\\\n", " ").replace("saved_model/1", str(saved_model)).split()
    done = commands.fork(*words, cwd=tmp_path)
    assert done.returncode == 0, done.stderr[-2000:]
    session = onnxruntime.InferenceSession(tmp_path / "pose.onnx")
    crops = np.random.default_rng(0).integers(0, 256, (3, 64, 64, 3), np.uint8)
    names = [output.name for output in session.get_outputs()]
    found = dict(zip(names, session.run(names, {"crops": crops}), strict=True))
    expected = served.signatures["predict_crops"](crops=tf.constant(crops))
    assert found.keys() == expected.keys()
    for name, value in expected.items():
        np.testing.assert_allclose(found[name], value, rtol=1e-4, atol=2e-3, err_msg=name)
