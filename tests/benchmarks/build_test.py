import importlib.util

import pytest

from hg3d_tf.benchmarks import build
from hg3d_tf.cli import UserError


def test_without_a_checkout_it_says_so(tmp_path):
    with pytest.raises(UserError, match=r"no .*absent\.py: run it in a checkout"):
        build.measure(tmp_path / "absent.py")


def test_what_is_not_installed_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "cv2" else name)
    with pytest.raises(UserError, match=r"needs .*cv2: .*pip install .*\[datasets\]'"):
        build.measure()


def test_the_scripts_json_is_the_result(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("print('{\"ratio\": 0.5}')")
    assert build.measure(script) == {"ratio": 0.5}


def test_a_script_that_fails_is_named(tmp_path, capfd):
    script = tmp_path / "script.py"
    script.write_text("raise SystemExit('no room')")
    with pytest.raises(UserError, match=r"script.py failed; it says why above"):
        build.measure(script)
    assert "no room" in capfd.readouterr().err


def test_rendering_hands_over_its_folders(tmp_path):
    script = tmp_path / "script.py"
    script.write_text("import json, sys\nprint(json.dumps(dict(given=sys.argv[1:])))")
    here = build.measure_rendering("assets", None, script)
    both = build.measure_rendering("assets", tmp_path, script)
    assert here == {"given": ["--assets_dir=assets"]}
    assert both == {"given": ["--assets_dir=assets", f"--against={tmp_path}"]}


def test_what_rendering_needs_is_named(monkeypatch):
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pybvh" else name)
    with pytest.raises(UserError, match=r"needs .*pybvh: .*pip install .*\[render\]'"):
        build.measure_rendering("assets", None)
