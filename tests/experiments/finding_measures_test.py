"""Counting people found, and what a film's poses are off by: plain and exact cases."""

import sys

import numpy as np
import pytest
from PIL import Image
from support.commands import ROOT, fork

sys.path.insert(0, str(ROOT / "experiments"))
import finding_measures
import finding_photos

from hg3d_tf.cli import UserError
from hg3d_tf.prediction.people import Person
from hg3d_tf.skeleton import joint_index

SIZE = (100, 100)
JOINTS = np.random.default_rng(0).uniform(-500, 500, (16, 3))


def person(box, score):
    return Person(np.array(box, np.float32), {}, score)


def test_each_true_person_is_found_once_and_small_ones_do_not_count():
    true = np.array([[0, 0, 50, 50], [60, 60, 70, 70]], np.float32)
    found = [
        person([0, 0, 50, 48], 0.9),
        person([0, 0, 50, 45], 0.8),  # the same once more: nobody
        person([60, 60, 70, 70], 0.7),  # small and somebody
        person([80, 80, 90, 90], 0.6),  # small and nobody
        person([50, 0, 100, 50], 0.5),
    ]
    hits = finding_measures.hits(true, found, SIZE)
    assert hits == [(0.9, True), (0.8, False), (0.5, False)]
    assert finding_measures.hits(np.zeros((0, 4)), found[:1], SIZE) == [(0.9, False)]


@pytest.fixture
def photos(tmp_path):
    """A folder as of YOLO: a photo with a person, and two without, whose names are no numbers."""
    (tmp_path / "labels").mkdir()
    (tmp_path / "images").mkdir()
    for name in ("holiday", "beach", "12"):
        Image.new("RGB", SIZE).save(tmp_path / "images" / f"{name}.png")
    (tmp_path / "labels/holiday.txt").write_text("0 0.5 0.5 0.6 0.8\n")
    return tmp_path


@pytest.mark.parametrize(
    ("found", "precision"), [([], 100), ([person([20, 10, 80, 90], 0.9)], 100 / 3)]
)
def test_photos_of_any_name_are_looked_at_and_nobody_may_be_found(photos, found, precision):
    rows, statement = finding_photos._measure_yolo(photos, lambda photo: found, None)
    expected = {"found": 100 * len(found), "precision": precision, "false": len(found)}
    assert rows["0.20"] == pytest.approx(expected)
    assert statement.startswith("1 large people") and "in 1 photos without people" in statement


def test_photos_without_people_alone_are_named(photos):
    (photos / "labels/holiday.txt").write_text("")
    with pytest.raises(UserError, match="no large person has a box"):
        finding_photos._measure_yolo(photos, lambda photo: [], None)


def truth(count):
    by_name = {name: JOINTS[joint_index(name)].tolist() for name in finding_measures.LIMBS}
    return {number: {"joints_mm": by_name} for number in range(count)}


def test_place_and_size_do_not_count():
    poses = {number: {"joints_3d": 1.3 * JOINTS + 70} for number in range(5)}
    row = finding_measures.errors(truth(5), poses, 5)
    assert row == pytest.approx({"MPJPE": 0, "acceleration": 0, "lost": 0}, abs=1e-6)


def test_one_frame_off_is_counted_in_three_second_differences():
    poses = {number: {"joints_3d": JOINTS} for number in range(6)}
    poses[3] = {"joints_3d": JOINTS * [-1, 1, 1]}  # bones stay as long
    row = finding_measures.errors(truth(7), poses, 7)
    off = 6 * row["MPJPE"]
    assert off > 100 and row["lost"] == 1
    assert row["acceleration"] == pytest.approx((1 + 2 + 1) * off / 4)


@pytest.mark.parametrize(
    ("command", "problem"),
    [
        (("finding_photos.py",), "--yolo is missing"),
        (("finding_photos.py", "--lspet=x", "--last=9501"), "--last=9501"),
        (("finding_films.py",), "<film> is missing"),
    ],
)
def test_a_wrong_flag_gets_one_line(command, problem, tmp_path):
    script, *flags = command
    done = fork(f"experiments/{script}", f"--output={tmp_path / 'a.json'}", *flags)
    assert done.returncode == 1
    assert problem in done.stderr and "Traceback" not in done.stderr
