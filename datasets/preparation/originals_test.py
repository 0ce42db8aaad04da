import os

import pytest

from preparation import originals

PATTERNS = ("labels.json", "images", "S*/Videos")


@pytest.fixture
def folder(tmp_path):
    for name in ("labels.json", "images/a.jpg", "images/sub/b.jpg", "S1/Videos/v.mp4", "notes.txt"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


@pytest.fixture(params=[originals.HASHED_BYTES, 0], ids=["content", "time"])
def compared(request, monkeypatch):
    monkeypatch.setattr(originals, "HASHED_BYTES", request.param)


def write(path, text):
    path.write_text(text)
    os.utime(path, ns=(1, 1))


@pytest.mark.parametrize(
    "change, words",
    [
        (lambda f: write(f / "labels.json", "LABELS.JSON"), ["labels.json (changed)"]),
        (lambda f: (f / "images/c.jpg").touch(), ["images (3 files, were 2)"]),
        (lambda f: write(f / "images/sub/b.jpg", "another"), ["images (changed)"]),
        (lambda f: (f / "images/a.jpg").rename(f / "images/z.jpg"), ["images (changed)"]),
        (lambda f: (f / "labels.json").unlink(), ["labels.json (gone)"]),
        (lambda f: (f / "S5/Videos").mkdir(parents=True), ["S5/Videos (new)"]),
        (lambda f: write(f / "notes.txt", "other notes"), []),
        (lambda f: (f / "images/._a.jpg").touch(), []),
        (lambda f: None, []),
    ],
)
def test_what_has_changed_is_said(folder, compared, change, words):
    before = originals.fingerprint(folder, PATTERNS)
    change(folder)
    assert originals.changes(before, originals.fingerprint(folder, PATTERNS)) == words


def test_a_copy_of_small_files_is_the_same(folder):
    before = originals.fingerprint(folder, PATTERNS)
    os.utime(folder / "labels.json", ns=(5, 5))
    assert not originals.changes(before, originals.fingerprint(folder, PATTERNS))
