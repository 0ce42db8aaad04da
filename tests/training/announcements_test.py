"""What a training says at its start and its end."""

import tensorflow as tf
from support import painted_people

from hg3d_tf.data.input_pipeline import InputConfig, data_dir_of
from hg3d_tf.network.pose_model import ModelConfig
from hg3d_tf.training import announcements
from hg3d_tf.training.config import TrainConfig
from hg3d_tf.training.optimizers import OptimizerConfig
from hg3d_tf.training.validation import ValidationConfig


def devices():
    return list(announcements.devices(tf.distribute.get_strategy(), "float32"))


def test_a_start_says_from_which_weights(model, tmp_path):
    def line(**settings):
        return list(announcements.start(TrainConfig(**settings), tmp_path, model, 0))[1]

    assert line().startswith("starting from random weights; ")
    assert f"{model.count_params():,} weights" in line()
    assert "the weights of runs/stage1" in line(init_from="runs/stage1")
    assert "network in the package" in line(init_from="shipped")
    assert "ImageNet" in line(model=ModelConfig(network="efficientnet_lite0"))


def test_a_start_says_that_it_goes_on(model, tmp_path):
    first, second = announcements.start(TrainConfig(), tmp_path, model, 4001)
    assert str(tmp_path) in first and "studio:0.5, wild:0.5" in first
    assert "going on after step 4001 (epoch 1)" in second


def test_a_rate_that_hardly_gets_up_is_said(model, tmp_path):
    def lines(steps):
        config = TrainConfig(
            optimizer=OptimizerConfig(warmup_steps=100), epochs=2, steps_per_epoch=steps
        )
        return list(announcements.start(config, tmp_path, model, 0))

    assert "rises for 100 of 198 steps" in lines(99)[-1] and len(lines(100)) == 2


def test_the_devices_are_named(monkeypatch):
    monkeypatch.setattr(announcements, "_SIGNS_OF_NVIDIA", ())
    (line,) = devices()
    assert line.startswith("computing on the CPU, ") and line.endswith(", float32")


def test_a_card_that_tensorflow_does_not_see_is_said_with_the_remedy(monkeypatch, tmp_path):
    monkeypatch.setattr(announcements, "_SIGNS_OF_NVIDIA", (str(tmp_path),))
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES", raising=False)
    _, warning = devices()
    assert "[gpu]" in warning and "nvidia-smi" in warning
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "-1")
    _, warning = devices()
    assert "hidden by CUDA_VISIBLE_DEVICES" in warning and "[gpu]" not in warning


def test_an_end_says_where_things_are_and_what_comes_next(tmp_path):
    folder = tmp_path / "my run"
    data = InputConfig(mix={"own": 1.0}, data_dir=str(tmp_path))
    first, *others = announcements.end(TrainConfig(input=data), folder, 12, 3661)
    assert "done after step 12 in 1:01:01" in first
    assert others == [  # there are no data to measure on
        "next:",
        f"  python -m hg3d_tf.predict '--model={folder}' photo.jpg",
        f"  python -m hg3d_tf.export '--workdir={folder}'",
    ]
    first, *_ = announcements.end(TrainConfig(input=data), folder, 12, 0)
    assert first.startswith("nothing left to do at step 12: ")


def test_an_end_names_data_that_can_be_measured(tmp_path):
    def command(*mix, validation="", split="validation"):
        config = TrainConfig(
            input=InputConfig(mix=dict.fromkeys(mix, 1.0), data_dir=str(data)),
            validation=ValidationConfig(dataset=validation, split=split),
        )
        return list(announcements.end(config, tmp_path / "run", 12, 1))[-3]

    data = tmp_path / "the data"
    painted_people.store("own", str(data), False, {"train": 2, "validation": 2}, truth=False)
    painted_people.store("whole", str(data), True, {"train": 2, "validation": 2, "test": 2})
    start, end = f"  python -m hg3d_tf.evaluate --workdir={tmp_path}/run ", f" '--data_dir={data}'"
    of_own = "--dataset=own --protocol=pck_box --split=validation"
    assert command("own") == command("own", "whole", validation="own") == start + of_own + end
    assert command("whole") == command("whole", "gone") == f"{start}--dataset=whole{end}"
    assert command("own", "whole") == f"{start}--dataset=own,whole --protocol=pck_box{end}"
    held_out = command("own", validation="whole")
    assert held_out == f"{start}--dataset=whole --split=validation{end}"


def test_an_end_names_the_protocol_that_a_dataset_is_published_with(monkeypatch, tmp_path):
    monkeypatch.setattr(announcements.prepared, "has_examples", lambda *_: True)
    mix = {"h36m/paper": 0.5, "mpii": 0.5}
    config = TrainConfig(input=InputConfig(mix=mix, data_dir=data_dir_of(None)))
    evaluate = list(announcements.end(config, tmp_path, 12, 1))[-3]
    assert evaluate.endswith(f"evaluate --workdir={tmp_path} --protocol=h36m_paper,mpii_pckh")


def test_an_end_says_where_the_best_weights_are(tmp_path):
    config = TrainConfig(
        input=InputConfig(mix={"own": 1.0}, data_dir=str(tmp_path)),
        validation=ValidationConfig(dataset="own"),
    )
    assert "best" not in list(announcements.end(config, tmp_path, 12, 1))[1]
    (tmp_path / "best").mkdir()
    line = list(announcements.end(config, tmp_path, 12, 1))[1]
    assert line.startswith("the best weights, by pck_box_010 on own, validation, are in ")
    assert f"{tmp_path / 'best'}" in line
