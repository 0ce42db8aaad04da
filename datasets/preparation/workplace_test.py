import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest
import tensorflow as tf

from hg3d_tf.cli import UserError
from hg3d_tf.files import only_one
from preparation.workplace import workplace_of, write_errors


def wrapped(error):
    """Raise an error as TFDS does: as the cause of one of another kind."""
    raise RuntimeError("while writing") from error


@pytest.mark.parametrize(
    "error, line",
    [
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), "/data/x"), "/data/x: No space left"),
        (OSError(errno.ENOSPC, os.strerror(errno.ENOSPC)), ": No space left on device"),
        (
            tf.errors.ResourceExhaustedError(None, None, "/data/x; No space left on device"),
            "/data/x; No space left on device",
        ),
    ],
)
def test_a_full_disk_is_one_line_whoever_raises_it(tmp_path, error, line):
    with pytest.raises(UserError) as raised, write_errors(tmp_path):
        wrapped(error)
    assert str(raised.value).startswith(f"cannot write to {tmp_path}: ")
    assert line in str(raised.value)


@pytest.mark.parametrize("error", [ValueError("a"), tf.errors.DataLossError(None, None, "b")])
def test_other_errors_are_left_alone(tmp_path, error):
    with pytest.raises(RuntimeError, match="while writing"), write_errors(tmp_path):
        wrapped(error)


def test_a_workplace_is_for_one_at_a_time_and_leaves_nothing(tmp_path):
    with workplace_of("a/b", tmp_path) as workplace:
        (workplace / "file").touch()
        with (
            pytest.raises(UserError, match=r"a/b is being built in .* by another process"),
            workplace_of("a/b", tmp_path),
        ):
            pass
        with workplace_of("a/c", tmp_path):
            pass
    assert list(tmp_path.iterdir()) == []


def test_a_process_that_has_died_holds_nothing(tmp_path):
    code = f"""
import os
from hg3d_tf.files import only_one
with only_one({str(tmp_path)!r}) as alone:
    os._exit(alone)
"""
    environment = os.environ | {"PYTHONPATH": str(Path(__file__).parents[2])}
    command = [sys.executable, "-c", code]
    assert subprocess.run(command, env=environment).returncode == 1
    with only_one(tmp_path) as alone:
        assert alone
        assert subprocess.run(command, env=environment).returncode == 0
