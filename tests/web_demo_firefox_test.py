"""The web page in headless Firefox: in its sample and a film it finds what Python finds there."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from web_demo_test import WEB, node

pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
pytest.importorskip("av", reason="PyAV is not installed")

from support import films

from hg3d_tf import weights
from hg3d_tf.prediction import people, person_finder, photos, predictors

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox") or ""


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("node") and FIREFOX), reason="no Node.js or Firefox")
@pytest.mark.skipif(not (WEB / "node_modules").exists(), reason="`make web` has not been run")
def test_sample_and_film_show_what_python_finds(tmp_path):
    with Image.open(WEB / "src/sample.jpg") as opened:
        sample = opened.convert("RGB")
    frame = Image.new("RGB", (640, 480), (127, 127, 127))
    frame.paste(sample.resize((480, 480)), (80, 0))
    # Firefox plays H.264 only where the system can.
    films.write(tmp_path / "film.webm", np.stack([np.asarray(frame)] * 75), "libvpx", rate=25)
    node("build.mjs", weights.FOLDER, tmp_path / "built")
    seen = json.loads(node("test/firefox.mjs", FIREFOX, tmp_path / "built", tmp_path / "film.webm"))
    assert seen["errors"] == [] and seen["isolated"]
    # A worker that starts workers, as threads are, waits for ever there now and then.
    assert not any("litert_wasm_threaded" in request for request in seen["requests"])
    look = predictors.load_predictor(weights.TFLITE_FILE)
    find = person_finder.LiteRTFinder(weights.FINDER_FILE)
    # Firefox makes pictures small in another way, and a film's box is that of the pose before; the
    # sample has 256 px, the film 480.
    for picture, state, near in ((sample, seen["sample"], 3), (frame, seen["film"], 12)):
        assert "error" not in state
        [expected] = people.find_people(photos.Photo("it", np.asarray(picture)), look, find)
        [found] = state["people"]
        clear = ~expected.unclear
        assert clear.sum() >= 10
        off = np.array(found["pose"]["joints2d"]) - expected.pose["joints_2d"]
        assert np.linalg.norm(off[clear], axis=1).mean() < near
    count = seen["film"]["frames"]
    assert count >= 25
    assert f"{count} of 75 frames" in seen["status"] or (count == 75 and "all 75" in seen["status"])
