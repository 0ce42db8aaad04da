"""Trainings of a very small network in processes of their own, for tests that kill them."""

import contextlib
import json
import socket
import subprocess
import sys
from pathlib import Path

import numpy as np

from support import forks
from support.commands import ROOT, environment

# argv: workdir, data_dir, number of logical devices, settings as JSON. No pictures are drawn, for
# the sake of time.
SCRIPT = """
import json, os, signal, sys
os.environ["TF_CPP_MIN_LOG_LEVEL"] = "3"
import tensorflow as tf

workdir, data_dir, devices, settings = *sys.argv[1:3], int(sys.argv[3]), json.loads(sys.argv[4])
cpu, = tf.config.list_physical_devices("CPU")
tf.config.set_logical_device_configuration(cpu, [tf.config.LogicalDeviceConfiguration()] * devices)
tf.config.threading.set_intra_op_parallelism_threads(2)

from support import training_runs
from hg3d_tf.training import batch_preview, report, stage
from hg3d_tf.data.input_pipeline import InputConfig
from hg3d_tf.data.mix import parse_mix
from hg3d_tf.training.optimizers import OptimizerConfig
from hg3d_tf.network.pose_model import LossConfig, ModelConfig
from hg3d_tf.training.config import LogConfig, TrainConfig
from hg3d_tf.training.validation import ValidationConfig

batch_preview.write = report.write = lambda *args, **kwargs: None
training_runs.shrink_network()
config = TrainConfig(
    model=ModelConfig(1, 8, 1, 64),
    input=InputConfig(parse_mix("painted_3d:0.4,painted_2d:0.6"), batch_size=4,
                      data_dir=data_dir),
    optimizer=OptimizerConfig("adam", settings.pop("learning_rate", 1e-3)),
    loss=LossConfig(depth_weight=0.1, geometry_weight=0.01),
    log=LogConfig(steps=1),
    validation=ValidationConfig(settings.pop("validated_on", ""), "test", pictures=0),
    **settings,
)
"""


TRAIN = "stage.train(config, workdir)"
# After this step, before the checkpoint that may be due.
KILL_AFTER_STEP = """
from hg3d_tf.training import loop
take = loop.TrainLoop._take_one
def take_and_die(self, batch):
    result = take(self, batch)
    if self.step == {step}:
        os.kill(os.getpid(), signal.SIGKILL)
    return result
loop.TrainLoop._take_one = take_and_die
"""


def shrink_network(set_attribute=setattr) -> None:
    """Leave of the network its stem, heads and one pooling step, for the sake of time."""
    from hg3d_tf.network import hourglass

    set_attribute(hourglass, "HOURGLASS_DEPTH", 1)
    set_attribute(hourglass, "DEPTH_LEVELS", 1)
    set_attribute(hourglass, "residuals", lambda x, count, name: x)


def free_addresses(count) -> list[str]:
    """Return addresses of this host that nothing listens at."""
    with contextlib.ExitStack() as stack:
        sockets = [stack.enter_context(socket.socket()) for _ in range(count)]
        for each in sockets:
            each.bind(("localhost", 0))
        return [f"localhost:{each.getsockname()[1]}" for each in sockets]


def start(workdir, data_dir, settings, body=TRAIN, devices=1, **variables):
    """Start a training; `body` is the Python that is run after SCRIPT."""
    program = _program(workdir, data_dir, settings, body, devices)
    return forks.Fork(program, ROOT, environment(variables))


def start_from_nothing(workdir, data_dir, settings, body=TRAIN, devices=1, **variables):
    """As `start`, for a training that may start its own command line again."""
    return subprocess.Popen(
        [sys.executable, *_program(workdir, data_dir, settings, body, devices)],
        env=environment(variables),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def _program(workdir, data_dir, settings, body, devices) -> list[str]:
    return ["-c", SCRIPT + body, str(workdir), str(data_dir), str(devices), json.dumps(settings)]


def finish(process, status=0):
    """Wait for a process, assert its exit status, and return what it printed."""
    stdout, stderr = process.communicate(timeout=600)
    assert process.returncode == status, (process.returncode, stderr[-3000:])
    return stdout + stderr


def variables(workdir) -> dict[str, np.ndarray]:
    """Return all values of the newest checkpoint, by name; not those that count saves."""
    import tensorflow as tf

    path = tf.train.latest_checkpoint(str(Path(workdir) / "checkpoints"))
    names = [name for name, _ in tf.train.list_variables(path)]
    kept = (n for n in names if "save_counter" not in n and "OBJECT_GRAPH" not in n)
    return {name: tf.train.load_variable(path, name) for name in kept}


def lines(path) -> list[dict]:
    """Return the JSON lines of a file."""
    return [json.loads(line) for line in Path(path).read_text().splitlines()]
