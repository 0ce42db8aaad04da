import errno
import json
import os

import pytest
from support import full_disk

from hg3d_tf import files


def test_a_file_appears_whole_and_replaces_the_old_one(tmp_path):
    path = tmp_path / "new" / "result.json"
    files.write_json(path, {"a": 1})
    files.write_json(path, {"a": 2})
    assert path.read_text() == '{\n  "a": 2\n}\n'
    assert [p.name for p in path.parent.iterdir()] == ["result.json"]


@pytest.mark.parametrize("folder", [False, True])
def test_after_a_failure_the_old_content_stands_and_nothing_is_left(tmp_path, folder):
    path = tmp_path / "thing"
    if folder:
        path.mkdir()
        (path / "old").touch()
    else:
        path.write_text("old")

    def fail():
        with files.atomic_path(path) as temporary:
            if folder:
                temporary.mkdir()
                (temporary / "half").touch()
            else:
                temporary.write_text("half")
            raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        fail()
    assert [p.name for p in tmp_path.iterdir()] == ["thing"]
    assert (path / "old").exists() if folder else path.read_text() == "old"


def test_two_writers_of_a_file_do_not_meet(tmp_path, monkeypatch):
    monkeypatch.setattr(os, "getpid", lambda: 17)  # on two machines
    path = tmp_path / "a.txt"
    with files.atomic_path(path) as one, files.atomic_path(path) as other:
        one.write_text("one")
        other.write_text("other")
    assert one != other and path.read_text() == "one"


def test_a_folder_is_replaced(tmp_path):
    path = tmp_path / "model"
    for name in ("first", "second"):
        with files.atomic_path(path) as temporary:
            temporary.mkdir()
            (temporary / name).touch()
    assert [p.name for p in path.iterdir()] == ["second"]


def test_what_a_full_disk_has_no_room_for_is_named(tmp_path):
    with full_disk.room_for(10), pytest.raises(OSError) as raised:
        files.write_text(tmp_path / "a.json", "too long for it")
    assert raised.value.filename == str(tmp_path / "a.json")
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_cannot_be_begun_has_its_own_name(tmp_path):
    def fail():
        with files.atomic_path(tmp_path / "a.png") as temporary:
            raise OSError(errno.EROFS, "Read-only file system", temporary)

    with pytest.raises(OSError, match="Read-only") as raised:
        fail()
    assert raised.value.filename == str(tmp_path / "a.png")


def test_a_folder_in_the_place_of_a_file_is_named(tmp_path):
    (tmp_path / "a.png").mkdir()
    with pytest.raises(IsADirectoryError) as raised:
        files.write_text(tmp_path / "a.png", "text")
    assert raised.value.filename == str(tmp_path / "a.png")
    assert [path.name for path in tmp_path.iterdir()] == ["a.png"]


def test_other_errors_keep_their_names(tmp_path):
    for error in (OSError(errno.ENOSPC, "full", "b"), OSError(errno.EIO, os.strerror(errno.EIO))):
        before = error.filename
        with pytest.raises(OSError), files.named(tmp_path / "a"):
            raise error
        assert error.filename == before


@pytest.mark.parametrize("values", [[], [{"a": "x\ny"}], [1, {"b": [2, 3]}]])
@pytest.mark.parametrize("indent", [None, 2])
def test_a_list_is_written_value_by_value(tmp_path, values, indent):
    with files.json_list(tmp_path / "a.json", indent) as add:
        for value in values:
            add(value)
    text = (tmp_path / "a.json").read_text()
    assert json.loads(text) == values
    if indent and values:
        assert text == json.dumps(values, indent=2) + "\n"
