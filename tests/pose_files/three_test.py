"""A GLB in headless Chromium: three.js plays it, and its bones are where the joints were fitted."""

import functools
import http.server
import json
import shutil
import subprocess
import threading
from pathlib import Path

import numpy as np
import pytest
from support import fitting, walks

from hg3d_tf.pose_files import formats, rig
from hg3d_tf.skeleton import joint_index

WEB = Path(__file__).resolve().parents[2] / "demo/web"
CHROMIUM = next(
    filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), ""
)
PAGE = """<script type="importmap">{"imports": {
"three": "./three/build/three.module.js", "three/addons/": "./three/examples/jsm/"}}</script>"""


class Quiet(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        pass


@pytest.mark.slow
@pytest.mark.skipif(not (shutil.which("node") and CHROMIUM), reason="Node.js or Chromium is absent")
@pytest.mark.skipif(
    not (WEB / "node_modules/three").exists(), reason="`make web` has not been run: no three.js"
)
def test_three_plays_the_bones_on_the_fitted_joints(tmp_path):
    pytest.importorskip("pygltflib")
    walk = walks.walk()
    noise = np.random.default_rng(0).normal(0, 15, walk.joints_3d.shape)
    film = walks.as_film(walk, joints_3d=walk.joints_3d + noise)
    formats.write(tmp_path / "walk.glb", film)
    (tmp_path / "index.html").write_text(PAGE)
    (tmp_path / "three").symlink_to(WEB / "node_modules/three")
    handler = functools.partial(Quiet, directory=str(tmp_path))
    server = http.server.ThreadingHTTPServer(("localhost", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    frames = [0, 7, 31, 88]
    times = ",".join(str(walk.seconds[frame]) for frame in frames)
    url = f"http://localhost:{server.server_port}/index.html"
    process = subprocess.run(
        ["node", "test/glb.mjs", CHROMIUM, url, times],
        cwd=WEB,
        capture_output=True,
        text=True,
        timeout=400,
    )
    server.shutdown()
    server.server_close()
    assert process.returncode == 0, process.stderr
    result = json.loads(process.stdout)
    assert result["meshes"] == [len(rig.BONES)] and "Hips.position" in result["tracks"]
    assert result["duration"] == pytest.approx(walk.seconds[-1], abs=1e-5)
    fitted = fitting.fitted_joints(film)
    for frame, places in zip(frames, result["frames"], strict=True):
        assert set(places) == set(rig.NAMES)
        for bone in rig.BONES:
            found = np.array(places[bone.name]) * 1000
            np.testing.assert_allclose(found, fitted[frame, joint_index(bone.joint)], atol=0.05)
