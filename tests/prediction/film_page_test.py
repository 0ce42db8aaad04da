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


def test_the_page_holds_the_film_and_the_poses_of_its_frames(tmp_path, monkeypatch):
    monkeypatch.setattr(film_page, "_MOST_IMAGES", 3)
    joints = np.random.default_rng(0).uniform((10, 20), (50, 90), (16, 2))
    films.write(tmp_path / "clip.mp4", films.moving_square())
    options = video.Options(html=True, smoothing=0)
    source = file_or_camera(str(tmp_path / "clip.mp4"))
    arguments = (Looker(joints), find_whole, Wanted(), tmp_path, options)
    assert video.predict(source, *arguments) == 0
    page = (tmp_path / "clip_3d.html").read_text(encoding="utf-8")
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    data = json.loads(text)
    assert not data["draws"]  # the film's frames show the skeletons already
    np.testing.assert_allclose([frame["t"] for frame in data["frames"]], np.arange(8) / 10)
    assert [image["frame"] for image in data["images"]] == [0, 4, 7]
