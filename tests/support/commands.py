"""Commands as a user runs them, in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

from support import forks

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments, cwd=ROOT, **variables) -> subprocess.CompletedProcess:
    """Run Python with `arguments`; return the finished process."""
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env=environment(variables),
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def fork(*arguments, cwd=ROOT, **variables) -> subprocess.CompletedProcess:
    """As `run`, without the time that importing TensorFlow takes."""
    process = forks.Fork(arguments, cwd, environment(variables))
    stdout, stderr = process.communicate(timeout=600)
    return subprocess.CompletedProcess(arguments, process.returncode, stdout, stderr)


# argv: a module and its flags.
SHRUNK = """
import runpy, sys
from support.training_runs import shrink_network
shrink_network()
runpy.run_module(sys.argv.pop(1), run_name="__main__", alter_sys=True)
"""


def fork_shrunk(module, *flags, **options) -> subprocess.CompletedProcess:
    """As `fork` of a command, with networks as `small_network.shrunk` makes them."""
    return fork("-c", SHRUNK, module, *flags, **options)


def environment(variables) -> dict[str, str]:
    """Return this environment with `variables`, and the modules of the package and of the tests."""
    paths = [str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths)} | variables


def fails_with_one_line(process, *words):
    """Assert that the command failed with one line that holds `words`, and no traceback."""
    lines = [line for line in process.stderr.splitlines() if "error:" in line]
    assert process.returncode == 1, process.stderr
    assert len(lines) == 1 and "Traceback" not in process.stderr, process.stderr
    for word in words:
        assert word in lines[0], lines[0]
