"""Of people whom a photo cuts, joints are counted where they are, left or lost."""

import sys

import numpy as np
import pytest
import scipy.io
from PIL import Image
from support.commands import ROOT, fails_with_one_line, fork

from hg3d_tf.prediction.photos import Photo
from hg3d_tf.skeleton import joint_index

sys.path.insert(0, str(ROOT / "experiments"))
import cut_measures
import whole_lspet

# Someone who stands, in LSPET's order: legs, arms, neck and head; 200 px high.
_X = [40, 42, 45, 55, 58, 60, 30, 32, 40, 60, 68, 70, 50, 50]
_Y = [220, 170, 120, 120, 170, 220, 110, 80, 50, 50, 80, 110, 45, 20]
JOINTS = np.array([_X, _Y], float).T
PHOTO = Photo("photo", np.arange(240, dtype=np.uint8)[:, None, None].repeat(100, 1).repeat(3, 2))
ORDER = ["r_ankle", "r_knee", "r_hip", "l_hip", "l_knee", "l_ankle"]  # as its publisher lists them
ORDER += ["r_wrist", "r_elbow", "r_shoulder", "l_shoulder", "l_elbow", "l_wrist"]


def looker(seen, off=0.0):
    """Knows the truth, but one wrist; the photo's rows hold their numbers."""

    def look(photo, box):
        assert box is None
        first_row = photo.pixels[0, 0, 0]
        seen.append((first_row, photo.pixels.shape[:2]))
        places, confidence = np.zeros((16, 2)), np.zeros(16)
        for name, place in zip(ORDER, JOINTS[:12], strict=True):
            first_column = max(0, 30 - 12)  # the right wrist's, less the margin
            places[joint_index(name)] = place - [first_column, first_row]
            confidence[joint_index(name)] = 0.9 if name != "r_elbow" else 0.6
        places[joint_index("r_wrist")] += [off, 0]
        return {"joints_2d": places, "confidence": confidence}

    return look


@pytest.mark.parametrize(
    ("cut", "rows", "outside"),
    [
        ("not cut", (8, 232), []),
        ("cut above the knees", (8, 132), [0, 1, 4, 5]),
        ("cut above the hips", (8, 122), [0, 1, 4, 5]),  # the hips are within its margin
    ],
)
def test_a_photo_is_cut_below_who_is_left(cut, rows, outside):
    seen = []
    found = cut_measures.look_at_cut(PHOTO, JOINTS, cut_measures.LOST[cut], looker(seen, 30))
    errors, confidence, beyond = found
    assert seen == [(rows[0], (rows[1] - rows[0], 82 - 18))]
    np.testing.assert_allclose(errors, np.eye(12)[6] * 30 / 200, atol=1e-9)
    assert confidence[7] == 0.6 and np.flatnonzero(beyond).tolist() == outside


def test_shares_are_of_arms_that_are_left_and_of_joints_that_are_lost():
    errors = np.zeros((2, 12))
    errors[0, 6:9] = 0.2, 0.07, 0.3
    confidence = np.full((2, 12), 0.9)
    confidence[0, [0, 8]] = 0.1
    outside = np.zeros((2, 12), bool)
    outside[0, :2], outside[1, 11] = True, True
    expected = {"arms @0.1": 9 / 11, "arms @0.05": 8 / 11, "arms clear": 10 / 11}
    expected |= {"clear, wrong": 1 / 10, "outside clear": 2 / 3}
    found = cut_measures.row(errors, confidence, outside)
    assert found == pytest.approx({name: 100 * share for name, share in expected.items()})


@pytest.mark.parametrize(
    ("flags", "problem"),
    [
        (("cut_bodies.py",), "--lspet is missing"),
        (("cut_bodies.py", "--lspet=x", "--last=9501"), "9501"),
        (("cut_bodies.py", "--lspet={tmp}/none"), "none/joints.mat does not exist"),
        (("finding_photos.py", "--lspet={tmp}/none"), "none/joints.mat does not exist"),
        (("cut_bodies.py", "--lspet={tmp}"), "joints.mat: cannot be read"),
    ],
)
def test_a_wrong_flag_gets_one_line(flags, problem, tmp_path):
    (tmp_path / "joints.mat").write_bytes(b"<html>log in</html>")
    script, *flags = (flag.format(tmp=tmp_path) for flag in flags)
    done = fork(f"experiments/{script}", f"--output={tmp_path / 'a.json'}", *flags)
    fails_with_one_line(done, problem)


def test_labels_are_each_photos_own(tmp_path):
    joints = np.random.default_rng(0).uniform(0, 90, (14, 3, 4))
    joints[:, 2] = np.arange(14)[:, np.newaxis] < [14, 3, 14, 14]
    scipy.io.savemat(tmp_path / "joints.mat", {"joints": joints})
    (tmp_path / "images").mkdir()
    for number in (2, 3, 4):
        Image.new("RGB", (100, 90 + number)).save(tmp_path / f"images/im{number:05d}.jpg")
    found = list(whole_lspet.people(tmp_path, 2, 9500))
    assert [photo.pixels.shape[0] - 90 for photo, *_ in found] == [2, 3, 4]
    assert [known.sum() for *_, known in found] == [3, 14, 14]
    for place, (_, places, _) in enumerate(found, 1):
        np.testing.assert_array_equal(places, joints[:, :2, place])
