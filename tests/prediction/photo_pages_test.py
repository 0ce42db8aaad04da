"""The pages of photos' poses: what becomes of a photo that is gone, of people without a place."""

import json

from PIL import Image

from hg3d_tf.prediction import photo_pages
from hg3d_tf.skeleton import JOINT_NAMES


def test_a_photo_of_a_page_that_cannot_be_read_is_a_line(tmp_path):
    Image.new("RGB", (20, 20)).save(tmp_path / "a.png")
    paths = [tmp_path / name for name in ("gone.png", "a.png")]
    of = {"joints_2d_px": {name: [5, 5] for name in JOINT_NAMES}}
    of |= {"confidence": dict.fromkeys(JOINT_NAMES, 0.9), "size": "metric", "origin": "camera"}
    nobody = dict.fromkeys(JOINT_NAMES)  # is placed
    records = [of | {"image": str(path), "joints_3d_mm": nobody} for path in paths]
    (tmp_path / "poses.json").write_text(json.dumps(records))
    [line] = photo_pages.write(tmp_path / "poses.json", paths)
    assert line.startswith(str(paths[0])) and "cannot be read" in line
    assert '"people":[]' in (tmp_path / "a_pose.html").read_text(encoding="utf-8")
