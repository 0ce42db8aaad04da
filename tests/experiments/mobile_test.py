"""The comparison of networks for phones, its commands replaced by ones that only write reports."""

import json
import subprocess
import sys
from pathlib import Path

import pytest
from PIL import Image

ROOT = Path(__file__).resolve().parents[2]
FAKE_COMMANDS = """
import json, sys
from pathlib import Path
sys.path.insert(0, "experiments")
import mobile, once

def run(_, module, *flags):
    arguments = dict(flag[2:].split("=", 1) for flag in flags if "=" in flag)
    folder = Path(arguments["workdir"])
    print("RUN", module, folder.name, arguments.get("num_features", ""))
    (folder / "tflite").mkdir(parents=True, exist_ok=True)
    if module == "hg3d_tf.export":
        row = {"size_mb": 1.5, "latency_ms": 8.0, "pck_box_010": 0.25}
        rows = {"float32": row, "dynamic": row, "int8": row | {"latency_ms": 2.0}}
        (folder / "tflite/report.json").write_text(json.dumps({"files": rows}))
    return 0

once.run_python = run
mobile.FLAGS(["mobile", *sys.argv[1:]])
mobile.main()
"""


def run_mobile(folder, *arguments):
    command = [sys.executable, "-c", FAKE_COMMANDS, f"--workdir={folder}", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    return run, [line.split()[1:] for line in run.stdout.splitlines() if line.startswith("RUN")]


@pytest.mark.slow
def test_each_network_is_trained_and_exported_once(tmp_path):
    run, commands = run_mobile(tmp_path)
    assert run.returncode == 0, run.stderr
    names = ["hourglass_64", "hourglass_96", "hourglass_128", "efficientnet_lite0"]
    assert [command[1] for command in commands[::2]] == names
    assert {command[0] for command in commands[::2]} == {"hg3d_tf.train"}
    assert [command[1] for command in commands[1::2]] == names
    assert {command[0] for command in commands[1::2]} == {"hg3d_tf.export"}
    _, commands = run_mobile(tmp_path)
    assert not commands
    run, commands = run_mobile(tmp_path, "--train_flag=--epochs=9")
    assert "was made with other flags" in run.stderr and not commands


@pytest.mark.slow
def test_the_table_and_the_plot_show_every_file(tmp_path):
    run_mobile(tmp_path)
    table = (tmp_path / "mobile.md").read_text()
    assert "| hourglass, 64 features | float32 | 1.50 | 125 | 0.250 |" in table
    assert "| hourglass, 64 features | int8 | 1.50 | 500 | 0.250 |" in table
    with Image.open(tmp_path / "mobile.png") as picture:
        assert picture.size[0] > 300 and len(picture.convert("RGB").getcolors(1 << 24)) > 10
    assert json.loads((tmp_path / "hourglass_64/done.json").read_text())
