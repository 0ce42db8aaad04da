"""Comparing a film's poses with their truth, and bones' turns: exact cases and mistakes."""

import dataclasses
import json
import os
from pathlib import Path

import numpy as np
import pytest
from support import walks
from support.commands import fails_with_one_line, run

from hg3d_tf.pose_files import formats
from hg3d_tf.skeleton import JOINT_NAMES

REAL = Path(os.environ.get("HG3D_DATA", "nowhere"))


def test_poses_that_are_the_truth_have_no_error(tmp_path):
    walk = walks.walk()
    formats.write(tmp_path / "walk.json", walks.as_film(walk))
    frames = [
        {"frame": i, "joints_mm": dict(zip(JOINT_NAMES, joints.tolist(), strict=True))}
        for i, joints in enumerate(walk.joints_3d)
    ]
    camera = [walks.FOCAL_PX, walks.FOCAL_PX, *(side / 2 for side in walks.SIZE_PX)]
    truth = {"fx_fy_cx_cy_px": camera, "frames": frames[10:60]}
    (tmp_path / "truth.json").write_text(json.dumps(truth))
    flags = [f"--{name}={tmp_path / name}.json" for name in ("truth", "output")]
    process = run("experiments/angles.py", f"--poses={tmp_path}/walk.json", *flags)
    assert process.returncode == 0, process.stderr
    tables = json.loads((tmp_path / "output.json").read_text())
    assert len(tables["bends"]) == 4
    for row in tables["bends"].values():
        assert row["mean error, all"] < 0.001 and row["clear, percent"] == 100
    place = tables["places"]["walk smoothed over 0.25 s"]
    # Of 4.5 m: perspective, which weak perspective leaves out.
    assert place["depth error mm"] < 200 and place["sideways error mm"] < 20
    assert place["depth jitter mm"] < 1
    table = np.array([[value for value in row.values()] for row in tables["places"].values()])
    assert np.isfinite(table).all()


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ((), ["--poses", "--truth"]),
        (("--poses={tmp}/walk.json", "--truth={tmp}/bad.json"), ["bad.json", "no truth"]),
        (("--poses={tmp}/no.json", "--truth={tmp}/bad.json"), ["no.json", "does not exist"]),
    ],
)
def test_angles_names_a_mistake_in_one_line(tmp_path, arguments, words):
    formats.write(tmp_path / "walk.json", walks.as_film(walks.walk(count=3)))
    (tmp_path / "bad.json").write_text("{}")
    arguments = [argument.format(tmp=tmp_path) for argument in arguments]
    process = run("experiments/angles.py", *arguments, f"--output={tmp_path}/o.json")
    fails_with_one_line(process, *words)


def test_angles_wants_a_film_of_one_person(tmp_path):
    film = walks.as_film(walks.walk())
    both = np.repeat(film.rows, 2)
    both["person"][1::2] = 2
    formats.write(tmp_path / "two.json", dataclasses.replace(film, rows=both))
    (tmp_path / "truth.json").write_text('{"fx_fy_cx_cy_px": [1, 1, 1, 1], "frames": []}')
    flags = [f"--poses={tmp_path}/two.json", f"--truth={tmp_path}/truth.json"]
    process = run("experiments/angles.py", *flags, f"--output={tmp_path}/output.json")
    fails_with_one_line(process, "two.json", "2 people", "--people=1")


def test_turns_names_a_mistake_in_one_line(tmp_path):
    output = f"--output={tmp_path}/o/o.json"
    fails_with_one_line(run("experiments/turns.py", output), "--clips")
    fails_with_one_line(run("experiments/turns.py", output, f"--clips={tmp_path}"), "no BVH")


@pytest.mark.skipif(not (REAL / "cmu_mocap").exists(), reason="HG3D_DATA: no motion capture there")
def test_blending_through_time_takes_jumps_away(tmp_path):
    pytest.importorskip("pybvh")
    (tmp_path / "clips").symlink_to(REAL / "cmu_mocap/08")
    output = tmp_path / "turns.json"
    process = run("experiments/turns.py", f"--clips={tmp_path}/clips/", f"--output={output}")
    assert process.returncode == 0, process.stderr
    rows = json.loads(output.read_text())
    assert rows["blended over 0.3 s"]["largest turn"] < 40
    assert rows["not blended"]["hinge off, 90 %"] < 1
