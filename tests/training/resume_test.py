"""A training that is killed goes on and ends as one that is not."""

import random
import signal
import time

import numpy as np
import pytest
from support import training_runs as runs

pytestmark = pytest.mark.slow

SETTINGS = {
    "epochs": 3,
    "steps_per_epoch": 5,
    "checkpoint_steps": 2,
    "average_decay": 0.9,
}


@pytest.fixture(scope="module")
def uninterrupted(data_dir, tmp_path_factory):
    """The folder of a training that nobody disturbed."""
    workdir = tmp_path_factory.mktemp("uninterrupted") / "run"
    runs.finish(runs.start(workdir, data_dir, SETTINGS))
    return workdir


def assert_same(workdir, other):
    """Assert that two trainings ended with the same bits and logged the same losses."""
    found, expected = runs.variables(workdir), runs.variables(other)
    assert found.keys() == expected.keys() and len(found) > 100  # weights, their average, optimizer
    for name in expected:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)
    assert runs.lines(workdir / "steps.jsonl") == runs.lines(other / "steps.jsonl")
    for line, same in zip(
        runs.lines(workdir / "metrics.jsonl"), runs.lines(other / "metrics.jsonl"), strict=True
    ):
        assert line["heatmap_loss"] == same["heatmap_loss"] and line["step"] == same["step"]


# As soon as data of the n-th new checkpoint are there, under a temporary name.
KILL_IN_SAVE = """
import pathlib, threading
folder = pathlib.Path(workdir, "checkpoints")
names = lambda: {{path.name.split(".")[0].removesuffix("_temp") for path in folder.glob("ckpt-*")}}
before = names()
def watch():
    while len(names() - before) < {number}:
        pass
    os.kill(os.getpid(), signal.SIGKILL)
threading.Thread(target=watch, daemon=True).start()
"""
STOP_AFTER_STEP = """
from hg3d_tf.training import loop
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where tests run in the background
call = loop.TrainLoop._call
def call_and_signal(self, method, *arguments):
    call(self, method, *arguments)
    if method == "on_train_batch_end" and self.step == {step}:
        os.kill(os.getpid(), {number})
loop.TrainLoop._call = call_and_signal
"""


def test_interrupted_at_random_points_it_ends_with_the_same_bits(uninterrupted, data_dir, tmp_path):
    seed = time.time_ns()
    chance = random.Random(seed)
    print(f"seed {seed}")
    first, second = sorted(chance.sample(range(1, 11), 2))

    def run(body, status):
        return runs.finish(runs.start(tmp_path, data_dir, SETTINGS, body + runs.TRAIN), status)

    run(runs.KILL_AFTER_STEP.format(step=first), -signal.SIGKILL)
    number, name = chance.choice([(signal.SIGTERM, "SIGTERM"), (signal.SIGINT, "Ctrl-C")])
    output = run(STOP_AFTER_STEP.format(step=second, number=int(number)), 128 + number)
    assert f"stopped by {name}: the same command goes on" in output and "Traceback" not in output
    # The step that was being taken is finished and saved.
    assert int(runs.variables(tmp_path)["step/.ATTRIBUTES/VARIABLE_VALUE"]) == second + 1
    run(KILL_IN_SAVE.format(number=chance.choice([1, 2])), -signal.SIGKILL)
    run("", 0)
    assert_same(tmp_path, uninterrupted)
