"""The page of a film's poses: its frames, with the poses that belong to them."""

import json
import re

import numpy as np
import pytest

pytest.importorskip("av")

from support import films
from support.looker import Looker, find_whole

from hg3d_tf.prediction import film_page, video
from hg3d_tf.prediction.film_sources import file_or_camera
from hg3d_tf.prediction.tracking import Wanted
from hg3d_tf.skeleton import JOINT_NAMES


def test_the_page_holds_the_film_and_the_poses_of_its_frames(tmp_path, monkeypatch):
    monkeypatch.setattr(film_page, "_MOST_IMAGES", 3)
    joints = np.random.default_rng(0).uniform((10, 20), (50, 90), (16, 2))
    films.write(tmp_path / "clip.mp4", films.moving_square())
    options = video.Options(smoothing=0)
    source = file_or_camera(str(tmp_path / "clip.mp4"))
    arguments = (Looker(joints), find_whole, Wanted(), tmp_path, options)
    assert video.predict(source, *arguments) == 0
    video.write_page(source, tmp_path)
    page = (tmp_path / "clip_3d.html").read_text(encoding="utf-8")
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    data = json.loads(text)
    assert not data["draws"]  # the film's frames show the skeletons already
    np.testing.assert_allclose([frame["t"] for frame in data["frames"]], np.arange(8) / 10)
    assert [image["frame"] for image in data["images"]] == [0, 4, 7]


@pytest.mark.parametrize("angles", [False, True])
def test_the_page_says_what_the_film_says_beside_joints(tmp_path, angles):
    films.write(tmp_path / "clip.mp4", films.moving_square(1))
    xyz = {name: [0, 0, 0] for name in JOINT_NAMES} | {"r_ankle": [0, 90, 40], "r_knee": [0, 50, 0]}
    of = {"frame": 0, "seconds": 0, "image": "clip.mp4", "joints_3d_mm": xyz}
    of |= {"confidence": dict.fromkeys(JOINT_NAMES, 0.1)}
    of["confidence"] |= dict.fromkeys(("r_ankle", "r_knee", "r_hip"), 0.9)
    records = [
        of | {"person": number, "joints_2d_px": {name: [left, 9] for name in JOINT_NAMES}}
        for number, left in ((1, 40), (2, 20))
    ]
    (tmp_path / "poses.json").write_text(json.dumps(records))
    paths = (tmp_path / "clip.mp4", tmp_path / "poses.json")
    film_page.write(tmp_path / "a.html", "a", *paths, angles)
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    [image] = json.loads(text)["images"]
    bend = {"1": "45\N{DEGREE SIGN}"} if angles else {}
    assert image["texts"] == [bend | {"9": "2"}, bend | {"9": "1"}]  # from the left
    assert image["text"] > 0


def test_the_page_leaves_out_whose_place_is_not_known(tmp_path):
    films.write(tmp_path / "clip.mp4", films.moving_square(2))
    space = {"size": "metric", "origin": "floor", "axes": "level"}
    records = []
    for frame in (0, 1):
        of = {"frame": frame, "seconds": frame / 10, "image": "clip.mp4"} | space
        of |= {"joints_2d_px": {name: [5, 5] for name in JOINT_NAMES}}
        of |= {"confidence": dict.fromkeys(JOINT_NAMES, 0.9)}
        joints = {name: [1, 2, 3] for name in JOINT_NAMES}
        records.append(of | {"person": 1, "joints_3d_mm": joints})
        records.append(of | {"person": 2, "joints_3d_mm": dict.fromkeys(JOINT_NAMES)})
        records.append(of | {"person": 3})
    (tmp_path / "poses.json").write_text(json.dumps(records))
    film_page.write(tmp_path / "a.html", "a", tmp_path / "clip.mp4", tmp_path / "poses.json")
    page = (tmp_path / "a.html").read_text(encoding="utf-8")
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    assert [len(frame["people"]) for frame in json.loads(text)["frames"]] == [1, 1]
