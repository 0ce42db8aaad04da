"""The web page in headless Firefox: it finds in its sample what Python finds there."""

import json
import shutil

import numpy as np
import pytest
from PIL import Image
from web_demo_test import WEB, node

pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")

from hg3d_tf import weights
from hg3d_tf.prediction import people, person_finder, photos, predictors

FIREFOX = shutil.which("firefox-esr") or shutil.which("firefox") or ""


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("node") and FIREFOX), reason="no Node.js or Firefox")
@pytest.mark.skipif(not (WEB / "node_modules").exists(), reason="`make web` has not been run")
def test_the_sample_shows_what_python_finds(tmp_path):
    node("build.mjs", weights.FOLDER, tmp_path / "built")
    seen = json.loads(node("test/firefox.mjs", FIREFOX, tmp_path / "built"))
    assert seen["errors"] == [] and "error" not in seen and seen["isolated"]
    sample = np.asarray(Image.open(WEB / "src/sample.jpg").convert("RGB"))
    look = predictors.load_predictor(weights.TFLITE_FILE)
    find = person_finder.LiteRTFinder(weights.FINDER_FILE)
    [expected] = people.find_people(photos.Photo("sample", sample), look, find)
    [found] = seen["people"]
    clear = ~expected.unclear
    assert clear.sum() >= 10
    off = np.array(found["pose"]["joints2d"]) - expected.pose["joints_2d"]
    # Firefox makes pictures small in another way; the sample has 256 px.
    assert np.linalg.norm(off[clear], axis=1).mean() < 3
