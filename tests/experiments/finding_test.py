"""Pasting people into photos: the labels go with the picture, and mistakes get one line."""

import json

import pytest
from PIL import Image
from support.commands import fork

# The network is replaced by one that finds each joint by the colour of its disc.
BY_COLOUR = """
import sys
sys.path[:0] = ["experiments", "tests"]
import numpy as np
import finding
from hg3d_tf import cli
from hg3d_tf.prediction import person_finder, photos, predictors
from support.painted_people import COLOURS

def look(photo, box):
    pixels = photo.pixels.astype(int)
    places = [np.abs(pixels - colour.astype(int)).sum(axis=-1).argmin() for colour in COLOURS]
    y, x = np.unravel_index(places, pixels.shape[:2])
    return {"joints_2d": np.stack([x, y], -1) + 0.5, "confidence": np.full(16, 0.9)}

def find_whole(photo):
    height, width = photo.pixels.shape[:2]
    return person_finder.Found(np.array([[0, 0, width, height]]), np.ones(1))

predictors.load_predictor = lambda model: look
person_finder.LiteRTFinder = lambda path, least: find_whole
"""
RUN = "cli.run(finding.main)"
# Finds the person in the left and in the right half, and a third in a corner, where nobody is.
IN_HALVES = """
from hg3d_tf.prediction import people

def find_people(photo, look, find):
    half = photo.pixels.shape[1] // 2
    left, right = (look(photos.Photo("", photo.pixels[:, part]), None)
                   for part in (slice(half), slice(half, None)))
    right["joints_2d"] = right["joints_2d"] + [half, 0]
    nobody = left | {"joints_2d": np.zeros((16, 2))}
    return [people.Person(None, pose) for pose in (left, right, nobody)]

people.find_people = find_people
"""


@pytest.fixture(scope="module")
def photos(tmp_path_factory):
    folder = tmp_path_factory.mktemp("photos")
    Image.new("RGB", (50, 40), (60, 60, 60)).save(folder / "grey.png")
    return folder


@pytest.mark.slow
def test_labels_go_with_the_pasted_picture(data_dir, photos, tmp_path):
    output = tmp_path / "finding.json"
    done = fork(
        *("-c", BY_COLOUR + RUN),
        *(f"--photos={photos}", "--dataset=painted_3d", "--split=test", f"--data_dir={data_dir}"),
        f"--output={output}",
    )
    assert done.returncode == 0, done.stderr
    rows = json.loads(output.read_text())["rows"]
    assert list(rows) == ["whole photo", "found", "true box"]
    assert all(row["@0.1"] > 95 and row["small @0.1"] > 95 for row in rows.values())
    assert "10 people of painted_3d test" in done.stdout


@pytest.mark.slow
def test_people_together_are_counted(data_dir, photos, tmp_path):
    output = tmp_path / "finding.json"
    done = fork(
        *("-c", BY_COLOUR + IN_HALVES + RUN, "--together=2", "--count=6", "--dataset=painted_3d"),
        *("--split=test", f"--photos={photos}", f"--data_dir={data_dir}", f"--output={output}"),
    )
    assert done.returncode == 0, done.stderr
    found = json.loads(output.read_text())["rows"]["found"]
    assert found == pytest.approx({"recall": 100, "precision": 100 * 2 / 3})
    assert "6 people of painted_3d test; 2 in a photo" in done.stdout


@pytest.mark.parametrize(
    ("argument", "problem"),
    [
        ("--photos=", "--photos is missing"),
        ("--photos=/none", "/none does not exist"),
        ("--dataset=none", "dataset 'none' is not in"),
        ("--output=/proc/none/table.json", "cannot write to /proc/none"),
    ],
)
def test_a_wrong_flag_gets_one_line(data_dir, photos, argument, problem):
    flags = ["--dataset=painted_3d", "--split=test", f"--data_dir={data_dir}"]
    done = fork("experiments/finding.py", f"--photos={photos}", *flags, argument)
    assert done.returncode == 1
    assert problem in done.stderr and "Traceback" not in done.stderr
