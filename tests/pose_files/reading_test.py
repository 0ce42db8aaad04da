"""Files of poses: ours, by hand, from other systems, and bad ones."""

import json

import numpy as np
import pytest
from support import walks

from hg3d_tf.cli import UserError
from hg3d_tf.pose_files import formats, json_poses, reading, sequence
from hg3d_tf.skeleton import JOINT_NAMES, joint_index

JOINTS = {name: [float(place), 2.0, 3.0] for place, name in enumerate(JOINT_NAMES)}


def write(path, value):
    path.write_text(value if isinstance(value, str) else json.dumps(value))
    return path


def test_poses_by_hand_may_lack_joints_confidence_and_places(tmp_path):
    given = JOINTS | {"l_knee": None}
    del given["head_top"]
    path = write(tmp_path / "p.json", [{"seconds": t, "joints_3d_mm": given} for t in (0, 0.1)])
    poses = formats.read(path)
    joints = poses.rows["joints_3d"]
    assert poses.is_film and poses.persons == [1] and joints.shape == (2, 16, 3)
    lost = np.isnan(joints[0]).any(axis=-1)
    assert [JOINT_NAMES[i] for i in np.flatnonzero(lost)] == ["l_knee", "head_top"]
    assert np.isnan(poses.rows["joints_2d"]).all() and poses.space == sequence.Space()
    assert (sequence.seen(poses.rows)[0] == ~lost).all()


def test_people_of_a_photo_are_numbered(tmp_path):
    records = [{"image": name, "joints_3d_mm": JOINTS} for name in "aab"]
    poses = formats.read(write(tmp_path / "p.json", records))
    assert poses.rows["person"].tolist() == [1, 2, 1]
    assert poses.rows["frame"].tolist() == [0, 0, 1] and not poses.is_film


def test_of_a_film_people_may_come_one_after_the_other(tmp_path):
    joints_2d = {name: [1.0, 2.0] for name in JOINT_NAMES}
    of_times = {1: (0.1, 0.2), 2: (0.0, 0.1, 0.2)}
    records = [
        {"image": "clip.mp4", "seconds": t, "person": person, "joints_2d_px": joints_2d}
        for person, times in of_times.items()
        for t in times
    ]
    poses = formats.read(write(tmp_path / "p.json", records))
    assert poses.rows["frame"].tolist() == [1, 2, 0, 1, 2]
    formats.write(tmp_path / "p_coco.json", poses)
    coco = json.loads((tmp_path / "p_coco.json").read_text())
    assert [image["id"] for image in coco["images"]] == [2, 3, 1]
    assert [each["image_id"] for each in coco["annotations"]] == [2, 3, 1, 2, 3]


def test_of_a_table_without_frames_times_or_photos_count_them(tmp_path):
    path = tmp_path / "p.csv"
    poses = formats.read(write(path, "seconds,person,l_hip_x_mm\n0,1,1\n.1,1,2\n.1,2,3\n.3,1,4\n"))
    assert poses.rows["frame"].tolist() == [0, 1, 1, 2]
    poses = formats.read(write(path, "seconds,person,l_hip_x_mm\n0,1,1\n.1,1,2\n0,2,3\n.1,2,4\n"))
    assert poses.rows["frame"].tolist() == [0, 1, 0, 1]
    path = write(path, "image,person,l_hip_x_mm\na,1,1\na,2,2\nb,1,3\n")
    assert formats.read(path).rows["frame"].tolist() == [0, 0, 1]
    film = formats.read(path, frame_rate=10)
    assert film.rows["seconds"].tolist() == [0, 0, 0.1]


def test_frames_that_do_not_rise_are_named_as_such(tmp_path):
    number = "frame of pose 2 does not rise: it must be the number"
    path = write(tmp_path / "p.csv", "frame,seconds,person,l_hip_x_mm\n5,0,1,1\n5,.1,1,2\n")
    with pytest.raises(UserError, match=number):
        formats.read(path)
    write(path, "person,l_hip_x_mm\n1,1\n1,2\n")
    with pytest.raises(UserError, match=number):
        formats.read(path, frame_rate=10)


@pytest.mark.parametrize("suffix", [".json", ".csv", ".jsonl"])
def test_a_mark_of_utf_8_before_the_poses_is_none_of_them(tmp_path, suffix):
    path = write(tmp_path / "p.json", [{"seconds": 0.5, "joints_3d_mm": JOINTS}])
    marked = tmp_path / f"marked{suffix}"
    if suffix == ".csv":
        formats.write(marked, formats.read(path))
    else:
        content = path.read_text()
        marked.write_text(content if suffix == ".json" else content[1:-1])
    marked.write_text(marked.read_text(), encoding="utf-8-sig")
    assert formats.read(marked).rows["seconds"].tolist() == [0.5]


def test_a_mark_of_utf_8_hides_no_named_arrays(tmp_path):
    (tmp_path / "p.json").write_text('{"key": ["a"]}', encoding="utf-8-sig")
    with pytest.raises(UserError, match="holds key; wanted: key and a pose"):
        formats.read(tmp_path / "p.json")
    (tmp_path / "p.json").write_text("{}")
    with pytest.raises(UserError, match="holds nothing: give a file that predict or evaluate wrot"):
        formats.read(tmp_path / "p.json")


def test_of_a_photos_lines_the_last_counts(tmp_path):
    def line(image, x):
        return json.dumps({"image": image, "poses": [{"image": image, "joints_2d_px": x}]}) + "\n"

    two = {name: [2.0, 2.0] for name in JOINT_NAMES}
    one = {name: [1.0, 1.0] for name in JOINT_NAMES}
    text = line("a", one) + line("b", one) + line("a", two) + "\n"
    poses = formats.read(write(tmp_path / "poses.jsonl", text))
    assert [poses.images[i] for i in poses.rows["image"]] == ["b", "a"]
    assert poses.rows["joints_2d"][:, 0, 0].tolist() == [1, 2]


def test_a_last_line_that_is_only_begun_is_passed_over_and_said_once(tmp_path, capsys):
    poses = [{"image": name, "joints_3d_mm": JOINTS} for name in "abc"]
    lines = [json.dumps({"image": pose["image"], "poses": [pose]}) for pose in poses]
    path = write(tmp_path / "poses.jsonl", "\n".join(lines))
    assert formats.read(path).images == ("a", "b", "c")
    assert capsys.readouterr().err == ""
    write(path, "\n".join(lines)[:-20])
    assert formats.read(path).images == ("a", "b")
    [line] = capsys.readouterr().err.splitlines()
    assert line.startswith(f"warning: {path}, line 3: only its beginning is there")
    write(path, "\n".join([lines[0], lines[1][:-20], lines[2], ""]))
    with pytest.raises(UserError, match=r"poses\.jsonl: .*line 2: "):
        formats.read(path)


@pytest.mark.parametrize("suffix", [".npz", ".json"])
def test_the_predictions_file_of_evaluate_is_read(tmp_path, suffix):
    joints = np.random.default_rng(0).normal(0, 500, (5, 16, 3)).round(3)
    keys = [f"k{i}" for i in range(5)]
    path = tmp_path / f"predictions{suffix}"
    if suffix == ".npz":
        np.savez(path, key=keys, predicted_3d_mm=joints)
    else:
        write(path, {"key": keys, "predicted_3d_mm": joints.tolist()})
    poses = formats.read(path)
    assert not poses.is_film and poses.images == tuple(keys)
    film = formats.read(path, frame_rate=50)
    np.testing.assert_allclose(film.rows["seconds"], [0, 0.02, 0.04, 0.06, 0.08])
    np.testing.assert_array_equal(film.rows["joints_3d"], joints)


COCO = "is COCO's JSON, of which only boxes are read, by `predict --boxes`: give poses.json"
BAD = {
    "COCO's results": (
        [{"image_id": 7, "category_id": 1, "keypoints": [1, 2, 2] * 17, "score": 0.9}],
        COCO,
    ),
    "COCO's annotations": ({"images": [], "annotations": [], "categories": []}, COCO),
    "no JSON": ("[{]", "is no JSON, or only a part"),
    "cut off": ('[{"joints_3d_mm": {"r_ankle": [1, 2', "is no JSON, or only a part"),
    "a number": ("3", "wanted: a list"),
    "empty": ([], "no person is in it"),
    "no joints": ([{"image": "a"}], "pose 1: holds no joints_3d_mm"),
    "a list": ([[1, 2]], "pose 1: holds no joints_3d_mm"),
    "unknown joint": (
        [{"joints_3d_mm": JOINTS | {"nose": [1, 2, 3]}}],
        "pose 1: 'nose' is no joint; there are r_ankle",
    ),
    "misspelt joint": ([{"joints_3d_mm": {"R_ankle": [1, 2, 3]}}], "'R_ankle' is no joint"),
    "NaN": (
        [{"joints_3d_mm": JOINTS | {"l_hip": [1, float("nan"), 3]}}],
        "joints_3d_mm of l_hip is not finite; null means a missing joint",
    ),
    "two numbers": ([{"joints_3d_mm": {n: [1, 2] for n in JOINT_NAMES}}], "wanted: 3 numbers"),
    "words": ([{"joints_3d_mm": {n: "ab" for n in JOINT_NAMES}}], "is not numbers by joint"),
    "joints in a list": ([{"joints_3d_mm": [[1, 2, 3]] * 16}], "is not numbers by joint"),
    "seconds once": (
        [{"seconds": 0, "joints_3d_mm": JOINTS}, {"joints_3d_mm": JOINTS}],
        "pose 2 has no seconds",
    ),
    "seconds back": (
        [{"seconds": t, "joints_3d_mm": JOINTS} for t in (0, 0.2, 0.1)],
        "seconds of pose 3 do not rise",
    ),
    "seconds in words": (
        [{"seconds": "soon", "joints_3d_mm": JOINTS}],
        "seconds is 'soon', not a number",
    ),
    "a frame that is none": ([{"joints_3d_mm": JOINTS, "frame": -1}], "frame is -1, not a whole"),
    "a person by name": ([{"joints_3d_mm": JOINTS, "person": "me"}], "person is 'me'"),
    "a person 0": ([{"joints_3d_mm": JOINTS, "person": 0}], "person is 0, numbers"),
    "an endless time": ([{"joints_3d_mm": JOINTS, "seconds": float("inf")}], "seconds is inf"),
    "a box of two": ([{"joints_3d_mm": JOINTS, "box_px": [1, 2]}], "box_px is [1, 2], not 4"),
    "a size": ([{"joints_3d_mm": JOINTS, "image_size_px": "HD"}], "image_size_px is 'HD'"),
    "too far": (
        [{"joints_3d_mm": JOINTS | {"l_hip": [1, 1e300, 3]}}],
        "joints_3d_mm of l_hip is beyond",
    ),
    "two films": (
        [{"seconds": i, "image": n, "joints_3d_mm": JOINTS} for i, n in enumerate("ab")],
        "holds 2 films",
    ),
    "unknown size": (
        [{"joints_3d_mm": JOINTS, "size": "huge"}],
        "pose 1: size of 3D joints is 'huge', not average or metric",
    ),
    "axes in a list": ([{"joints_3d_mm": JOINTS, "axes": ["level"]}], "axes of 3D joints is ['lev"),
    "sizes differ": (
        [{"joints_3d_mm": JOINTS}, {"joints_3d_mm": JOINTS, "size": "metric"}],
        "pose 2: size, origin or axes differ",
    ),
}


@pytest.mark.parametrize("name", BAD)
def test_bad_poses_are_one_line_that_names_them(tmp_path, name):
    content, words = BAD[name]
    path = write(tmp_path / "p.json", content)
    with pytest.raises(UserError) as raised:
        formats.read(path)
    assert words in str(raised.value) and str(raised.value).startswith(str(path))


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("a,b\n1,2\n", "'a' is no column of poses"),
        ("image,person,nose_x_mm\na,1,2\n", "'nose_x_mm' is no column"),
        ("image,person,l_hip_x_mm\na,1\n", "line 2: has 2 cells of 3"),
        ("image,person,l_hip_x_mm\na,1,x\n", "holds a cell that is no number"),
        ("image,person,l_hip_x_mm\na,1,1e300\n", "joints_3d is beyond"),
        ("image,person,l_hip_x_mm\na,inf,1\n", "is no number"),
        ("person,size,origin,axes,l_hip_x_mm\n1,metric,roof,level,1\n", "is 'roof', not pelvis or"),
        ("image,person,l_hip_x_mm\na,1.9,1\n", "1.9 is no whole number"),
        ("frame,person,l_hip_x_mm\n3.7,1,1\n", "3.7 is no whole number"),
        ("image,person,l_hip_x_mm\n", "no person is in it"),
    ],
)
def test_bad_tables_are_one_line(tmp_path, text, words):
    path = write(tmp_path / "p.csv", text)
    with pytest.raises(UserError) as raised:
        formats.read(path)
    assert words in str(raised.value)


def test_what_is_no_file_of_poses_is_named(tmp_path):
    with pytest.raises(UserError, match="does not exist"):
        formats.read(tmp_path / "p.json")
    with pytest.raises(UserError, match="is a folder"):
        formats.read(tmp_path)
    for text in ('[{"joints_3d_mm": {"l_hip": [1,', '{"joints_3d_mm": {"l_hip": [1,'):
        with pytest.raises(UserError, match="is no JSON, or only a part of it"):
            formats.read(write(tmp_path / "half.json", text))
    with pytest.raises(UserError, match=r"read from \.json"):
        formats.read(write(tmp_path / "p.txt", ""))
    film = write(tmp_path / "p.json", [{"seconds": 0, "joints_3d_mm": JOINTS}])
    with pytest.raises(UserError, match="leave --frame_rate out"):
        formats.read(film, frame_rate=30)


def test_records_come_one_by_one_wherever_the_text_is_cut(tmp_path, monkeypatch):
    records = [{"joints_3d_mm": JOINTS, "number": i} for i in range(40)]
    for text in (json.dumps(records), json.dumps(records, indent=2)):
        path = write(tmp_path / "p.json", text)
        for chunk in (7, 64, 1000, 1 << 20):
            monkeypatch.setattr(json_poses, "_CHUNK", chunk)
            assert list(json_poses.records(path)) == records


def test_many_rows_lie_on_disk_and_are_the_same(monkeypatch):
    monkeypatch.setattr(sequence, "_ROWS_IN_MEMORY", 100)
    film = walks.as_film(walks.walk())
    rows = sequence.spooled(np.array_split(np.concatenate([film.rows] * 5), 7))
    assert isinstance(rows, np.memmap) and len(rows) == 450
    assert (rows[90:180]["joints_3d"] == film.rows["joints_3d"]).all()
    moved = sequence.PoseSequence(rows, film.images).changed(lambda block: block[1::2])
    assert len(moved.rows) == 225


def test_frames_that_are_named_keep_their_numbers(tmp_path):
    records = [{"seconds": f / 30, "frame": f, "joints_3d_mm": JOINTS} for f in (4, 5, 9)]
    poses = reading.read(write(tmp_path / "p.json", records))
    assert poses.rows["frame"].tolist() == [4, 5, 9]
    assert sequence.film_clock(poses).step_s == pytest.approx(1 / 30)
    assert poses.rows["joints_3d"][0, joint_index("r_knee"), 0] == 1


@pytest.mark.parametrize(("decimals", "rate"), [(6, 60), (3, 30), (3, 29.97)])
def test_a_rate_is_that_of_the_film_though_its_times_are_rounded(tmp_path, decimals, rate):
    times = [round(i / rate, decimals) for i in range(100)]
    records = [{"seconds": time, "joints_3d_mm": JOINTS} for time in times]
    poses = reading.read(write(tmp_path / "p.json", records))
    assert 1 / sequence.film_clock(poses).step_s == pytest.approx(rate, rel=10**-decimals)


def test_a_pause_is_no_part_of_the_rate(tmp_path):
    times = [0, 0.033, 0.067, 0.1, 0.133, 1.133, 1.167, 1.2]
    records = [{"seconds": time, "joints_3d_mm": JOINTS} for time in times]
    poses = reading.read(write(tmp_path / "p.json", records))
    assert 1 / sequence.film_clock(poses).step_s == pytest.approx(30, rel=0.01)
