"""The web page in headless Chromium: its joints are those of LiteRT in Python."""

import json
import shutil
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import painted_people
import pytest
from PIL import Image

pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")

from hg3d_tf import description, tflite_export, tflite_runner

WEB = Path(__file__).resolve().parents[1] / "demo/web"
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)


@pytest.fixture(scope="module")
def model_dir(model, tmp_path_factory):
    folder = tmp_path_factory.mktemp("tflite")
    (content,) = tflite_export.convert(model, ["float32"]).values()
    (folder / "float32.tflite").write_bytes(content)
    (folder / "description.json").write_text(json.dumps(description.describe_model(64)))
    return folder


@pytest.mark.skipif(not (shutil.which("node") and CHROMIUM), reason="Node.js or Chromium is absent")
@pytest.mark.skipif(not (WEB / "node_modules").exists(), reason="`make web` has not been run")
def test_the_page_finds_the_joints_that_python_finds(model_dir, tmp_path):
    built = tmp_path / "built"
    node("build.mjs", model_dir, built)
    person = painted_people.random_person(np.random.default_rng(3))
    joints_2d = painted_people.project(person, np.array([160.0, 160, 32, 32]))
    photo = painted_people.paint(joints_2d, 64)
    photo.save(built / "photo.png")
    sys.path.insert(0, str(WEB))
    import serve

    server = serve.create_server(str(built), 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"http://localhost:{server.server_port}/?photo=photo.png"
    result = json.loads(node("test/page.mjs", CHROMIUM, url, tmp_path / "page.png"))
    server.shutdown()
    assert result.get("error") is None and result["isolated"]
    assert result["elsewhere"] == [] and result["width"] <= 390

    runner = tflite_runner.TfliteRunner((model_dir / "float32.tflite").read_bytes())
    expected = runner.run("joints", np.asarray(photo) / np.float32(255))
    px = np.array(result["pose"]["joints2d"]) * 64
    np.testing.assert_allclose(px, expected["joints_2d"][0], atol=1)
    np.testing.assert_allclose(result["pose"]["joints3d"], expected["joints_3d"][0], atol=20)
    assert len(np.unique(np.asarray(Image.open(tmp_path / "page.png")))) > 10


def node(*arguments) -> str:
    process = subprocess.run(
        ["node", *map(str, arguments)], cwd=WEB, capture_output=True, text=True, timeout=400
    )
    assert process.returncode == 0, process.stderr
    return process.stdout


def test_the_server_isolates_the_page_and_knows_its_types():
    sys.path.insert(0, str(WEB))
    import serve

    server = serve.create_server(str(WEB / "src"), 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    import urllib.request

    with urllib.request.urlopen(f"http://localhost:{server.server_port}/app.js") as answer:
        assert answer.headers["Content-Type"] == "text/javascript"
        assert answer.headers["Cross-Origin-Opener-Policy"] == "same-origin"
        assert answer.headers["Cross-Origin-Embedder-Policy"] == "require-corp"
    server.shutdown()


@pytest.mark.skipif(not shutil.which("node"), reason="Node.js is absent")
def test_building_without_a_model_says_what_is_missing(tmp_path):
    process = subprocess.run(
        ["node", "build.mjs", tmp_path, tmp_path / "out"], cwd=WEB, capture_output=True, text=True
    )
    assert process.returncode == 1 and "error:" in process.stderr
    assert not (tmp_path / "out").exists()
