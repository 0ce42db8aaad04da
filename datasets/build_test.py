import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

BUILD = Path(__file__).with_name("build.py")


def build(*flags):
    environment = {k: v for k, v in os.environ.items() if k != "TFDS_DATA_DIR"}
    return subprocess.run(
        [sys.executable, str(BUILD), *flags], capture_output=True, text=True, env=environment
    )


def error_line(result):
    assert result.returncode == 1
    lines = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1 and "Traceback" not in result.stderr
    return lines[0]


@pytest.mark.parametrize(
    "flags, message",
    [
        ([], "--dataset is missing: one of .*synthetic_humans"),
        (["--dataset=nothing"], "--dataset=nothing: unknown; there are .*synthetic_humans"),
        (["--dataset=synthetic_humans/wild", "stray"], "unexpected argument 'stray'"),
        (
            ["--dataset=synthetic_humans/wild", "--data_dir=/dev/null/data"],
            "cannot write to /dev/null/data",
        ),
    ],
)
def test_mistakes_get_one_line(flags, message):
    assert re.search(message, error_line(build(*flags)))


def test_config_must_exist(tmp_path):
    line = error_line(build("--dataset=synthetic_humans", f"--data_dir={tmp_path}"))
    assert "synthetic_humans/CONFIG, one of studio, wild" in line


def test_build_again_with_other_options_and_with_overwrite(tmp_path):
    flags = ["--dataset=synthetic_humans/wild", f"--data_dir={tmp_path}", "--image_size=32"]
    flags += ["--num_train=2", "--num_validation=1", "--num_test=1", "--num_processes=1"]
    sheet = tmp_path / "sheet.png"

    first = build(*flags, f"--preview={sheet}")
    assert first.returncode == 0, first.stderr
    assert "built 2 train, 1 validation, 1 test" in first.stdout
    assert Image.open(sheet).size[0] > 400
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["synthetic_humans"]

    again = build(*flags)
    assert again.returncode == 0 and "already there" in again.stdout

    assert "built with seed=0, not 5; add --overwrite" in error_line(build(*flags, "--seed=5"))

    other = build(*flags, "--seed=5", "--overwrite")
    assert other.returncode == 0 and "built 2 train" in other.stdout
    assert "already there" in build(*flags, "--seed=5").stdout
