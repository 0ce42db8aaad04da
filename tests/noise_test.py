"""What a first command writes to stderr: nothing that its user can do nothing about.

Processes are started as a shell does: what C++ writes to file descriptor 2 while TensorFlow is
imported is seen.
"""

import re

import numpy as np
import pytest
from support import painted_people
from support.commands import fork_shrunk, run

PROGRESS = re.compile(r"epoch 1/1: .*|\s*")


def quiet(process):
    assert process.returncode == 0, process.stderr
    assert process.stderr == ""


@pytest.fixture
def as_a_shell(monkeypatch):
    """Take away what the tests' own environment says of TensorFlow's messages."""
    monkeypatch.delenv("TF_CPP_MIN_LOG_LEVEL", raising=False)


@pytest.mark.usefixtures("as_a_shell")
def test_help_says_nothing_beside_itself_and_names_the_terms():
    process = run("-m", "hg3d_tf.predict", "--help")
    assert process.stderr == "" and "for research only" in process.stdout


@pytest.mark.usefixtures("as_a_shell")
def test_predict_says_nothing_beside_its_result(tmp_path):
    painted_people.paint(np.full((16, 2), 60.0)).save(tmp_path / "photo.png")
    out = f"--output_dir={tmp_path / 'out'}"
    process = run("-m", "hg3d_tf.predict", tmp_path / "photo.png", "--box=0,0,99,99", "--html", out)
    quiet(process)
    lines = process.stdout.splitlines()
    assert lines and all(line.startswith(("1 pose: ", "warning: ")) for line in lines), lines


@pytest.mark.slow
@pytest.mark.usefixtures("as_a_shell")
def test_training_shows_its_progress_and_nothing_else(data_dir, tmp_path):
    flags = (
        *("--mix=painted_3d:0.5,painted_2d:0.5", f"--data_dir={data_dir}", "--batch_size=4"),
        *("--num_stacks=1", "--num_features=8", "--num_residuals=1", "--input_size=64"),
        *("--epochs=1", "--steps_per_epoch=1", f"--workdir={tmp_path / 'run'}"),
    )
    process = run("-m", "hg3d_tf.train", *flags)
    assert process.returncode == 0, process.stderr
    shown = re.split(r"[\r\n]", process.stderr)
    assert [line for line in shown if not PROGRESS.fullmatch(line)] == []
    first, *_, last = process.stdout.splitlines()
    assert first.startswith("training ") and last.startswith("  python -m hg3d_tf.export ")


@pytest.mark.slow
@pytest.mark.usefixtures("as_a_shell")
def test_evaluation_and_export_say_nothing_beside_their_results(model, data_dir, tmp_path):
    from hg3d_tf.training import checkpoints

    checkpoints.save_model(model, tmp_path / "run")
    workdir = f"--workdir={tmp_path / 'run'}"
    data = ("--dataset=painted_3d", f"--data_dir={data_dir}")
    quiet(fork_shrunk("hg3d_tf.evaluate", workdir, *data))
    quiet(fork_shrunk("hg3d_tf.export", workdir))
    tflite = ("--tflite=dynamic", "--force")  # without the finder's files in floats
    quiet(fork_shrunk("hg3d_tf.export", workdir, *data, *tflite))
