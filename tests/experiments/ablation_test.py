import json
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
FLAGFILES = sorted((ROOT / "experiments/ablation").glob("*/*.flags"))

PARSE = """
import importlib, sys
from absl import flags
module = importlib.import_module(sys.argv[1])
for path in sys.argv[2:]:
    flags.FLAGS.unparse_flags()
    flags.FLAGS([path, f"--flagfile={path}"])
    print(flags.FLAGS.flag_values_dict())
"""


@pytest.mark.parametrize("command", ["train", "evaluate"])
def test_every_flagfile_is_accepted_by_its_command(command):
    of_evaluate = [str(path) for path in FLAGFILES if path.stem.startswith("evaluate")]
    of_train = [str(path) for path in FLAGFILES if str(path) not in of_evaluate]
    files = {"train": of_train, "evaluate": of_evaluate}[command]
    assert len(files) >= 4
    run = subprocess.run(
        [sys.executable, "-c", PARSE, f"hg3d_tf.{command}", *files],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert len(run.stdout.splitlines()) == len(files)


FAKE_COMMANDS = """
import json, sys
from pathlib import Path
sys.path.insert(0, "experiments")
import ablation, once

def run(_, module, *flags):
    arguments = dict(flag[2:].split("=", 1) for flag in flags)
    print("RUN", module, Path(arguments["workdir"]).name, arguments["seed"] if "seed" in arguments
          else "", Path(arguments.get("init_from", "")).name)
    if "output" in arguments:
        seed = int(Path(arguments["workdir"]).parent.name.removeprefix("seed"))
        value = {"3d_wo_geo": 10, "3d_w_geo": 20, "3d_2d_wo_geo": 30, "3d_2d_w_geo": 40}
        row = {"mpjpe_mm": value[Path(arguments["workdir"]).name] + 2 * seed, "none": None}
        block = {"statement": "S", "rows": {"r": row}, "poster": {"3D/w geo": {"mpjpe_mm": 5.0}},
                 "poster_source": "poster: mm"}
        Path(arguments["output"]).write_text(json.dumps({"p": {"wild": block}}))
    else:
        Path(arguments["workdir"]).mkdir(parents=True)
    return 0

once.run_python = run
ablation.FLAGS(["ablation", *sys.argv[1:]])
ablation.main()
"""


def run_ablation(folder, *arguments):
    command = [sys.executable, "-c", FAKE_COMMANDS, f"--workdir={folder}", *arguments]
    run = subprocess.run(command, capture_output=True, text=True, cwd=ROOT, check=False)
    runs = [line.split() for line in run.stdout.splitlines() if line.startswith("RUN")]
    return run, runs


def test_rows_share_stages_and_are_not_done_twice(tmp_path):
    run, commands = run_ablation(tmp_path, "--seeds=0,1")
    assert run.returncode == 0, run.stderr
    first_seed = commands[: len(commands) // 2]
    assert [command[1:] for command in first_seed] == [
        ["hg3d_tf.train", "3d_stage1", "0"],
        ["hg3d_tf.train", "3d_stage2", "0", "3d_stage1"],
        ["hg3d_tf.train", "3d_wo_geo", "0", "3d_stage2"],
        ["hg3d_tf.evaluate", "3d_wo_geo"],
        ["hg3d_tf.train", "3d_w_geo", "0", "3d_stage2"],
        ["hg3d_tf.evaluate", "3d_w_geo"],
        ["hg3d_tf.train", "3d_2d_stage1", "0"],
        ["hg3d_tf.train", "3d_2d_stage2", "0", "3d_2d_stage1"],
        ["hg3d_tf.train", "3d_2d_wo_geo", "0", "3d_2d_stage2"],
        ["hg3d_tf.evaluate", "3d_2d_wo_geo"],
        ["hg3d_tf.train", "3d_2d_w_geo", "0", "3d_2d_stage2"],
        ["hg3d_tf.evaluate", "3d_2d_w_geo"],
    ]
    _, commands = run_ablation(tmp_path, "--seeds=0,1,2")
    assert {command[3] for command in commands if command[1] == "hg3d_tf.train"} == {"2"}
    run, commands = run_ablation(tmp_path, "--seeds=0", "--train_flag=--epochs=9")
    assert "was made with other flags" in run.stderr
    assert not commands


def test_the_table_holds_mean_and_spread_beside_the_poster(tmp_path):
    run_ablation(tmp_path, "--seeds=0,1")
    summary = json.loads((tmp_path / "ablation.json").read_text())
    cell = summary["protocols"]["p"]["wild"]["rows"]["3D+2D/w geo"]["mpjpe_mm"]
    assert cell == {"mean": 41, "spread": pytest.approx(2**0.5), "values": [40, 42]}
    markdown = (tmp_path / "ablation.md").read_text()
    assert "| poster: 3D/w geo | 5.00 | - |" in markdown
    assert "| 3D/w geo | 21.00 ± 1.41 | - |" in markdown
    assert "3D+2D/wo geo      31.00 ± 1.41     -" in (tmp_path / "ablation.txt").read_text()
