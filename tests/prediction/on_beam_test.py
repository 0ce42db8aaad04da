"""The same work on Apache Beam: results, failures, what a worker left that was killed."""

import json
import pickle

import numpy as np
import pytest
from PIL import Image
from support.looker import Looker, find_whole

pytest.importorskip("apache_beam", reason="apache-beam is not installed: extra [beam]")

from hg3d_tf.cli import UserError
from hg3d_tf.prediction import batch, on_beam
from hg3d_tf.prediction.drawing import Drawing
from hg3d_tf.prediction.finders import finder
from hg3d_tf.prediction.one_photo import PhotoWork, Setting
from hg3d_tf.prediction.results import Results

JOINTS = np.random.default_rng(0).uniform((20, 20), (180, 130), (16, 2))


class LookerSetting(Setting):
    def load(self):
        if self.model != "looker":
            raise UserError(f"no {self.model}")
        return PhotoWork(finder(Looker(JOINTS), find_whole), self.drawing)


@pytest.fixture
def photos(tmp_path):
    paths = [tmp_path / f"{number}.png" for number in range(6)]
    for number, path in enumerate(paths):
        Image.new("RGB", (200, 150), (40 * number, 90, 90)).save(path)
    paths[2].write_bytes(b"no picture")
    return paths


def on_runner(photos, folder, runner="DirectRunner", again=False):
    folder.mkdir(exist_ok=True)
    setting = LookerSetting("looker", Drawing(folder, pictures=True))
    with Results(folder / "poses.json", {"model": 1}, again) as done:
        return on_beam.predict(photos, setting, done, on_beam.Runner(runner), again)


@pytest.mark.slow
def test_beam_gives_what_this_process_gives(photos, tmp_path, capsys):
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    setting = LookerSetting("looker", Drawing(one, pictures=True))
    with Results(one / "poses.json", {"model": 1}) as done:
        run = batch.in_this_process(setting.load())
        assert batch.predict(photos, run, done, setting.drawing) == 1
    assert on_runner(photos, other) == 1
    assert capsys.readouterr().err.count("2.png: cannot be read as an image") == 2
    assert {path.name for path in one.iterdir()} == {path.name for path in other.iterdir()}
    for path in one.glob("*[!l]"):
        assert path.read_bytes() == (other / path.name).read_bytes()
    assert sorted(lines(one)) == sorted(lines(other))


def lines(folder):
    return (folder / "poses.jsonl").read_text().splitlines()


def killed_run(photos, tmp_path, done):
    """Do photos as a worker that is killed before its lines are taken over."""
    work = on_beam._Work(LookerSetting("looker", Drawing(tmp_path, False)), {"m": 1}, tmp_path)
    work = pickle.loads(pickle.dumps(work))
    work.setup()
    work._settings = done.settings
    for task in batch.missing(photos, done, Drawing(tmp_path, False)):
        work.process(task)
    work.teardown()
    [part] = tmp_path.glob(".poses.*.part")
    part.write_bytes(part.read_bytes() + b'{"image": "half')


def test_what_a_killed_run_left_is_not_done_again(photos, tmp_path, monkeypatch, capsys):
    with Results(tmp_path / "poses.json", {"m": 1}) as done:
        killed_run(photos[:3], tmp_path, done)

        def run(tasks, *_):
            assert [task.path for task in tasks] == photos[2:]

        monkeypatch.setattr(on_beam, "_run", run)
        setting = LookerSetting("looker", Drawing(tmp_path, False))
        assert on_beam.predict(photos, setting, done, on_beam.Runner("DirectRunner")) == 1
    assert len(json.loads((tmp_path / "poses.json").read_text())) == 2
    assert capsys.readouterr().err.count("the runner gave no result") == 4
    assert not list(tmp_path.glob(".poses.*"))


def test_a_picture_that_cannot_be_drawn_of_known_poses_is_named(
    photos, tmp_path, monkeypatch, capsys
):
    (tmp_path / "0_pose.png").mkdir()
    with Results(tmp_path / "poses.json", {"m": 1}) as done:
        done.add(photos[0], [{"image": "0.png"}])

        def run(tasks, *_):
            [task] = tasks
            line = {"image": str(task.path), "failure": f"{task.path}: a folder"}
            (tmp_path / ".poses.1.part").write_text(json.dumps(line))

        monkeypatch.setattr(on_beam, "_run", run)
        setting = LookerSetting("looker", Drawing(tmp_path, True))
        assert on_beam.predict(photos[:1], setting, done, on_beam.Runner("DirectRunner")) == 1
    assert "0.png: a folder" in capsys.readouterr().err


def test_again_does_anew_but_loses_nothing_of_what_a_killed_run_left(photos, tmp_path, monkeypatch):
    with Results(tmp_path / "poses.json", {"m": 1}) as done:
        killed_run(photos[:1], tmp_path, done)

    def run(tasks, *_):
        assert [task.path for task in tasks] == photos[:1]
        raise KeyboardInterrupt

    monkeypatch.setattr(on_beam, "_run", run)
    setting = LookerSetting("looker", Drawing(tmp_path, False))
    with Results(tmp_path / "poses.json", {"m": 1}, again=True) as done:
        runner = on_beam.Runner("DirectRunner")
        assert on_beam.predict(photos[:1], setting, done, runner, again=True) == 130
    with Results(tmp_path / "poses.json", {"m": 1}) as done:
        assert done.find(photos[0])


def test_what_no_runner_can_do_is_said(photos, tmp_path, monkeypatch):
    with pytest.raises(UserError, match="--beam_runner=Mill: unknown"):
        on_runner(photos, tmp_path, "Mill")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match=r"FlinkRunner: 0\.png: its workers would not find"):
        on_beam.Runner("FlinkRunner").check([photos[0].relative_to(tmp_path)])
