import collections
import functools

import numpy as np
import pytest
import tensorflow as tf
from support import painted_people

from hg3d_tf.cli import UserError
from hg3d_tf.data import input_pipeline, prepared, samples
from hg3d_tf.data.augment import AugmentConfig
from hg3d_tf.data.input_pipeline import InputConfig
from hg3d_tf.data.mix import parse_mix

MIX = parse_mix("painted_3d:0.25,painted_2d:0.75")


def batches(data_dir, count, size=64, **settings):
    config = InputConfig(**{"mix": MIX, "batch_size": 8, "data_dir": data_dir} | settings)
    return list(input_pipeline.train_batches(config, size).take(count).as_numpy_iterator())


@functools.cache
def first_batches(data_dir, **settings):
    """Return the first 13, made once for all tests that look at them."""
    return batches(data_dir, 13, **settings)


@pytest.mark.slow
def test_colours_before_a_change_of_the_picture_are_those_without_one(data_dir):
    never = AugmentConfig(jpeg_probability=1e-12)
    expected_batches = first_batches(data_dir)[:2]
    for batch, expected in zip(
        batches(data_dir, 2, augmentation=never), expected_batches, strict=True
    ):
        assert batch.keys() == expected.keys()
        for name in batch:
            np.testing.assert_array_equal(batch[name], expected[name])


@pytest.mark.slow
def test_a_training_batch_has_the_documented_fields(data_dir):
    batch = first_batches(data_dir)[0]
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


@pytest.mark.slow
def test_only_samples_with_3d_labels_have_depth(data_dir):
    for batch in first_batches(data_dir)[:3]:
        depth_is_there = np.abs(batch["depth"]).sum(1) > 0
        np.testing.assert_array_equal(depth_is_there, batch["has_depth"])


@pytest.mark.slow
def test_people_with_hidden_depth_are_like_any_with_2d_labels(data_dir):
    plain = batches(data_dir, 3, mix={"painted_3d": 1.0}, augment_3d=True)
    hidden = batches(data_dir, 3, mix={"painted_3d": 1.0}, hide_depth=("painted_3d",))
    for seen, batch in zip(plain, hidden, strict=True):
        assert seen["has_depth"].all()
        assert not batch["has_depth"].any() and not batch["depth"].any()
        for name in ("key", "image", "joints_2d_norm", "visible"):  # augmented without augment_3d
            np.testing.assert_array_equal(batch[name], seen[name])


@pytest.mark.slow
def test_depth_is_hidden_of_no_other_dataset(data_dir):
    seen, hidden = first_batches(data_dir)[:3], batches(data_dir, 3, hide_depth=("painted_2d",))
    for expected, batch in zip(seen, hidden, strict=True):
        np.testing.assert_array_equal(batch["depth"], expected["depth"])
    assert any(batch["has_depth"].any() for batch in hidden)


def test_a_hidden_dataset_must_be_in_the_mix():
    with pytest.raises(ValueError, match="hide_depth: 'mpii' is not in the mix"):
        InputConfig(mix=MIX, hide_depth=("mpii",))


@pytest.mark.slow
def test_exact_mixing_gives_every_batch_its_shares(data_dir):
    for batch in first_batches(data_dir, mix_exact=True):
        assert batch["has_depth"].sum() == 2


@pytest.mark.slow
def test_mixing_by_weight_reaches_its_share(data_dir):
    drawn = np.concatenate([batch["has_depth"] for batch in batches(data_dir, 60, size=64)])
    assert abs(drawn.mean() - 0.25) < 4 * np.sqrt(0.25 * 0.75 / drawn.size)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_batches_and_another_gives_others(data_dir):
    first, again, other = (batches(data_dir, 3, seed=seed) for seed in (1, 1, 2))
    for a, b, c in zip(first, again, other, strict=True):
        for name in a:
            np.testing.assert_array_equal(a[name], b[name])
        assert (a["image"] != c["image"]).any()


@pytest.mark.slow
@pytest.mark.parametrize("seed", [0, 5])
def test_the_seed_of_the_program_changes_no_batch(data_dir, seed):
    expected = first_batches(data_dir)[0]
    tf.random.set_seed(seed)
    number = tf.random.uniform([])
    tf.random.set_seed(seed)
    (batch,) = batches(data_dir, 1)
    np.testing.assert_array_equal(tf.random.uniform([]), number)  # nor the other way round
    np.testing.assert_array_equal(batch["key"], expected["key"])
    np.testing.assert_array_equal(batch["image"], expected["image"])


@pytest.mark.slow
def test_every_round_has_another_order_and_another_augmentation(data_dir):
    rounds = batches(data_dir, 6, mix={"painted_2d": 1.0}, batch_size=12)
    keys = [batch["key"].tolist() for batch in rounds]
    first, second, third = (sorted(keys[i] + keys[i + 1]) for i in (0, 2, 4))
    assert first == second == third and len(set(first)) == 24
    assert keys[0] + keys[1] != keys[2] + keys[3]
    images = [
        {
            key: image
            for batch in pair
            for key, image in zip(batch["key"], batch["image"], strict=True)
        }
        for pair in (rounds[:2], rounds[2:4])
    ]
    assert all((images[0][key] != images[1][key]).any() for key in first)


@pytest.mark.slow
def test_3d_samples_stay_as_they_are_unless_asked(data_dir):
    plain = batches(data_dir, 12, mix={"painted_3d": 1.0}, batch_size=8)
    by_key = collections.defaultdict(list)
    for batch in plain:
        for key, image in zip(batch["key"], batch["image"], strict=True):
            by_key[key].append(image)
    assert all((image == images[0]).all() for images in by_key.values() for image in images)
    augmented = batches(data_dir, 3, mix={"painted_3d": 1.0}, augment_3d=True)
    differ = [
        (image != by_key[key][0]).any()
        for batch in augmented
        for key, image in zip(batch["key"], batch["image"], strict=True)
    ]
    assert np.mean(differ) > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("batch_size", [1, 4, 7, 64])
def test_evaluation_sees_every_example_once_whatever_the_batch(data_dir, batch_size):
    passed = input_pipeline.evaluation_batches("painted_2d", "test", 64, batch_size, data_dir)
    keys = []
    for batch in passed.as_numpy_iterator():
        assert len(batch["image"]) == batch_size
        keys += batch["key"][batch["valid"]].tolist()
    assert len(keys) == len(set(keys)) == 10


@pytest.mark.slow
def test_the_truth_of_2d_samples_reaches_evaluation_only(data_dir):
    (batch,) = input_pipeline.evaluation_batches("painted_2d", "test", 64, 10, data_dir)
    for key, joints_3d in zip(batch["key"].numpy(), batch["joints_3d"].numpy(), strict=True):
        rng = np.random.default_rng([int(key.split(b"/")[1]), len("test"), False])
        np.testing.assert_allclose(joints_3d, painted_people.random_person(rng), rtol=1e-5)
    assert not batch["has_depth"].numpy().any()
    assert not tf.reduce_any(batch["depth"] != 0)


def test_unbuilt_data_gives_the_command_that_builds_it(tmp_path):
    with pytest.raises(UserError, match=r"build\.py --dataset=synthetic_humans/wild --data_dir="):
        prepared.load_split("wild", "test", str(tmp_path))


def test_a_missing_split_lists_those_there(data_dir):
    with pytest.raises(UserError, match=r"'validation'; splits: .*train"):
        prepared.load_split("painted_2d", "validation", data_dir)


def test_settings_that_contradict_each_other_are_named():
    with pytest.raises(ValueError, match="sum to zero"):
        InputConfig(mix=parse_mix("a:0,b:0"))
    with pytest.raises(ValueError, match=r"a 1\.5, b 1\.5"):
        InputConfig(mix=parse_mix("a:0.5,b:0.5"), mix_exact=True, batch_size=3)


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings", [{}, {"mix_exact": True}, {"cache": True}], ids=["random", "exact", "cache"]
)
@pytest.mark.parametrize("first_step", [1, 4, 11])
def test_batches_can_start_at_any_step(data_dir, settings, first_step):
    whole = first_batches(data_dir, **settings)
    config = InputConfig(mix=MIX, batch_size=8, data_dir=data_dir, **settings)
    later = input_pipeline.train_batches(config, 64, first_step=first_step).take(2)
    for a, b in zip(later.as_numpy_iterator(), whole[first_step : first_step + 2], strict=True):
        for name in a:
            np.testing.assert_array_equal(a[name], b[name])


@pytest.mark.slow
def test_the_cache_changes_no_batch(data_dir):
    plain, cached = first_batches(data_dir), first_batches(data_dir, cache=True)
    for a, b in zip(plain, cached, strict=True):
        np.testing.assert_array_equal(a["key"], b["key"])
        np.testing.assert_array_equal(a["image"], b["image"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("num_hosts", "settings"), [(4, {}), (2, {"mix_exact": True})], ids=["random", "exact"]
)
def test_parts_of_hosts_are_together_the_batches_of_one(data_dir, num_hosts, settings):
    whole = first_batches(data_dir, **settings)[4:7]
    config = InputConfig(mix=MIX, batch_size=8, data_dir=data_dir, **settings)
    parts = [
        input_pipeline.train_batches(config, 64, 4, host, num_hosts).take(3).as_numpy_iterator()
        for host in range(num_hosts)
    ]
    for batch, *shares in zip(whole, *parts, strict=True):
        for name in batch:
            joined = np.concatenate([share[name] for share in shares])
            np.testing.assert_array_equal(joined, batch[name])


@pytest.mark.slow
def test_a_host_makes_the_samples_of_its_own_places_only(data_dir, monkeypatch):
    places, preprocess = [], samples.preprocess_for_train

    def preprocess_seen(*args):
        apply = preprocess(*args)

        def apply_seen(sample):
            tf.py_function(lambda seed: places.append(int(seed[1]) % 8), [sample["seed"]], [])
            return apply(sample)

        return apply_seen

    monkeypatch.setattr(samples, "preprocess_for_train", preprocess_seen)
    config = InputConfig(mix=MIX, batch_size=8, data_dir=data_dir)
    part = input_pipeline.train_batches(config, 64, host=1, num_hosts=4)
    assert len(list(part.take(3))) == 3
    assert len(places) >= 6 and set(places) == {2, 3}


def test_a_batch_that_does_not_divide_among_hosts_is_named(data_dir):
    config = InputConfig(mix=MIX, batch_size=9, data_dir=data_dir)
    with pytest.raises(UserError, match="9 does not divide among 2 hosts"):
        input_pipeline.train_batches(config, 64, num_hosts=2)
