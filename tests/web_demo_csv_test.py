"""The page's table is the file that `hg3d convert` writes of the page's own JSON."""

import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest

from hg3d_tf.pose_files import formats
from hg3d_tf.skeleton import JOINT_NAMES

SCRIPT = Path(__file__).resolve().parents[1] / "demo/web/test/csv.mjs"

pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="Node.js is absent")


@pytest.mark.parametrize("is_film", [False, True])
@pytest.mark.parametrize("score", [0.87654321, None])
def test_the_pages_table_is_the_packages(tmp_path, is_film, score):
    rng = np.random.default_rng(0)

    def person():
        joints_2d, joints_3d = rng.uniform(0, 90, (16, 2)), rng.normal(0, 400, (16, 3))
        pose = {"joints2d": joints_2d.tolist(), "joints3d": joints_3d.tolist()}
        pose["confidence"] = rng.uniform(size=16).tolist()
        return {"box": [1.5, 2, 70.25, 90], "pose": pose} | ({"score": score} if score else {})

    bitmap = {"width": 640, "height": 480}
    seen = [{"people": [person(), person()], "bitmap": bitmap}]
    if is_film:
        seen = [shot | {"frame": i, "seconds": i / 30} for i in (0, 1) for shot in seen]
    question = json.dumps({"names": JOINT_NAMES, "name": 'a, "b".jpg', "seen": seen})
    done = subprocess.run(
        ["node", str(SCRIPT)], input=question, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
    saved = json.loads(done.stdout)
    (tmp_path / "poses.json").write_text(saved["json"])
    formats.write(tmp_path / "poses.csv", formats.read(tmp_path / "poses.json"))
    expected = (tmp_path / "poses.csv").read_text().splitlines()
    found = saved["csv"].splitlines()
    assert found[0].split(",") == expected[0].split(",") and len(found) == len(expected)
    assert found[1:] == expected[1:]
