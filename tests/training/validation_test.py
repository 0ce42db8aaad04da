import shutil
from types import SimpleNamespace

import pytest
from support import painted_people

from hg3d_tf.cli import UserError
from hg3d_tf.data import prepared
from hg3d_tf.data.input_pipeline import InputConfig
from hg3d_tf.training import stage, strategies
from hg3d_tf.training.config import TrainConfig
from hg3d_tf.training.validation import Validation, ValidationConfig


@pytest.mark.parametrize(
    ("split", "problem"),
    [
        ("test", "painted_3d, test: 10 records for 11 hosts: take fewer"),
        ("validation", "no examples in split"),
    ],
)
def test_what_cannot_be_measured_is_said_before_the_training(
    model, data_dir, monkeypatch, split, problem
):
    monkeypatch.setattr(strategies, "place", lambda strategy: (0, 11))
    state, config = SimpleNamespace(model=model), ValidationConfig("painted_3d", split)
    with pytest.raises(UserError, match=problem):
        Validation(config, 1, state, data_dir, None, None)


@pytest.fixture(scope="module")
def flat(tmp_path_factory):
    """A folder with the dataset `flat`, which has no 3D labels at all."""
    folder = str(tmp_path_factory.mktemp("flat"))
    counts = {"train": 8, "test": 4}
    painted_people.store("flat", folder, has_depth=False, counts=counts, truth=False)
    return folder


def check(folder, dataset, metric, keep=1):
    validation = ValidationConfig(dataset, "test", best_metric=metric, keep_best=keep)
    stage.check(
        TrainConfig(input=InputConfig({dataset: 1.0}, data_dir=folder), validation=validation)
    )


def test_a_best_metric_that_no_label_offers_is_refused_before_the_training(flat):
    line = "--best_metric={} needs 3D labels of everybody, which flat, test, does not have"
    for metric in ("mpjpe_mm", "pck3d_150"):
        with pytest.raises(UserError, match=line.format(metric) + ": it offers pck_box_010"):
            check(flat, "flat", metric)
        check(flat, "flat", metric, keep=0)
    check(flat, "flat", "pck_box_010")


def test_a_best_metric_of_3d_truth_is_taken(data_dir):
    for dataset in ("painted_2d", "painted_3d"):
        check(data_dir, dataset, "mpjpe_mm")


@pytest.mark.parametrize(
    "content", [b"", b"short", bytes([255] * 99), bytes([9] + [0] * 11 + [255] * 50)]
)
def test_of_a_damaged_record_no_lack_of_labels_is_said(flat, tmp_path, content):
    shutil.copytree(flat, tmp_path / "data")
    [path] = (tmp_path / "data").rglob("*-test.tfrecord*")
    path.write_bytes(content)
    assert prepared.starts_without_3d(prepared.load_builder("flat", flat), "test")
    builder = prepared.load_builder("flat", str(tmp_path / "data"))
    assert not prepared.starts_without_3d(builder, "test")
    path.unlink()
    assert not prepared.starts_without_3d(builder, "test")
