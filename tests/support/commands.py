"""Commands as a user runs them, in processes of their own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def run(*arguments, cwd=ROOT, **variables):
    """Run Python with `arguments`; return the finished process."""
    paths = [str(ROOT), str(ROOT / "tests"), os.environ.get("PYTHONPATH", "")]
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env=os.environ | {"PYTHONPATH": os.pathsep.join(paths)} | variables,
        capture_output=True,
        text=True,
        timeout=600,
        check=False,
    )


def fails_with_one_line(process, *words):
    """Assert that the command failed with one line that holds `words`, and no traceback."""
    lines = [line for line in process.stderr.splitlines() if "error:" in line]
    assert process.returncode == 1, process.stderr
    assert len(lines) == 1 and "Traceback" not in process.stderr, process.stderr
    for word in words:
        assert word in lines[0], lines[0]
