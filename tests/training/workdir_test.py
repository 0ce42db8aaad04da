import subprocess
import sys

import pytest

from hg3d_tf.cli import UserError
from hg3d_tf.training import workdir


def trained(folder, flagfile):
    """Make a folder of a training that has a checkpoint."""
    for name, text in (("checkpoints/checkpoint", ""), ("flags.txt", flagfile)):
        (folder / name).parent.mkdir(exist_ok=True)
        (folder / name).write_text(text)


def test_other_flags_are_named_and_free_ones_are_not(tmp_path):
    trained(tmp_path, "--epochs=1\n--learning_rate=0.1\n--nomix_exact\n")
    defaults = {"accumulate": "--accumulate=1"}
    same = "--epochs=2\n--learning_rate=0.1\n--nomix_exact\n--accumulate=1\n"
    other = same.replace("0.1", "0.2").replace("--nomix", "--mix")
    with pytest.raises(UserError, match=r"rate=0.1 then, --learning_rate=0.2 now; --nomix_exact"):
        workdir.prepare(tmp_path, workdir.Flags(other, defaults, ("epochs",)), "refuse", True)
    workdir.prepare(tmp_path, workdir.Flags(same, defaults, ("epochs",)), "refuse", True)
    assert (tmp_path / "flags.txt").read_text() == same


def test_start_anew_removes_the_training_and_nothing_else(tmp_path):
    trained(tmp_path, "--epochs=1\n")
    for name in ("metrics.jsonl", "notes.txt"):
        (tmp_path / name).write_text("")
    workdir.prepare(tmp_path, workdir.Flags("--epochs=2\n", {}, ()), "start_anew", True)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["flags.txt", "notes.txt"]
    assert (tmp_path / "flags.txt").read_text() == "--epochs=2\n"


def test_only_the_chief_writes(tmp_path):
    trained(tmp_path, "--epochs=1\n")
    workdir.prepare(tmp_path, workdir.Flags("--epochs=2\n", {}, ()), "start_anew", False)
    assert (tmp_path / "flags.txt").read_text() == "--epochs=1\n"
    assert (tmp_path / "checkpoints/checkpoint").exists()


HOLD = """
import pathlib, sys, time
from hg3d_tf.training import workdir
with workdir.held(pathlib.Path(sys.argv[1]), chief=True):
    print("held", flush=True)
    time.sleep(60)
"""


def test_a_second_training_refuses_and_a_dead_one_does_not_hold_the_folder(tmp_path):
    command = [sys.executable, "-c", HOLD, str(tmp_path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        with pytest.raises(UserError, match="another training"), workdir.held(tmp_path, True):
            pass
        with workdir.held(tmp_path, chief=False):  # a worker of the first
            pass
        process.kill()
    with workdir.held(tmp_path, chief=True):
        pass
