"""`convert`, and the flags that it shares with `predict`, as a user runs them."""

import dataclasses
import io
import json
import re
import shlex

import numpy as np
import pytest
from support import walks
from support.commands import fails_with_one_line, run

from hg3d_tf.pose_files import formats
from hg3d_tf.pose_files.sequence import Space

NO_TENSORFLOW = """
import runpy, sys
sys.modules["tensorflow"] = None  # importing it fails
sys.argv = sys.argv[1:]
runpy.run_module(sys.argv[0], run_name="__main__", alter_sys=True)
"""


@pytest.fixture
def poses(tmp_path):
    path = tmp_path / "walk.json"
    formats.write(path, walks.as_film(walks.walk()))
    return path


def convert(*arguments):
    return run("-c", NO_TENSORFLOW, "hg3d_tf.convert", *arguments)


@pytest.mark.slow
def test_every_format_is_written_without_tensorflow(poses):
    for library in ("ezc3d", "pygltflib"):
        pytest.importorskip(library)
    others = [name for name in formats.FORMATS if name != "json"]
    process = convert(poses, f"--format={','.join(others)}", "--angle_plot")
    assert process.returncode == 0, process.stderr
    names = {path.name for path in poses.parent.iterdir()}
    wanted = {f"walk{formats.FORMATS[name].suffix}" for name in formats.FORMATS}
    assert names == wanted | {"walk_angles.png"}
    assert "90 poses" in process.stdout and "size is the person's" in process.stdout


def test_the_help_of_predict_needs_no_tensorflow_and_names_the_formats():
    process = run("-c", NO_TENSORFLOW, "hg3d_tf.predict", "--help")
    assert "--format" in process.stdout and "glb" in process.stdout, process.stderr


def test_a_table_goes_back_to_json_in_another_folder(poses, tmp_path):
    known = {"score": 0.8125, "box_px": [10.5, 20.0, 300.0, 410.1]}
    records = json.loads(poses.read_text())
    # The second pose has neither: its cells are empty.
    records = [record | (known if i != 1 else {}) for i, record in enumerate(records)]
    poses.write_text(json.dumps(records))
    process = convert(poses, "--format=csv,csv")
    assert process.returncode == 0 and process.stdout.count("walk.csv") == 1
    process = convert(tmp_path / "walk.csv", f"--output_dir={tmp_path}/out", "--name=again")
    assert process.returncode == 0, process.stderr
    one, two = (json.loads(p.read_text()) for p in (poses, tmp_path / "out/again.json"))
    for a, b in zip(one, two, strict=True):
        assert a == b


# argv: a file of poses and the flags that `predict` and `convert` share.
WRITE_BESIDE = """
import sys
from pathlib import Path
from hg3d_tf import cli, pose_output
pose_output.define("")
path = Path(sys.argv.pop(1))
cli.run(lambda: pose_output.write_beside(path), tensorflow=False)
"""


def predict_few(path):
    """Write what `predict` writes, of too few frames to find what is level."""
    film = walks.as_film(walks.walk(4))
    formats.write(path, dataclasses.replace(film, space=Space()))


@pytest.mark.parametrize(
    ("flags", "left_out", "written"),
    [
        ("--format=json,csv,trc --level --ground --unit=mm --person_height=1.8", "--level", True),
        ("--format=json,csv,trc --level --unit=mm", "--level", False),
        ("--format=csv --person_height=1.8,1.7 --field_of_view=60", "--person_height", False),
        ("--angle_plot --level", "--level", False),
    ],
)
def test_what_cannot_be_placed_is_left_out_of_a_command_for_all_else(
    poses, flags, left_out, written
):
    predict_few(poses)
    before = poses.read_text()
    process = run("-c", WRITE_BESIDE, poses, *flags.split())
    fails_with_one_line(process, "the poses are kept as predicted", f"without {left_out}")
    assert poses.read_text() == before
    command = re.search("`(python .*)`", process.stderr)[1]
    assert left_out not in command
    process = run(*shlex.split(command)[1:])
    assert process.returncode == 0, process.stderr
    names = {path.name for path in poses.parent.iterdir()}
    wanted = [form for form in ("csv", "trc") if form in flags]
    start = "walk_placed" if written else "walk"
    made = {f"{start}.{form}" for form in wanted}
    if "--angle_plot" in flags:
        made.add("walk_angles.png")
    assert names == {"walk.json"} | made | ({"walk_placed.json"} if written else set())
    if written:
        space = formats.read(poses.with_name("walk_placed.json")).space
        assert (space.size, space.origin, space.axes) == ("metric", "floor", "camera")
    if "--unit=mm" in flags:
        assert "\tmm\t" in (poses.parent / f"{start}.trc").read_text()


def test_where_nothing_else_was_wanted_no_command_is_given(poses):
    predict_few(poses)
    process = run("-c", WRITE_BESIDE, poses, "--level")
    fails_with_one_line(process, "give --camera_pitch; the poses are kept as predicted")
    assert "convert" not in process.stderr


def test_poses_that_have_no_times_are_a_film_by_their_rate(tmp_path):
    joints = walks.walk().joints_3d
    np.savez(tmp_path / "p.npz", key=[f"{i}" for i in range(90)], predicted_3d_mm=joints)
    fails_with_one_line(convert(tmp_path / "p.npz", "--format=bvh"), "bvh", "--frame_rate")
    process = convert(tmp_path / "p.npz", "--format=bvh", "--frame_rate=50", "--unit=cm")
    assert process.returncode == 0, process.stderr
    lines = (tmp_path / "p.bvh").read_text().splitlines()
    assert "Frames: 90" in lines and "Frame Time: 0.02" in lines


def test_what_one_format_cannot_hold_does_not_keep_others_from_being_written(tmp_path):
    records = [{"image": n, "joints_3d_mm": {"r_hip": [1, 2, 3]}} for n in "ab"]
    (tmp_path / "p.json").write_text(json.dumps(records))
    process = convert(tmp_path / "p.json", "--format=trc,csv")
    fails_with_one_line(process, "p.json", "trc", "no times")
    assert {path.name for path in tmp_path.iterdir()} == {"p.json", "p.csv"}


@pytest.mark.slow
def test_mistakes_are_one_line_and_write_nothing(poses):
    cases = {
        (): ["<poses>"],
        (poses, "b.json"): ["'b.json'", "one file"],
        (poses, "--format=fbx"): ["'fbx'", "bvh"],
        (poses, "--format="): ["--format=", "no format"],
        (poses, "--format=csv", "--name=../x"): ["--name=../x", "--output_dir"],
        (poses,): ["walk.json is read", "another --format, such as csv, or --name or --output_dir"],
        (poses, "--person_height=tall"): ["'tall'", "1.78"],
        (poses, "--person_height=178"): ["178 m", "metres"],
        (poses, "--person_height=1,75"): ["two heights", "1.75"],
        (poses, "--field_of_view=60"): ["--person_height"],
        (poses, "--image_size=1280"): ["'1280'", "1920,1080"],
        (poses, "--format=bvh", "--unit=ft"): ["--unit"],
    }
    for arguments, words in cases.items():
        fails_with_one_line(convert(*arguments), *words)
    assert [path.name for path in poses.parent.iterdir()] == ["walk.json"]


def test_a_folder_in_the_place_of_a_file_costs_that_file(poses):
    (poses.parent / "walk.csv").mkdir()
    process = convert(poses, "--format=csv,trc")
    fails_with_one_line(process, f"error: {poses.parent}/walk.csv: a folder stands")
    assert (poses.parent / "walk.trc").is_file()


@pytest.mark.slow
def test_where_nobody_is_found_no_format_is_written_and_that_is_no_error(tmp_path):
    from PIL import Image

    Image.new("RGB", (120, 90), "grey").save(tmp_path / "a.png")
    flags = ("--format=csv,json,coco,angles", "--person_height=1.8", "--model=shipped", "--html")
    flags = (*flags, f"--output_dir={tmp_path}/out")
    process = run("-m", "hg3d_tf.predict", *flags, tmp_path / "a.png")
    assert process.returncode == 0, process.stderr
    last = process.stdout.splitlines()[-1]
    assert last == f"{tmp_path}/out/poses.json: nobody was found: nothing is written beside it"
    assert {path.name for path in (tmp_path / "out").iterdir()} == {"poses.json", "poses.jsonl"}
    assert json.loads((tmp_path / "out/poses.json").read_text()) == []


def test_predict_names_what_photos_cannot_be(tmp_path):
    for flag, words in (
        ("--format=csv,bvh", "--format=bvh is for films; photos can be json, csv, coco, angles"),
        ("--angle_plot", "--angle_plot is for films: photos have no times"),
    ):
        process = run("-m", "hg3d_tf.predict", flag, f"--output_dir={tmp_path}/out", "a.jpg")
        fails_with_one_line(process, words)
    assert not (tmp_path / "out").exists()


@pytest.mark.slow
def test_predict_writes_a_films_poses_in_true_size_beside_it(tmp_path):
    for library in ("av", "embreex"):
        pytest.importorskip(library)
    from PIL import Image
    from support import films

    from synthetic_humans.mannequin.examples import make_example
    from synthetic_humans.task import Task

    person = Image.open(io.BytesIO(make_example(Task("studio", "test", 0, 0, 120))["image"]))
    films.write(tmp_path / "clip.mp4", np.repeat(np.asarray(person)[None], 4, axis=0))
    flags = ["--person_height=1.8", "--field_of_view=60", "--format=csv,trc,bvh", "--html"]
    process = run(
        "-m", "hg3d_tf.predict", f"--video={tmp_path}/clip.mp4", f"--output_dir={tmp_path}", *flags
    )
    assert process.returncode == 0, process.stderr
    poses = formats.read(tmp_path / "clip_poses.json")
    assert poses.space.size == "metric" and poses.space.origin == "camera"
    assert poses.rows["image_size_px"].tolist() == [[120, 120]] * 4
    table = formats.read(tmp_path / "clip_poses.csv")
    np.testing.assert_allclose(table.rows["joints_3d"], poses.rows["joints_3d"], atol=2e-3)
    assert (tmp_path / "clip_poses.trc").exists() and (tmp_path / "clip_poses.bvh").exists()
    page = (tmp_path / "clip_3d.html").read_text(encoding="utf-8")
    assert "Millimetres are the persons' own" in page
    (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
    shown = [frame["people"][0]["xyz"] for frame in json.loads(text)["frames"]]
    np.testing.assert_allclose(shown, poses.rows["joints_3d"], atol=0.51)


@pytest.mark.slow
def test_predict_says_the_size_of_photos_that_it_placed(tmp_path):
    from PIL import Image

    Image.new("RGB", (120, 90), "grey").save(tmp_path / "a.png")
    flags = ("--box=20,10,80,80", f"--output_dir={tmp_path}/out")
    command = ["-m", "hg3d_tf.predict", *flags, str(tmp_path / "a.png")]
    for flags, size in (((), "average"), (("--person_height=1.8", "--format=coco"), "metric")):
        process = run(*command, *flags)
        assert process.returncode == 0, process.stderr
        [record] = json.loads((tmp_path / "out/poses.json").read_text())
        assert record["size"] == size and record["image_size_px"] == [120, 90]
    assert (tmp_path / "out/poses_coco.json").exists()


@pytest.mark.slow
def test_heights_of_more_people_than_there_are_lose_no_pose(tmp_path):
    """A film is known to the end only then: what was predicted stays, and convert goes on."""
    pytest.importorskip("av")
    from support import films

    films.write(tmp_path / "clip.mp4", films.moving_square())
    (tmp_path / "boxes.txt").write_text("1,1,10,20,30,40\n2,1,10,20,30,40\n")
    flags = [f"--boxes={tmp_path}/boxes.txt", "--person_height=1.8,1.7", "--format=csv"]
    command = [f"--video={tmp_path}/clip.mp4", f"--output_dir={tmp_path}/the films"]
    process = run("-m", "hg3d_tf.predict", *command, *flags)
    advice = "without --person_height all else is written by `python -m hg3d_tf.convert '{}'"
    poses = tmp_path / "the films/clip_poses.json"
    fails_with_one_line(process, "1 person, but 2 heights", advice.format(poses))
    assert (tmp_path / "the films/clip_pose.mp4").exists()
    assert {record["size"] for record in json.loads(poses.read_text())} == {"average"}
    process = run("-m", "hg3d_tf.convert", poses, "--name=placed", "--person_height=1.8")
    assert process.returncode == 0, process.stderr
    assert formats.read(poses.with_name("placed.json")).space.size == "metric"


@pytest.mark.slow
def test_a_photos_page_shows_the_poses_as_they_are_written(tmp_path):
    from PIL import Image

    (tmp_path / "b").mkdir()
    for path in (tmp_path / "a.png", tmp_path / "b/a.png"):
        Image.new("RGB", (120, 90), "grey").save(path)
    command = ["-m", "hg3d_tf.predict", "--html", "--box=20,10,80,80", f"--output_dir={tmp_path}"]
    command += [str(tmp_path / "a.png"), str(tmp_path / "b/a.png")]
    # Average again in the end: a page of before must not stay.
    for flags, words in (
        ((), "those of a person of average size"),
        (("--person_height=1.8",), "the persons' own"),
        ((), "those of a person of average size"),
    ):
        process = run(*command, *flags)
        assert process.returncode == 0, process.stderr
        records = json.loads((tmp_path / "poses.json").read_text())
        for name, record in zip(("a_pose", "a_2_pose"), records, strict=True):
            page = (tmp_path / f"{name}.html").read_text(encoding="utf-8")
            assert f"Millimetres are {words}" in page
            (text,) = re.findall(r'<script type="application/json" id="data">(.*?)</script>', page)
            [frame] = json.loads(text)["frames"]
            pose = [record["joints_3d_mm"][joint] for joint in json.loads(text)["joints"]]
            np.testing.assert_allclose(frame["people"][0]["xyz"], pose, atol=0.51)
