"""The README's commands as printed, in a copy of the checkout with an environment of its own.

The copy has no git, and a space in its path; what is not an installation runs without a network,
where the machine can take it away. It takes minutes and an index of packages:
`make smoke FRESH=1`.
"""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support import films
from support.commands import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")
IN_MINIATURE = ("--num_train=12", "--train_flag=--steps_per_epoch=1", "--train_flag=--batch_size=8")
# Why a command is not run as it is printed.
NOT_RUN = {
    "git clone <this repository> && cd hg3d_tf": "the copy stands for it",
    "make quickstart": "in miniature",
    "make test": "run whole on two Pythons",
    "hg3d train --flagfile=experiments/stage1.flags --workdir=runs/stage1": "Human3.6M's licence",
    "hg3d train --flagfile=experiments/finetune.flags --workdir=runs/own": "in examples/",
    "make web && make serve-web": "in web_demo_test.py; it serves until it is stopped",
}
INSTALL = "pip install -e '.[video,formats]'"
# In an environment that holds what this installs and no more, as of who does not run `make`.
INSTALLED = ["hg3d predict photo.jpg", "hg3d predict --video=clip.mp4 --html"]
RUN = ["hg3d export --workdir=shipped-large --output_dir=saved_model"]


def shell_commands() -> list[str]:
    """Each command of the README once: its indented blocks, and the table of the ways in."""
    blocks = re.findall(r"^    (\S.*)$", re.sub(r"```.*?```", "", README, flags=re.S), re.M)
    table = re.findall(r"^\|[^|]+\| `((?:hg3d|make) [^`]+)` \|", README, re.M)
    return list(dict.fromkeys(re.sub(r"\s+#.*", "", line) for line in blocks + table))


def test_every_command_of_the_readme_is_run_or_there_is_a_reason():
    assert set(shell_commands()) == {INSTALL, *INSTALLED, *RUN} | NOT_RUN.keys()


@pytest.fixture(scope="module")
def checkout(tmp_path_factory):
    """The copy, where its environment is made and the quickstart has run in miniature."""
    if not os.environ.get("HG3D_FRESH"):
        pytest.skip("a fresh environment is made by `make smoke FRESH=1` alone")
    folder = tmp_path_factory.mktemp("a stranger's") / "hg3d tf"
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, check=True)
    for name in listed.stdout.decode().rstrip("\0").split("\0"):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy(ROOT / name, folder / name)
    shutil.copy(ROOT / "demo/web/src/sample.jpg", folder / "photo.jpg")
    photo = np.asarray(Image.open(folder / "photo.jpg").convert("RGB").resize((320, 256)))
    films.write(folder / "clip.mp4", np.stack([np.roll(photo, 4 * n, axis=1) for n in range(6)]))
    shell(folder, f"make env PYTHON='{sys._base_executable}'", offline=False)
    shell(folder, f"python experiments/quickstart.py {' '.join(IN_MINIATURE)}")
    return folder


@pytest.fixture(scope="module")
def installed(checkout):
    """The copy, beside it an environment of what the README's line installs."""
    shell(checkout, f"'{sys._base_executable}' -m venv installed")
    shell(checkout, INSTALL, offline=False, environment="installed")
    return checkout


def shell(folder: Path, command: str, offline: bool = True, environment: str = ".venv") -> str:
    """Run a line in bash, the environment active if it is there; return what it printed."""
    there = (folder / environment).is_dir()
    activate = f". {environment}/bin/activate; " if there else ""
    line = ["bash", "-ec", activate + command]
    if offline and can_go_offline():
        line = ["unshare", "--map-root-user", "--net", *line]
    outside = {"PYTHONPATH", "VIRTUAL_ENV", "HG3D_DATA", "MAKEFLAGS", "MAKELEVEL"}
    process = subprocess.run(
        line,
        cwd=folder,
        env={name: value for name, value in os.environ.items() if name not in outside},
        capture_output=True,
        text=True,
        timeout=1200,
        check=False,
    )
    assert process.returncode == 0, process.stdout[-2000:] + process.stderr[-3000:]
    return process.stdout


def can_go_offline() -> bool:
    if shutil.which("unshare") is None:
        return False
    tried = subprocess.run(["unshare", "--map-root-user", "--net", "true"], capture_output=True)
    return tried.returncode == 0


@pytest.mark.smoke
@pytest.mark.slow
@pytest.mark.parametrize("command", RUN)
def test_a_command_works_as_printed(checkout, command):
    assert_files_are_there(checkout, shell(checkout, command))


@pytest.mark.smoke
@pytest.mark.slow
@pytest.mark.parametrize("command", INSTALLED)
def test_a_command_works_with_what_the_readme_installs(installed, command):
    printed = shell(installed, command, environment="installed")
    assert_files_are_there(installed, printed)


def assert_files_are_there(folder: Path, printed: str) -> None:
    for path in re.findall(r"\S+/\S+\.(?:png|jpg|json|html|mp4)", printed):
        assert (folder / path).is_file()


@pytest.mark.smoke
@pytest.mark.slow
@pytest.mark.parametrize("number", range(2))
def test_the_python_of_the_readme_runs(checkout, number):
    lines = re.findall(r"^```python\n(.*?)^```", README, re.M | re.S)[number]
    (checkout / "snippet.py").write_text(lines)
    shell(checkout, "python snippet.py")


@pytest.mark.smoke
@pytest.mark.slow
def test_what_the_quickstart_says_to_do_next_works(checkout):
    report = (checkout / "runs/quickstart/report.md").read_text()
    commands = re.findall(r"^    (python .*)$", report.partition("## What next")[2], re.M)
    longer = "python experiments/quickstart.py"
    assert len(commands) >= 4 and any(command.startswith(longer) for command in commands)
    for command in commands:
        if not command.startswith(longer):
            shell(checkout, command)
