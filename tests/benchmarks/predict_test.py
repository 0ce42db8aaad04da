"""What predict takes, by part, and beside others."""

import json
import os
import sys

import pytest

pytest.importorskip("av")

from support.commands import ROOT, fork

from hg3d_tf.benchmarks import peer_process, predict, predict_folder
from hg3d_tf.cli import UserError

_PARTS = ("read", "find", "crop", "look", "draw", "write", "all_people", "one_person")


def benchmark(output, *flags) -> dict:
    process = fork(
        *("-m", "hg3d_tf.benchmark", "--what=predict", "--seconds=0", f"--output={output}", *flags)
    )
    assert process.returncode == 0, process.stderr
    return json.loads(output.read_text())


@pytest.mark.slow
def test_without_data_a_rendered_person_is_measured(tmp_path):
    result = benchmark(tmp_path / "out.json")
    assert all(result["photo"][f"{part}_ms"] > 0 for part in _PARTS)
    assert result["photo"]["people_per_photo"] == 1
    film = result["film"]
    assert film["frames"] == 60 and film["frames_per_second"] > 0
    assert 1 <= film["looks_per_frame"] <= 1.2  # the finder's at every tenth
    assert "folder" not in result and "to_mediapipe" not in film


@pytest.mark.slow
def test_another_commit_does_the_same_folder(tmp_path):
    folder = predict_folder.Folder(predict.default_photos(), 3, 2, ROOT, 2)
    result = predict_folder.measure(folder, tmp_path)
    assert result["to_against"] == result["photos_per_second"] / result["against_photos_per_second"]
    for name, count in (("of_here", 3), ("of_against", 2)):
        assert len(list((tmp_path / name).glob("*_pose.png"))) == count


def test_memory_is_compared_after_200_photos_and_at_the_end():
    memory = [(n, 500 + n / 100) for n in range(0, 2001, 5)]
    grown = predict_folder.grown([*memory, (2000, 0.0)])
    assert grown["memory_early_mib"] == pytest.approx(503, abs=0.1)
    assert grown["memory_growth"] == pytest.approx(519 / 503, abs=0.001)
    assert predict_folder.grown(memory[:40]) == {} == predict_folder.grown([])


@pytest.mark.skipif("HG3D_PEER" not in os.environ, reason="HG3D_PEER names no interpreter")
def test_mediapipe_does_the_same(tmp_path):
    result = benchmark(tmp_path / "out.json", f"--peer={os.environ['HG3D_PEER']}")
    photo, film = result["photo"], result["film"]
    assert photo["one_person_to_mediapipe"] == photo["one_person_ms"] / photo["mediapipe_ms"]
    assert film["mediapipe_frames_per_second"] > 0 and film["to_mediapipe"] > 0


def test_what_is_not_there_is_named(tmp_path, monkeypatch):
    with pytest.raises(UserError, match=r"--peer: no .*python: give DIR/bin/python"):
        peer_process.Peer(tmp_path / "python")
    with pytest.raises(UserError, match=r"--against: no hg3d_tf/predict\.py in"):
        peer_process.check_checkout(tmp_path)
    monkeypatch.setattr(predict, "_SAMPLE", tmp_path / "sample.jpg")
    with pytest.raises(UserError, match="name a folder by --photos"):
        predict.default_photos()


def test_an_environment_without_mediapipe_says_so(monkeypatch):
    monkeypatch.setattr(peer_process, "_PEER", "hg3d_tf.absent")
    message = "No module named hg3d_tf.absent: it needs mediapipe"
    with peer_process.Peer(sys.executable) as peer, pytest.raises(UserError, match=message):
        peer.ask(photo="a.jpg")


def test_a_commit_whose_predict_fails_is_named(tmp_path):
    (tmp_path / "hg3d_tf").mkdir()
    (tmp_path / "hg3d_tf/predict.py").write_text("import sys; sys.exit('error: broken')")
    with pytest.raises(UserError, match=r"predict failed \(error: broken"):
        predict_folder.predict(tmp_path, tmp_path, tmp_path / "out")
