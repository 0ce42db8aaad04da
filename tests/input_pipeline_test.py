import collections

import numpy as np
import painted_people
import pytest
import tensorflow as tf

from hg3d_tf import input_pipeline
from hg3d_tf.cli import UserError
from hg3d_tf.input_pipeline import InputConfig

MIX = "painted_3d:0.25,painted_2d:0.75"


def batches(data_dir, count, size=64, **settings):
    config = InputConfig(**{"mix": MIX, "batch_size": 8, "data_dir": data_dir} | settings)
    return list(input_pipeline.train_batches(config, size).take(count).as_numpy_iterator())


def test_a_training_batch_has_the_documented_fields(data_dir):
    (batch,) = batches(data_dir, 1)
    shapes = {name: (value.shape, value.dtype) for name, value in batch.items()}
    assert shapes == {
        "key": ((8,), np.object_),
        "image": ((8, 64, 64, 3), np.float32),
        "joints_2d_norm": ((8, 16, 2), np.float32),
        "depth": ((8, 16), np.float32),
        "visible": ((8, 16), np.bool_),
        "has_depth": ((8,), np.bool_),
    }
    assert 0 <= batch["image"].min() < batch["image"].max() <= 1


def test_only_samples_with_3d_labels_have_depth(data_dir):
    for batch in batches(data_dir, 3):
        depth_is_there = np.abs(batch["depth"]).sum(1) > 0
        np.testing.assert_array_equal(depth_is_there, batch["has_depth"])


def test_exact_mixing_gives_every_batch_its_shares(data_dir):
    for batch in batches(data_dir, 6, mix_exact=True):
        assert batch["has_depth"].sum() == 2


def test_mixing_by_weight_reaches_its_share(data_dir):
    drawn = np.concatenate([batch["has_depth"] for batch in batches(data_dir, 60, size=64)])
    assert abs(drawn.mean() - 0.25) < 4 * np.sqrt(0.25 * 0.75 / drawn.size)


def test_the_same_seed_gives_the_same_batches_and_another_gives_others(data_dir):
    first, again, other = (batches(data_dir, 3, seed=seed) for seed in (1, 1, 2))
    for a, b, c in zip(first, again, other, strict=True):
        for name in a:
            np.testing.assert_array_equal(a[name], b[name])
        assert (a["image"] != c["image"]).any()


def test_every_round_has_another_order_and_another_augmentation(data_dir):
    rounds = batches(data_dir, 6, mix="painted_2d", batch_size=12)
    keys = [batch["key"].tolist() for batch in rounds]
    first, second, third = (sorted(keys[i] + keys[i + 1]) for i in (0, 2, 4))
    assert first == second == third and len(set(first)) == 24
    assert keys[0] + keys[1] != keys[2] + keys[3]
    image_of = lambda i: dict(
        zip(keys[i] + keys[i + 1], [*rounds[i]["image"], *rounds[i + 1]["image"]])
    )
    key = first[0]
    assert (image_of(0)[key] != image_of(2)[key]).any()


def test_3d_samples_stay_as_they_are_unless_asked(data_dir):
    plain = batches(data_dir, 12, mix="painted_3d", batch_size=8)
    by_key = collections.defaultdict(list)
    for batch in plain:
        for key, image in zip(batch["key"], batch["image"], strict=True):
            by_key[key].append(image)
    assert all((image == images[0]).all() for images in by_key.values() for image in images)
    augmented = batches(data_dir, 3, mix="painted_3d", augment_3d=True)
    differ = [
        (image != by_key[key][0]).any()
        for batch in augmented
        for key, image in zip(batch["key"], batch["image"], strict=True)
    ]
    assert np.mean(differ) > 0.9


@pytest.mark.parametrize("batch_size", [1, 4, 7, 64])
def test_evaluation_sees_every_example_once_whatever_the_batch(data_dir, batch_size):
    passed = input_pipeline.evaluation_batches("painted_2d", "test", 64, batch_size, data_dir)
    keys = []
    for batch in passed.as_numpy_iterator():
        assert len(batch["image"]) == batch_size
        keys += batch["key"][batch["valid"]].tolist()
    assert len(keys) == len(set(keys)) == 10


def test_the_truth_of_2d_samples_reaches_evaluation_only(data_dir):
    (batch,) = input_pipeline.evaluation_batches("painted_2d", "test", 64, 10, data_dir)
    for key, joints_3d in zip(batch["key"].numpy(), batch["joints_3d"].numpy(), strict=True):
        rng = np.random.default_rng([int(key.split(b"/")[1]), len("test"), False])
        np.testing.assert_allclose(joints_3d, painted_people.random_person(rng), rtol=1e-5)
    assert not batch["has_depth"].numpy().any()
    assert not tf.reduce_any(batch["depth"] != 0)


def test_unbuilt_data_gives_the_command_that_builds_it(tmp_path):
    with pytest.raises(UserError, match=r"build\.py --dataset=synthetic_humans/wild --data_dir="):
        input_pipeline.load_split("wild", "test", str(tmp_path))


def test_a_missing_split_lists_those_there(data_dir):
    with pytest.raises(UserError, match=r"'validation'; splits: .*train"):
        input_pipeline.load_split("painted_2d", "validation", data_dir)


@pytest.mark.parametrize(
    ("mix", "problem"),
    [
        ("a:0,b:0", "sum to zero"),
        ("a:x", "'x'"),
        ("a:-1", "'a:-1'"),
        (":1", "':1'"),
        ("a,a", "'a'"),
    ],
)
def test_a_mix_that_cannot_be_made_is_named(mix, problem):
    with pytest.raises(ValueError, match=problem):
        InputConfig(mix=mix)


def test_weights_are_normalised():
    assert input_pipeline.parse_mix("a:1, b:3") == {"a": 0.25, "b": 0.75}
    assert input_pipeline.parse_mix("synthetic_humans/wild") == {"synthetic_humans/wild": 1.0}


def test_shares_that_are_no_whole_numbers_are_named():
    with pytest.raises(ValueError, match=r"a 1\.5, b 1\.5"):
        InputConfig(mix="a:0.5,b:0.5", mix_exact=True, batch_size=3)
