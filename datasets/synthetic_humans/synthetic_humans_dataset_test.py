import io
import subprocess
import sys

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from hg3d_tf.data.schema import TRUTH_3D
from hg3d_tf.skeleton import bone_lengths, joint_index
from synthetic_humans.mannequin import examples
from synthetic_humans.synthetic_humans_dataset_builder import Builder, render_all
from synthetic_humans.task import Task

SIZE = 48


def task(config="wild", split="train", index=0, seed=0):
    return Task(config, split, index, seed, SIZE)


@pytest.fixture(scope="module", params=["studio", "wild"])
def prepared(request, tmp_path_factory):
    """Return the config's name and its prepared training examples, read without the builder."""
    builder = Builder(
        config=request.param,
        data_dir=tmp_path_factory.mktemp("data"),
        image_size=SIZE,
        num_train=6,
        num_validation=1,
        num_test=2,
        num_processes=1,
    )
    builder.download_and_prepare()
    stored = tfds.builder_from_directory(builder.data_dir)
    assert {name: split.num_examples for name, split in stored.info.splits.items()} == {
        "train": 6,
        "validation": 1,
        "test": 2,
    }
    assert stored.info.metadata["image_size"] == SIZE
    config = tfds.ReadConfig(try_autocache=False)
    return request.param, list(tfds.as_numpy(stored.as_dataset("train", read_config=config)))


def test_labels_agree_with_each_other(prepared):
    config, stored = prepared
    for example in stored:
        truth, (fx, fy, cx, cy) = example[TRUTH_3D], example["intrinsics"]
        x, y, z = truth.T
        np.testing.assert_allclose(
            np.stack([x / z * fx + cx, y / z * fy + cy], axis=-1), example["joints_2d"], atol=1e-3
        )
        joints_2d, box = example["joints_2d"], example["box"]
        np.testing.assert_allclose(box, [*joints_2d.min(axis=0), *joints_2d.max(axis=0)])
        half = example["crop_side"] / 2
        assert np.all(np.abs(joints_2d - example["crop_center"]) < half)
        assert 2 * half < SIZE and example["image"].shape == (SIZE, SIZE, 3)
        assert example["visible"].all() and example["key"].decode().startswith(f"{config}/train/0")


def test_wild_hides_its_3d_labels(prepared):
    config, stored = prepared
    for example in stored:
        assert example["has_depth"] == (config == "studio")
        expected = example[TRUTH_3D] if config == "studio" else 0 * example[TRUTH_3D]
        np.testing.assert_array_equal(example["joints_3d"], expected)
        assert np.linalg.norm(example[TRUTH_3D][:, 2]) > 1000


@pytest.mark.slow
def test_any_number_of_processes_makes_the_same_examples():
    tasks = [task("studio", index=i) for i in range(20)]
    alone = list(render_all(tasks, 1))
    for one, other in zip(alone, render_all(tasks, 2), strict=True):
        assert one["image"] == other["image"] and one["key"] == other["key"]
        np.testing.assert_array_equal(one["truth"], other["truth"])


def test_examples_depend_on_seed_config_split_and_index_only():
    base = examples.make_example(task())
    assert examples.make_example(task())["image"] == base["image"]
    others = [task(seed=1), task(split="test"), task(index=1), task(config="studio")]
    images = {examples.make_example(other)["image"] for other in others} | {base["image"]}
    assert len(images) == 5


def test_image_size_changes_only_the_pixels():
    small, large = (
        examples.make_example(task(index=3)._replace(image_size=size)) for size in (48, 96)
    )
    np.testing.assert_array_equal(small["truth"], large["truth"])
    np.testing.assert_allclose(2 * small["joints_2d"], large["joints_2d"], rtol=1e-4, atol=1e-3)
    images = [Image.open(io.BytesIO(e["image"])).resize((24, 24)) for e in (small, large)]
    assert [image.size for image in images] == [(24, 24)] * 2
    first, second = (np.asarray(image, np.float64).ravel() for image in images)
    assert np.corrcoef(first, second)[0, 1] > 0.8


def shins_mm(split):
    knee_ankle = [joint_index("r_knee"), joint_index("r_ankle")]
    truths = [examples.make_example(task("studio", split, i))["truth"] for i in range(12)]
    lengths = bone_lengths(np.stack(truths), [knee_ankle])
    return {round(float(length), 2) for length in lengths[:, 0]}


def test_studio_people_are_few_and_do_not_cross_splits():
    train, test = shins_mm("train"), shins_mm("test")
    assert 1 < len(test) <= 4 and not train & test


@pytest.mark.slow
def test_workers_do_not_import_tensorflow():
    modules = "build, synthetic_humans.mannequin.examples, synthetic_humans.characters.examples"
    code = f"import sys, {modules}; assert 'tensorflow' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True, env={"PYTHONPATH": ":".join(sys.path)})
