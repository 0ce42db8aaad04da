"""Lines as results come, and what of them still counts when a command runs again."""

import errno
import json
import os

import numpy as np
import pytest

from hg3d_tf import files
from hg3d_tf.cli import UserError
from hg3d_tf.pose_files import json_poses
from hg3d_tf.prediction import pose_json
from hg3d_tf.prediction.results import Results, collect, model_settings


@pytest.fixture
def images(tmp_path):
    paths = [tmp_path / name for name in ("a.jpg", "b.jpg", "c.jpg")]
    for path in paths:
        path.write_bytes(b"picture")
    return paths


def results(folder, again=False, **settings):
    return Results(folder / "poses.json", settings, again)


def test_lines_are_there_at_once_and_the_json_is_as_files_writes_it(images, tmp_path):
    poses = [{"image": "a", "box_px": [1.5, 2]}, {"image": "a", "box_px": [3, 4]}]
    with results(tmp_path) as done:
        done.add(images[1], poses)
        [line] = (tmp_path / "poses.jsonl").read_text().splitlines()
        assert json.loads(line)["poses"] == poses
        done.add(images[0], [{"image": "b"}])
        done.add(images[2], [])
        assert done.write(images) == 3
    expected = [{"image": "b"}, *poses]
    assert (tmp_path / "poses.json").read_text() == json.dumps(expected, indent=2) + "\n"


def test_no_poses_are_an_empty_list(tmp_path):
    with results(tmp_path) as done:
        assert done.write([]) == 0
    assert (tmp_path / "poses.json").read_text() == "[]\n"


def known(folder, images, **settings):
    with results(folder, **settings) as done:
        return [image.name for image in images if done.find(image)]


def test_what_changed_does_not_count(images, tmp_path):
    with results(tmp_path, model="m", box=[1, 2, 3, 4]) as done:
        for image in images:
            done.add(image, [{"image": str(image)}])
    same = {"model": "m", "box": [1, 2, 3, 4]}
    assert known(tmp_path, images, **same) == ["a.jpg", "b.jpg", "c.jpg"]
    assert known(tmp_path, images, **same | {"box": None}) == []
    images[0].write_bytes(b"another")
    os.utime(images[0], ns=(0, 10**18))
    images[1].write_bytes(b"longer than it was")
    assert known(tmp_path, images, **same) == ["c.jpg"]
    images[2].unlink()
    assert known(tmp_path, images, **same) == []


def test_the_last_line_of_an_image_counts(images, tmp_path):
    for model in ("one", "two"):
        with results(tmp_path, model=model) as done:
            done.add(images[0], [{"model": model}])
    assert known(tmp_path, images, model="one") == []
    with results(tmp_path, model="two") as done:
        assert done.find(images[0])["poses"] == [{"model": "two"}]


def test_what_a_killed_process_left_is_passed_over(images, tmp_path):
    with results(tmp_path) as done:
        done.add(images[0], [{"number": 1}])
        done.add(images[1], [{"number": 2}])
    lines = tmp_path / "poses.jsonl"
    lines.write_bytes(b"[1]\nnull\n\xff\xfe\n" + lines.read_bytes()[:-20])
    with results(tmp_path) as done:
        assert done.find(images[0]) and not done.find(images[1])
        done.add(images[2], [{"number": 3}])
    assert known(tmp_path, images) == ["a.jpg", "c.jpg"]


def test_a_line_that_a_killed_process_began_is_no_line_of_what_goes_on(images, tmp_path):
    lines = tmp_path / "poses.jsonl"
    for cut in (1, 20):  # only the line's end is missing; more of it is
        lines.unlink(missing_ok=True)
        with results(tmp_path) as done:
            done.add(images[0], [{"number": 1}])
            done.add(images[1], [{"number": 2}])
        lines.write_bytes(lines.read_bytes()[:-cut])
        with results(tmp_path) as done:
            done.add(images[2], [{"number": 3}])
        numbers = [pose["number"] for pose in json_poses.records(lines)]
        assert numbers == ([1, 2, 3] if cut == 1 else [1, 3])


def test_again_counts_no_line_but_keeps_each_until_another_replaces_it(images, tmp_path):
    with results(tmp_path) as done:
        done.add(images[0], [{"time": 1}])
        done.add(images[1], [{"time": 1}])
    with results(tmp_path, again=True) as done:
        assert done.find(images[0]) is None and not done.has_any
        done.add(images[0], [{"time": 2}])
        assert done.find(images[0])["poses"] == [{"time": 2}]
        assert done.write(images) == 1
    with results(tmp_path) as done:
        assert [done.find(image)["poses"] for image in images[:2]] == [[{"time": 2}], [{"time": 1}]]


def test_lines_that_others_replaced_go_in_the_end(images, tmp_path):
    for time in range(3):
        with results(tmp_path, again=True) as done:
            for image in images[: 3 - time]:
                done.add(image, [{"time": time}])
            done.write(images)
    lines = (tmp_path / "poses.jsonl").read_text().splitlines()
    assert [json.loads(line)["poses"][0]["time"] for line in lines] == [0, 1, 2]
    assert known(tmp_path, images) == ["a.jpg", "b.jpg", "c.jpg"]


def test_whose_a_picture_is_stays_known_without_the_line_that_said_so(images, tmp_path):
    with results(tmp_path) as done:
        for image, drawn in ((images[0], {"x.png": {}}), (images[1], {"x.png": {}, "y.png": {}})):
            done.add(image, [{}], drawn)
        done.add(images[1], [{}], {"y.png": {}})
    assert len((tmp_path / "poses.jsonl").read_text().splitlines()) == 2
    with results(tmp_path) as done:
        assert [done.find(image)["drawn"] for image in images[:2]] == [{}, {"y.png": {}}]


def test_lines_that_cannot_be_written_anew_stay(images, tmp_path, monkeypatch):
    def full(path):
        raise OSError(errno.ENOSPC, "no room")

    with results(tmp_path) as done:
        done.add(images[0], [{"time": 0}])
        done.add(images[0], [{"time": 1}])
        monkeypatch.setattr(files, "atomic_path", full)
    assert len((tmp_path / "poses.jsonl").read_text().splitlines()) == 2
    assert known(tmp_path, images) == ["a.jpg"]


def test_where_again_comes_to_nothing_all_stays_and_it_is_said_how_to_go_on(
    images, tmp_path, capsys
):
    def work():
        raise KeyboardInterrupt
        yield

    with results(tmp_path) as done:
        done.add(images[0], [{"image": "a"}])
        assert collect(images[:1], [None], done) == 0
    with results(tmp_path, again=True) as done:
        assert collect(images, work(), done) == 130
    assert "0 of 3 images are done; without --again the same command" in capsys.readouterr().err
    assert json.loads((tmp_path / "poses.json").read_text()) == [{"image": "a"}]
    assert known(tmp_path, images) == ["a.jpg"]


def test_lines_need_a_name_of_their_own(tmp_path):
    with pytest.raises(UserError, match=r"poses\.jsonl: .* name a \.json"):
        Results(tmp_path / "poses.jsonl", {})


def test_a_folder_in_the_place_of_the_poses_is_named_before_the_work(tmp_path):
    (tmp_path / "poses.json").mkdir()
    with pytest.raises(UserError, match=r"poses\.json: .*a folder stands"):
        results(tmp_path)
    assert not (tmp_path / "poses.jsonl").exists()


def test_a_model_is_told_by_its_newest_file(tmp_path):
    output = tmp_path / "model/predictions"
    output.mkdir(parents=True)
    (tmp_path / "model/weights").write_bytes(b"1")
    before = model_settings(tmp_path / "model", output)
    (output / "poses.json").write_bytes(b"[]")
    assert model_settings(tmp_path / "model", output) == before
    os.utime(tmp_path / "model/weights", ns=(0, 5))
    assert model_settings(tmp_path / "model", output) != before
    assert model_settings(tmp_path / "model/weights", output)["model_mtime_ns"] == 5


def test_an_interruption_keeps_what_is_done_and_says_how_to_go_on(images, tmp_path, capsys):
    def work(done):
        done.add(images[0], [{"image": "a"}])
        yield None
        yield "b.jpg: no picture"
        raise KeyboardInterrupt

    with results(tmp_path) as done:
        assert collect(images, work(done), done) == 130
    assert json.loads((tmp_path / "poses.json").read_text()) == [{"image": "a"}]
    errors = capsys.readouterr().err
    assert "error: b.jpg: no picture" in errors
    assert "1 of 3 images are done; the same command goes on" in errors


def test_a_pose_comes_back_from_json():
    rng = np.random.default_rng(0)
    pose = {"joints_2d": rng.random((16, 2)), "joints_3d": rng.random((16, 3))}
    pose["confidence"] = rng.random(16)
    again = pose_json.from_json(json.loads(json.dumps(pose_json.as_json("a", pose))))
    for name, value in pose.items():
        np.testing.assert_allclose(again[name], value, atol=0.001)


def test_where_nothing_could_be_done_no_file_is_left(images, tmp_path, capsys):
    with results(tmp_path / "new") as done:
        assert collect(images, ["a.jpg: no"], done) == 1
    assert "nothing was done: " in capsys.readouterr().out
    assert list((tmp_path / "new").iterdir()) == []


def test_where_nothing_could_be_done_earlier_poses_stay(images, tmp_path, capsys):
    with results(tmp_path) as done:
        done.add(images[0], [{"image": "a"}])
        assert collect(images[:1], [None], done) == 0
    with results(tmp_path) as done:
        assert collect(images[1:], ["b.jpg: no picture", "c.jpg: no picture"], done) == 1
    assert json.loads((tmp_path / "poses.json").read_text()) == [{"image": "a"}]
    assert "poses.json holds what it held before" in capsys.readouterr().out
