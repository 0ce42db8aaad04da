"""The page's BVH is the file that `hg3d convert` writes of the same poses."""

import dataclasses
import json
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from support import walks

from hg3d_tf.pose_files import formats
from hg3d_tf.skeleton import JOINT_NAMES

SCRIPT = Path(__file__).resolve().parents[1] / "demo/web/test/bvh.mjs"

pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="Node.js is absent")


def by_the_page(one, film=None) -> str:
    """Return the BVH of one person's poses, of a film of several people or of all of it."""
    question = {"names": JOINT_NAMES, "frames": frames_of(one), "film": frames_of(film or one)}
    done = subprocess.run(
        ["node", str(SCRIPT)],
        input=json.dumps(question),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def frames_of(film) -> list[dict]:
    return [
        {
            "frame": int(row["frame"]),
            "seconds": float(row["seconds"]),
            "joints": row["joints_3d"].tolist(),
            "confidence": row["confidence"].tolist(),
        }
        for row in film.rows
    ]


def numbers(motion: str) -> np.ndarray:
    return np.array([line.split() for line in motion.strip().splitlines()[2:]], float)


def a_film(kind):
    """A walk; people turned over, joints hidden; uneven times; a slow browser; lost frames."""
    walk = walks.walk()
    rng = np.random.default_rng(0)
    if kind == "walk":
        return walks.as_film(walk)
    if kind == "hard":
        turn = np.linalg.qr(rng.normal(size=(3, 3)))[0]
        joints = walk.joints_3d @ turn + rng.normal(0, 60, walk.joints_3d.shape)
        joints[40, 4] = joints[40, 3]  # a bone without a length
        confidence = rng.uniform(0, 1, (len(joints), 16))
        confidence[:, 0] = 0.1  # never clear
        return walks.as_film(walk, joints_3d=joints, confidence=confidence)
    if kind == "lost":
        film = walks.as_film(walk, joints_3d=walk.joints_3d + rng.normal(0, 60, (90, 16, 3)))
        rows = np.delete(film.rows, np.r_[20:55, 70])
        return dataclasses.replace(film, rows=rows)
    if kind == "slow":  # a busy browser's: one rate, but for a tenth of a step
        film = walks.as_film(walk, joints_3d=walk.joints_3d + rng.normal(0, 60, (90, 16, 3)))
        rows = film.rows.copy()
        rows["seconds"] = 0.25 * (np.arange(90) + rng.uniform(-0.1, 0.1, 90)) + 0.1
        return dataclasses.replace(film, rows=rows)
    seconds = walk.seconds + np.where(np.arange(len(walk.seconds)) % 7 == 3, 0.4 / 30, 0)
    return walks.as_film(walk, seconds=seconds)


@pytest.mark.parametrize("kind", ["walk", "hard", "uneven", "slow", "lost"])
def test_it_is_the_file_of_convert(kind, tmp_path):
    film = a_film(kind)
    formats.write(tmp_path / "a.bvh", film)
    expected_head, expected = (tmp_path / "a.bvh").read_text().split("MOTION\n")
    head, motion = by_the_page(film).split("MOTION\n")
    assert head.split() == expected_head.split()
    assert motion.splitlines()[:2] == expected.splitlines()[:2]
    np.testing.assert_allclose(numbers(motion), numbers(expected), atol=1e-5)


def test_who_enters_later_stands_still_until_then(tmp_path):
    film = a_film("slow")
    late = film.rows[30:].copy()
    late["person"] = 2
    rows = np.concatenate([film.rows, late])
    both = dataclasses.replace(film, rows=rows[np.argsort(rows["frame"], kind="stable")])
    formats.write(tmp_path / "a.bvh", both)
    for person, one in ((1, film), (2, dataclasses.replace(film, rows=late))):
        expected = (tmp_path / f"a_{person}.bvh").read_text().split("MOTION\n")[1]
        motion = by_the_page(one, both).split("MOTION\n")[1]
        assert motion.splitlines()[:2] == expected.splitlines()[:2]
        np.testing.assert_allclose(numbers(motion), numbers(expected), atol=1e-5)


def test_two_frames_at_one_time_leave_numbers():
    film = walks.as_film(walks.walk(count=12))
    rows = film.rows.copy()
    rows["seconds"][1] = rows["seconds"][0]
    motion = by_the_page(dataclasses.replace(film, rows=rows)).split("MOTION\n")[1]
    assert np.isfinite(numbers(motion)).all()


def test_what_is_no_film_is_said():
    film = walks.as_film(walks.walk(count=2))
    with pytest.raises(AssertionError, match="a photo goes into JSON or CSV"):
        by_the_page(dataclasses.replace(film, rows=film.rows[:1]))
