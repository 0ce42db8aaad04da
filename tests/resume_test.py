"""A training that is killed goes on and ends as one that is not."""

import random
import signal
import time

import numpy as np
import pytest
import training_runs as runs

SETTINGS = {
    "epochs": 3,
    "steps_per_epoch": 5,
    "checkpoint_steps": 2,
    "deterministic_ops": True,
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
    assert found.keys() == expected.keys() and len(found) > 100
    for name in expected:
        np.testing.assert_array_equal(found[name], expected[name], err_msg=name)
    assert runs.lines(workdir / "steps.jsonl") == runs.lines(other / "steps.jsonl")
    for line, same in zip(
        runs.lines(workdir / "metrics.jsonl"), runs.lines(other / "metrics.jsonl"), strict=True
    ):
        assert line["heatmap_loss"] == same["heatmap_loss"] and line["step"] == same["step"]


# Kill after a random step, before its checkpoint or after; and as soon as a checkpoint's data is
# there under its temporary name.
KILL_AFTER_STEP = """
from hg3d_tf import train_loop
take = train_loop.TrainLoop._take_one
def take_and_die(self, batch):
    result = take(self, batch)
    if self.step == {step}:
        os.kill(os.getpid(), signal.SIGKILL)
    return result
train_loop.TrainLoop._take_one = take_and_die
training.train(config, workdir)
"""
KILL_IN_SAVE = """
import threading, time
from pathlib import Path
def watch():
    while True:
        for path in Path(workdir, "checkpoints").glob("ckpt-{number}*"):
            os.kill(os.getpid(), signal.SIGKILL)
threading.Thread(target=watch, daemon=True).start()
training.train(config, workdir)
"""


def test_killed_at_random_points_it_ends_with_the_same_bits(uninterrupted, data_dir, tmp_path):
    seed = time.time_ns()
    chance = random.Random(seed)
    print(f"seed {seed}")
    first, second = sorted(chance.sample(range(1, 15), 2))
    for body in (
        KILL_AFTER_STEP.format(step=first),
        KILL_AFTER_STEP.format(step=second),
        KILL_IN_SAVE.format(number=chance.randint(second // 2 + 2, 9)),
    ):
        runs.finish(runs.start(tmp_path, data_dir, SETTINGS, body), -signal.SIGKILL)
    runs.finish(runs.start(tmp_path, data_dir, SETTINGS))
    assert_same(tmp_path, uninterrupted)


def test_sigterm_saves_and_exits_and_the_training_goes_on(uninterrupted, data_dir, tmp_path):
    body = """
from hg3d_tf import train_loop
call = train_loop.TrainLoop._call
def call_and_signal(self, method, *arguments):
    call(self, method, *arguments)
    if method == "on_train_batch_end" and self.step == 8:
        os.kill(os.getpid(), signal.SIGTERM)
train_loop.TrainLoop._call = call_and_signal
training.train(config, workdir)
"""
    output = runs.finish(runs.start(tmp_path, data_dir, SETTINGS, body), 128 + signal.SIGTERM)
    assert "stopped by SIGTERM" in output and "Traceback" not in output
    # The step that was being taken is finished and saved.
    assert int(runs.variables(tmp_path)["step/.ATTRIBUTES/VARIABLE_VALUE"]) == 9
    runs.finish(runs.start(tmp_path, data_dir, SETTINGS))
    assert_same(tmp_path, uninterrupted)
