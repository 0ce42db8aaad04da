import os
import time

import pytest

from hg3d_tf import waiting


@pytest.fixture(autouse=True)
def impatient(monkeypatch):
    monkeypatch.setattr(waiting, "LONG_S", 0.1)
    monkeypatch.setattr(waiting, "_ANSWER_S", 0.1)


def test_a_long_wait_is_said_once_and_a_short_one_is_not(capsys):
    with waiting.said(lambda: "nobody"):
        pass
    time.sleep(0.2)
    assert capsys.readouterr().err == ""
    with waiting.said(lambda: "somebody"):
        time.sleep(0.5)
    assert capsys.readouterr().err == "waiting for 0 s: somebody\n"


def test_the_file_of_which_nothing_comes_is_found(tmp_path):
    paths = [tmp_path / name for name in "abc"]
    for path in paths:
        path.write_text("something")
    assert waiting.silent_file([*paths, tmp_path / "gone"]) is None
    paths[1].unlink()
    os.mkfifo(paths[1])
    assert waiting.silent_file(paths) == paths[1]
    os.close(os.open(paths[1], os.O_RDWR))  # the thread that waits there goes on


def test_no_files_are_not_silent():
    assert waiting.silent_file([]) is None
