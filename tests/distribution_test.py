"""N replicas equal 1 replica at the same global batch, on logical CPU devices."""

import json
import os
import subprocess
import sys
from pathlib import Path

import numpy as np

# A process for each number of devices: they cannot change once TensorFlow runs.
_SCRIPT = """
import json, sys
import numpy as np
import tensorflow as tf
cpu, = tf.config.list_physical_devices("CPU")
count = int(sys.argv[1])
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * count)
from hg3d_tf import training
from hg3d_tf.keras_api import keras
from hg3d_tf.pose_model import LossConfig, ModelConfig, build_pose_model

strategy = training.create_strategy()
assert strategy.num_replicas_in_sync == count
rng = np.random.default_rng(0)
steps, size = 4, 8
has_depth = np.arange(steps * size) % size < 3  # the second replica gets none
batches = tf.data.Dataset.from_tensor_slices({
    "image": rng.random((steps * size, 64, 64, 3)).astype(np.float32),
    "joints_2d_norm": rng.uniform(-1, 1, (steps * size, 16, 2)).astype(np.float32),
    "depth": rng.normal(0, 0.3, (steps * size, 16)).astype(np.float32),
    "visible": rng.random((steps * size, 16)) < 0.8,
    "has_depth": has_depth,
}).batch(size, drop_remainder=True)
keras.utils.set_random_seed(0)
config = ModelConfig(1, 8, 1, 64)
# In float64: with few samples, batch normalisation makes float32's rounding errors grow a
# thousandfold in each step, and two correct results drift apart. What the initialisers draw
# depends on the strategy: both start from the same weights.
initial = build_pose_model(config, "float64").get_weights()
with strategy.scope():
    model = build_pose_model(config, "float64")
    model.set_weights(initial)
    model.compile(keras.optimizers.SGD(0.05), LossConfig(depth_weight=0.1, geometry_weight=0.01))
logs = {}
log = keras.callbacks.LambdaCallback(on_epoch_end=lambda epoch, values: logs.update(values))
model.fit(batches, verbose=0, callbacks=[log])
np.savez(sys.argv[2], *[v.numpy() for v in model.variables])
print(json.dumps({name: float(value) for name, value in logs.items()}))
"""


def run(count: int, weights: Path):
    root = Path(__file__).parents[1]
    result = subprocess.run(
        [sys.executable, "-c", _SCRIPT, str(count), str(weights)],
        env=os.environ | {"PYTHONPATH": str(root)},
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )
    assert result.returncode == 0, result.stderr[-3000:]
    return json.loads(result.stdout.splitlines()[-1]), np.load(weights)


def test_two_replicas_equal_one(tmp_path):
    losses_1, weights_1 = run(1, tmp_path / "one.npz")
    losses_2, weights_2 = run(2, tmp_path / "two.npz")
    assert losses_1.keys() == losses_2.keys()
    for name in losses_1:
        np.testing.assert_allclose(losses_2[name], losses_1[name], rtol=1e-5, err_msg=name)
    assert len(weights_1.files) == len(weights_2.files) > 50
    for name in weights_1.files:
        np.testing.assert_allclose(weights_2[name], weights_1[name], atol=1e-5)
