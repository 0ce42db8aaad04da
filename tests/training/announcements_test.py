"""What a training says at its start and its end."""

import tensorflow as tf

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
    data = InputConfig(mix={"own": 1.0}, data_dir=f"{tmp_path}/the data")
    validated = TrainConfig(input=data, validation=ValidationConfig(dataset="own"))
    folder = tmp_path / "my run"
    first, *others = announcements.end(validated, folder, 12, 3661)
    assert "done after step 12 in 1:01:01" in first
    assert others == [
        "next:",
        f"  python -m hg3d_tf.evaluate '--workdir={folder}' --dataset=own --split=validation"
        f" '--data_dir={tmp_path}/the data'",
        f"  python -m hg3d_tf.predict '--model={folder}' photo.jpg",
        f"  python -m hg3d_tf.export '--workdir={folder}'",
    ]
    plain = TrainConfig(input=InputConfig(mix={"own": 1.0}, data_dir=data_dir_of(None)))
    first, _, evaluate, *_ = announcements.end(plain, folder, 12, 0)
    assert first.startswith("nothing left to do at step 12: ")
    assert evaluate == f"  python -m hg3d_tf.evaluate '--workdir={folder}'"
