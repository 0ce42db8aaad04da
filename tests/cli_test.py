"""What all commands share: one line for what a user can mend, a traceback for a fault of ours."""

from types import SimpleNamespace

import pytest
import tensorflow as tf
from support.commands import run

from hg3d_tf import cli


def fails(error):
    def main(argv):
        raise error

    return cli._guarded(main, [], tensorflow=False)


@pytest.mark.parametrize(
    ("error", "line"),
    [
        (cli.UserError("--box=1: no box"), "error: --box=1: no box"),
        (OSError(28, "No space left on device", "runs/a.json"), "runs/a.json: No space left"),
        (BrokenPipeError(32, "Broken pipe", "of another process"), "another process: Broken pipe"),
        (
            tf.errors.ResourceExhaustedError(None, None, "runs/ckpt-1; No space left on device"),
            "error: runs/ckpt-1; No space left on device",
        ),
        (tf.errors.NotFoundError(None, None, "runs/a.tfrecord; No such file"), "runs/a.tfrecord"),
    ],
)
def test_what_a_user_can_mend_is_one_line(capsys, error, line):
    assert fails(error) == 1
    errors = capsys.readouterr().err
    assert line in errors and errors.count("\n") == 1


@pytest.mark.parametrize(
    "error",
    [
        ValueError("a fault"),
        tf.errors.InvalidArgumentError(None, None, "shapes a/b; c do not agree"),
        tf.errors.ResourceExhaustedError(None, None, "OOM when allocating a tensor"),
    ],
)
def test_a_fault_of_the_program_keeps_its_traceback(error):
    with pytest.raises(type(error)):
        fails(error)


@pytest.mark.parametrize(
    ("fails", "left"), [(True, []), (False, ["runs", "runs/new", "runs/new/deep"])]
)
def test_a_failed_command_leaves_no_empty_folder_that_it_made(monkeypatch, tmp_path, fails, left):
    (tmp_path / "there").mkdir()

    def main(argv):
        for name in ("runs/new/deep", "there", "full/new"):
            cli.writable_folder(name)
        (tmp_path / "full/file").touch()
        if fails:
            raise cli.UserError("--mix=no: no such dataset")

    monkeypatch.chdir(tmp_path)
    assert cli._guarded(main, [], tensorflow=False) == fails
    found = [path.relative_to(tmp_path).as_posix() for path in sorted(tmp_path.rglob("*"))]
    others = ["full", "full/file", *([] if fails else ["full/new"]), "there"]
    assert sorted(found) == sorted(left + others)


def test_where_a_file_cannot_be_written_is_said_before_the_work(monkeypatch, tmp_path):
    paths = {"sheet": tmp_path / "new/a.png", "worst": "", "output": tmp_path / "file/a.json"}
    values = {name: SimpleNamespace(value=str(path)) for name, path in paths.items()}
    monkeypatch.setattr(cli.flags, "FLAGS", values)
    (tmp_path / "file").touch()
    cli.require_writable("sheet", "worst")
    assert (tmp_path / "new").is_dir()
    with pytest.raises(cli.UserError, match=r"cannot write to .*file: .*choose another folder"):
        cli.require_writable("sheet", "output")
    (tmp_path / "new/a.png").mkdir()
    with pytest.raises(cli.UserError, match=r"a\.png is a folder: give the name of a file"):
        cli.require_writable("sheet")


def test_what_is_logged_looks_as_what_is_printed():
    script = """
from absl import logging
from hg3d_tf import cli
cli.run(lambda: logging.warning("%s: skipped %d", "train", 1), tensorflow=False)
"""
    assert run("-c", script).stderr == "warning: train: skipped 1\n"


def test_a_list_of_whole_numbers_is_read_once():
    assert cli.integers("") == () and cli.integers("40,50") == (40, 50)
    with pytest.raises(ValueError, match=r"'4,x' is not a list of whole numbers"):
        cli.integers("4,x")
