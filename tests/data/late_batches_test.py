"""A record that never comes, and then does."""

import gc
import os
import shutil

import pytest

from hg3d_tf import waiting
from hg3d_tf.data import input_pipeline, late_batches


@pytest.mark.slow
def test_a_record_that_does_not_come_is_said_with_its_file(data_dir, tmp_path, monkeypatch, capfd):
    shutil.copytree(data_dir, tmp_path / "data")
    (path,) = (tmp_path / "data/painted_3d").rglob("*-train.tfrecord*")
    os.replace(path, tmp_path / "kept")
    os.mkfifo(path)  # who opens it waits until somebody opens it to write
    monkeypatch.setattr(waiting, "LONG_S", 0.2)
    monkeypatch.setattr(waiting, "_ANSWER_S", 0.2)

    say = waiting._say

    def say_and_go_on(what):
        say(what)
        os.replace(path, tmp_path / "pipe")
        os.replace(tmp_path / "kept", path)
        os.close(os.open(tmp_path / "pipe", os.O_RDWR))

    monkeypatch.setattr(waiting, "_say", say_and_go_on)
    config = input_pipeline.InputConfig(
        {"painted_3d": 1.0}, batch_size=4, data_dir=str(tmp_path / "data"), max_bad_fraction=1.0
    )
    batches = iter(input_pipeline.train_batches(config, 64))
    announced = late_batches.announced(batches, config.mix, "train", config.data_dir)
    assert len(next(announced)["key"]) == 4
    [line] = waits_said(capfd)
    assert line == f"waiting for 0 s: the next batch, of which {path} gives nothing"
    # Its threads would go on, and say what they left out while the pipe was there.
    del batches, announced
    gc.collect()


def test_batches_pass_to_their_end_and_nothing_is_said(capfd):
    assert list(late_batches.announced(iter("abc"), [], "train")) == ["a", "b", "c"]
    assert not waits_said(capfd)


def waits_said(capture):
    """Return the lines of waiting; what threads of earlier tests say is none of them."""
    return [line for line in capture.readouterr().err.splitlines() if line.startswith("waiting")]
