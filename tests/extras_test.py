"""The commands that bring extras: they name what this package was installed from."""

import ast
import re
import shlex
import sys
from pathlib import Path

import pytest

from hg3d_tf import extras

ROOT = Path(__file__).resolve().parents[1]


def words(extra="video"):
    return shlex.split(extras.install_command(extra))


def test_a_checkout_is_installed_by_its_path(monkeypatch, tmp_path):
    monkeypatch.chdir(ROOT)
    assert words()[1:] == ["-m", "pip", "install", "-e", ".[video]"]
    monkeypatch.chdir(tmp_path)
    assert words() == [sys.executable, "-m", "pip", "install", "-e", f"{ROOT}[video]"]


@pytest.mark.parametrize(
    ("origin", "wanted"),
    [
        ({}, "hg3d_tf[video]"),
        ({"url": "file:///home/a%20b/hg3d_tf", "dir_info": {}}, "/home/a b/hg3d_tf[video]"),
        (
            {"url": "https://a.b/c", "vcs_info": {"vcs": "git", "commit_id": "12ab"}},
            "hg3d_tf[video] @ git+https://a.b/c@12ab",
        ),
        ({"url": "file:///a.whl", "archive_info": {}}, "hg3d_tf[video] @ file:///a.whl"),
    ],
)
def test_an_installed_package_is_asked_for_where_it_came_from(
    monkeypatch, tmp_path, origin, wanted
):
    monkeypatch.setattr(extras, "_CHECKOUT", tmp_path)
    monkeypatch.setattr(extras, "_installed_from", lambda: origin)
    assert words()[-1] == wanted


@pytest.mark.slow
def test_every_extra_that_is_named_is_in_setup_py():
    known = set(re.findall(r'^    "(\w+)": \[', (ROOT / "setup.py").read_text(), re.MULTILINE))
    named = set()
    for path in [*ROOT.glob("hg3d_tf/**/*.py"), *ROOT.glob("datasets/**/*.py")]:
        text = path.read_text(encoding="utf-8")
        if "pip install" in text:
            assert path.name == "extras.py" or path.name.endswith("_test.py"), path
        for call in filter(lambda node: isinstance(node, ast.Call), ast.walk(ast.parse(text))):
            if ast.unparse(call.func) == "extras.missing" and isinstance(
                call.args[2], ast.Constant
            ):
                named.add(call.args[2].value)
    assert {"video", "formats", "heic", "serving", "pretrained"} <= named <= known
