import io
import re

import numpy as np
import pytest
import tensorflow as tf
import tensorflow_datasets as tfds
from PIL import Image
from support import painted_people, painted_samples

from hg3d_tf.cli import UserError
from hg3d_tf.data import bad_record_guard, input_pipeline, schema
from hg3d_tf.data.bad_record_guard import fill_places
from hg3d_tf.data.bad_records import BadRecords
from hg3d_tf.data.input_pipeline import InputConfig
from hg3d_tf.evaluation import scoring

GOOD = 24


def jpeg(index):
    buffer = io.BytesIO()
    joints = painted_people.example(index, "train", True, False)["joints_2d"]
    painted_people.paint(joints).save(buffer, "JPEG")
    return buffer.getvalue()


def store(folder, damaged: dict[int, bytes], name: str = "damaged", **labels) -> None:
    """Write a dataset of JPEGs; `damaged` are the bytes of some, and `labels` change theirs."""
    examples = []
    for index in range(GOOD + len(damaged)):
        example = painted_people.example(index, "train", True, False)
        example["image"] = io.BytesIO(damaged.get(index, jpeg(index)))
        examples.append((index, example | (labels if index in damaged else {})))
    tfds.dataset_builders.store_as_tfds_dataset(
        name=name,
        version="1.0.0",
        features=schema.pose_features(jpeg=True),
        split_datasets={"train": examples},
        data_dir=str(folder),
    )


def damage_file(folder, at: float = 2 / 3) -> None:
    """Change a byte of the dataset's one file, at that share of its length."""
    (path,) = folder.rglob("*.tfrecord*")
    content = bytearray(path.read_bytes())
    content[int(len(content) * at)] ^= 255
    path.write_bytes(content)


def read(folder, count, bad_records=None, **settings):
    config = InputConfig(mix={"damaged": 1.0}, batch_size=8, data_dir=str(folder), **settings)
    bad_records = bad_records or BadRecords(config.max_bad_fraction)
    dataset = input_pipeline.train_batches(config, 64, bad_records=bad_records).take(count)
    with bad_records.stop_as_user_error():
        batches = list(dataset.as_numpy_iterator())
    return batches, bad_records


WHOLE = jpeg(0)
DAMAGED = {2: WHOLE[: len(WHOLE) // 2], 5: WHOLE[:200], 11: b"no image", 17: b""}


@pytest.mark.slow
def test_damaged_images_are_left_out_counted_and_named_once(tmp_path, capfd):
    store(tmp_path, DAMAGED)
    batches, bad = read(tmp_path, 14, max_bad_fraction=1.0)
    keys = {key for batch in batches for key in batch["key"]}
    assert len(keys) == GOOD
    assert not keys & {
        painted_people.example(i, "train", True, False)["key"].encode() for i in DAMAGED
    }
    assert all(
        len(batch["image"]) == 8 and batch["image"].any((1, 2, 3)).all() for batch in batches
    )
    assert bad.count >= 4 * len(DAMAGED)  # each in each of four rounds
    assert len(bad.reasons) == len(DAMAGED)
    lines = [line for line in capfd.readouterr().err.splitlines() if line.startswith("left out")]
    assert len(lines) == len(DAMAGED)
    pattern = r"left out: damaged, record \d+ of damaged-train\.tfrecord\S+: [^{\[]+$"
    assert all(re.match(pattern, line) for line in lines), lines


@pytest.mark.slow
def test_a_crop_outside_of_its_image_is_left_out_with_the_reason(tmp_path):
    store(tmp_path, {3: WHOLE}, crop_center=np.float32([900, 50]))
    _, bad = read(tmp_path, 8, max_bad_fraction=1.0)
    (reason,) = bad.reasons.values()
    assert reason == "the crop lies outside of the image"


@pytest.mark.slow
def test_a_crop_too_large_for_opencv_is_left_out_with_the_reason(tmp_path):
    wide = painted_samples.encoded(Image.new("RGB", (40_000, 2)), "PNG")
    place = {"crop_center": np.float32([20_000, 1]), "crop_side": np.float32(40_000)}
    store(tmp_path, {3: wide}, **place)
    _, bad = read(tmp_path, 8, max_bad_fraction=1.0)
    (reason,) = bad.reasons.values()
    assert reason == "the crop shows more than 32766 px of the image"


@pytest.mark.slow
def test_a_damaged_file_loses_little(tmp_path):
    store(tmp_path, {})
    damage_file(tmp_path)
    batches, bad = read(tmp_path, 9, max_bad_fraction=1.0)
    keys = {key for batch in batches for key in batch["key"]}
    assert len(keys) == GOOD - 1
    assert len(bad.reasons) == GOOD - len(keys)


@pytest.mark.slow
def test_too_many_bad_records_end_the_reading_with_one_line(tmp_path):
    store(tmp_path, DAMAGED)
    with pytest.raises(UserError, match=r"than max_bad_fraction=0\.001 allows, e\.g\. damaged, "):
        read(tmp_path, 100, max_bad_fraction=0.001)


@pytest.mark.slow
def test_batches_start_at_any_step_also_where_records_are_bad(tmp_path):
    store(tmp_path, DAMAGED)
    whole, _ = read(tmp_path, 8, max_bad_fraction=1.0)
    config = InputConfig(
        mix={"damaged": 1.0}, batch_size=8, data_dir=str(tmp_path), max_bad_fraction=1.0
    )
    later = input_pipeline.train_batches(config, 64, first_step=5).take(3)
    for a, b in zip(later.as_numpy_iterator(), whole[5:], strict=True):
        np.testing.assert_array_equal(a["key"], b["key"])
        np.testing.assert_array_equal(a["image"], b["image"])


@pytest.mark.slow
def test_a_batch_of_bad_records_only_shifts_none_after_it(tmp_path):
    store(tmp_path, dict.fromkeys(range(48), b"no image"))  # of 72
    config = InputConfig(
        mix={"damaged": 1.0}, batch_size=2, data_dir=str(tmp_path), max_bad_fraction=1.0
    )
    whole = list(input_pipeline.train_batches(config, 64).take(12).as_numpy_iterator())
    later = input_pipeline.train_batches(config, 64, first_step=6).take(6)
    for a, b in zip(later.as_numpy_iterator(), whole[6:], strict=True):
        np.testing.assert_array_equal(a["key"], b["key"])
        np.testing.assert_array_equal(a["image"], b["image"])
    # What stands in is drawn anew for each place.
    assert len({key for batch in whole for key in batch["key"]}) > 6


@pytest.mark.slow
def test_data_of_which_nothing_can_be_read_end_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(bad_record_guard, "_ATTEMPTS", 5)
    store(tmp_path, {})
    damage_file(tmp_path, at=0)
    with pytest.raises(UserError, match="none of 5 batches has a record that can be read"):
        read(tmp_path, 1, max_bad_fraction=1.0)


@pytest.mark.slow
def test_parts_of_hosts_are_those_of_one_also_where_records_are_bad(tmp_path):
    # So many that of some batches one host has no good record, and of some none has.
    store(tmp_path, dict.fromkeys(range(3, 93), b"no image"))
    whole, bad = read(tmp_path, 12, max_bad_fraction=1.0)
    config = InputConfig(
        mix={"damaged": 1.0}, batch_size=8, data_dir=str(tmp_path), max_bad_fraction=1.0
    )
    own = [BadRecords(1.0), BadRecords(1.0)]
    parts = [
        input_pipeline.train_batches(config, 64, 0, host, 2, own[host]).take(12)
        for host in range(2)
    ]
    first, second = (list(part.as_numpy_iterator()) for part in parts)
    for batch, *halves in zip(whole, first, second, strict=True):
        for name in batch:
            joined = np.concatenate([half[name] for half in halves])
            np.testing.assert_array_equal(joined, batch[name])
    assert min(len(np.unique(batch["key"])) for batch in whole) == 1
    assert all(0.3 * bad.count < count.count < 0.7 * bad.count for count in own)


def evaluate(folder, bad_records, **settings):
    batches = input_pipeline.evaluation_batches(
        "damaged", "train", 64, 8, str(folder), bad_records=bad_records, **settings
    )
    with bad_records.stop_as_user_error():
        return list(batches.as_numpy_iterator())


@pytest.mark.slow
def test_evaluation_leaves_damaged_images_out_in_the_same_order(tmp_path, capfd):
    store(tmp_path / "damaged", DAMAGED)
    store(tmp_path / "whole", {index: WHOLE for index in DAMAGED})
    bad = BadRecords(1.0)
    batches = evaluate(tmp_path / "damaged", bad)
    expected = evaluate(tmp_path / "whole", BadRecords(0.0))
    assert all(len(batch["valid"]) == 8 for batch in batches)
    left_out = {painted_people.example(i, "train", True, False)["key"].encode() for i in DAMAGED}
    keys, whole = (
        [key for batch in passed for key in batch["key"][batch["valid"]]]
        for passed in (batches, expected)
    )
    assert keys == [key for key in whole if key not in left_out] and len(keys) == GOOD
    assert bad.count == len(bad.reasons) == len(DAMAGED)
    assert capfd.readouterr().err.count("left out: damaged, record") == len(DAMAGED)


@pytest.mark.slow
def test_evaluation_stops_where_the_split_has_too_many_bad_records(tmp_path):
    store(tmp_path, {2: WHOLE[:200]})
    assert len(evaluate(tmp_path, BadRecords(0.04))) == 3
    with pytest.raises(UserError, match=r"1 of \d+ samples .* max_bad_fraction=0\.03 allows"):
        evaluate(tmp_path, BadRecords(0.03))


@pytest.mark.slow
def test_every_host_is_allowed_the_same_share_of_its_part(tmp_path):
    store(tmp_path, dict.fromkeys(range(12), b"no image"))  # of 36, of which a host reads 12
    for host in range(3):
        bad, place = BadRecords(1.0), {"host": host, "num_hosts": 3}
        evaluate(tmp_path, bad, **place)
        evaluate(tmp_path, BadRecords(bad.count / 12), **place)
        with pytest.raises(UserError, match=rf"{bad.count} of \d+ samples"):
            evaluate(tmp_path, BadRecords((bad.count - 0.5) / 12), **place)


@pytest.mark.slow
def test_a_damaged_file_loses_little_in_evaluation_too(tmp_path):
    store(tmp_path, {})
    damage_file(tmp_path)
    bad = BadRecords(1.0)
    keys = [key for batch in evaluate(tmp_path, bad) for key in batch["key"][batch["valid"]]]
    assert len(keys) == len(set(keys)) == GOOD - 1
    assert bad.count == GOOD - len(keys)
    assert set(bad.reasons.values()) == {"its file is damaged"}


@pytest.mark.slow
def test_results_of_nothing_are_refused(tmp_path):
    store(tmp_path, {})
    damage_file(tmp_path, at=0)
    with pytest.raises(UserError, match="no example can be read"):
        scoring.collect(
            input_pipeline.evaluation_batches(
                "damaged", "train", 64, 8, str(tmp_path), bad_records=BadRecords(1.0)
            ),
            lambda batch: {},
        )


def test_a_place_is_taken_by_a_sample_of_the_same_source():
    samples = {
        "position": tf.constant([0, 2]),
        "source": tf.constant([0, 1]),
        "key": tf.constant(["a", "b"]),
    }
    filled = fill_places(samples, sources=tf.constant([0, 1, 1, 0, 2]))
    assert filled.keys() == {"key"}
    assert filled["key"].numpy().tolist() == [b"a", b"b", b"b", b"a", b"a"]


def test_the_fraction_is_of_the_samples_read():
    bad = BadRecords(0.01)
    for sample in range(10):
        bad.add("one", "why", sample + 1)
    bad.add("one", "why", 1100)
    with pytest.raises(UserError, match="12 of 1101 samples"):
        bad.add("another", "why", 1101)


def test_another_error_of_tensorflow_stays_what_it_is():
    with pytest.raises(tf.errors.InvalidArgumentError), BadRecords(0).stop_as_user_error():
        tf.io.decode_image(b"no image")
