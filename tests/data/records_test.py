from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from hg3d_tf.data import record_index, records
from hg3d_tf.data.mixing import BLOCK, ExactMix, RandomMix, mixed_numbers
from hg3d_tf.data.records import RecordReader

LENGTHS = [3, 1, 4]
CONTENT = [bytes([i]) * (10 + i) for i in range(sum(LENGTHS))]
FRAME = 16  # bytes around a record


@pytest.fixture
def builder(tmp_path):
    """Stands for a builder whose split "train" has records in three files."""
    paths, written = [], iter(CONTENT)
    for number, length in enumerate(LENGTHS):
        paths.append(tmp_path / f"{number}.tfrecord")
        with tf.io.TFRecordWriter(str(paths[-1])) as file:
            for _ in range(length):
                file.write(next(written))
    return prepared(paths, LENGTHS, tmp_path)


def prepared(paths, lengths, folder):
    info = SimpleNamespace(
        num_examples=sum(lengths), filepaths=[str(p) for p in paths], shard_lengths=lengths
    )
    return SimpleNamespace(data_dir=str(folder), info=SimpleNamespace(splits={"train": info}))


def read_all(builder, **settings):
    reader = RecordReader([builder], "train", **settings)
    return [read(reader, number) for number in range(len(CONTENT))]


def read(reader, number):
    """Return a record, empty where it cannot be read."""
    try:
        return reader.read(tf.constant(number, tf.int64)).numpy()
    except tf.errors.OpError:
        return b""


def change_byte(path, place):
    content = bytearray(path.read_bytes())
    content[place] ^= 1
    path.write_bytes(content)


@pytest.mark.parametrize("cache", [False, True])
def test_records_are_read_by_their_numbers_in_any_order(builder, cache):
    reader = RecordReader([builder, builder], "train", cache)
    numbers = np.random.default_rng(0).permutation(2 * len(CONTENT))
    assert [read(reader, number) for number in numbers] == [
        CONTENT[number % len(CONTENT)] for number in numbers
    ]
    assert reader.name(4) == reader.name(12) == "record 0 of 2.tfrecord"
    assert reader.name(7) == "record 3 of 2.tfrecord"


def test_where_records_begin_is_found_once(builder, tmp_path, monkeypatch):
    expected = record_index.record_offsets(builder, "train")
    scanned, scan = [], record_index._scan
    monkeypatch.setattr(record_index, "_scan", lambda *args: scanned.append(args) or scan(*args))
    np.testing.assert_array_equal(record_index.record_offsets(builder, "train"), expected)
    assert not scanned
    with tf.io.TFRecordWriter(str(tmp_path / "1.tfrecord")) as file:  # built anew
        file.write(b"another")
    assert read_all(builder)[3] == b"another"
    assert len(scanned) == len(LENGTHS)
    (tmp_path / "train.offsets.npz").write_bytes(b"cut off")
    assert read_all(builder)[3] == b"another"


@pytest.mark.parametrize("cache", [False, True])
def test_a_damaged_record_loses_itself_only(builder, tmp_path, cache):
    change_byte(tmp_path / "2.tfrecord", FRAME - 4 + 2)
    assert read_all(builder, cache=cache) == [*CONTENT[:4], b"", *CONTENT[5:]]


@pytest.mark.parametrize("cut", [False, True], ids=["length", "cut off"])
def test_a_file_that_lost_its_thread_loses_the_rest_until_it_is_whole(builder, tmp_path, cut):
    path = tmp_path / "0.tfrecord"
    whole, second = path.read_bytes(), FRAME + len(CONTENT[0])
    if cut:
        path.write_bytes(whole[: second + 20])
    else:
        change_byte(path, second + 5)
    assert read_all(builder) == [CONTENT[0], b"", b"", *CONTENT[3:]]
    path.write_bytes(whole)
    assert read_all(builder) == CONTENT


@pytest.mark.parametrize("cache", [False, True])
def test_a_file_that_is_gone_loses_its_records_only(builder, tmp_path, cache):
    (tmp_path / "0.tfrecord").unlink()
    assert read_all(builder, cache=cache) == [b"", b"", b"", *CONTENT[3:]]


@pytest.fixture
def large(monkeypatch, tmp_path):
    """Two datasets of 100,000 records that are not there."""
    monkeypatch.setattr(records, "record_offsets", lambda *_: np.zeros(100_000, np.int64))
    return RecordReader([prepared(["0"], [100_000], tmp_path)] * 2, "train")


def drawn(dataset, count):
    return next(iter(dataset.batch(count))).numpy()


def test_a_round_has_every_record_once_and_the_next_another_order(large):
    first, second = drawn(large.endless(1, 0), 200_000).reshape(2, -1)
    for order in (first, second):
        np.testing.assert_array_equal(np.sort(order), np.arange(100_000, 200_000))
    assert np.mean(first == second) < 0.001
    np.testing.assert_array_equal(drawn(large.endless(1, 0, 150_000), 100), second[50_000:50_100])
    assert np.mean(drawn(large.endless(1, 1), 100_000) == first) < 0.001


def test_a_batch_is_of_the_whole_dataset_not_of_neighbours(large):
    for batch in drawn(large.endless(0, 0), 64 * 100).reshape(100, 64):
        assert np.ptp(batch) > 80_000
        # Of 64 numbers out of 100,000, hardly any two are as near as frames of one second.
        assert np.sum(np.diff(np.sort(batch)) < 50) < 12


@pytest.fixture
def shuffled(monkeypatch):
    """The lengths of all that is shuffled from here on."""
    lengths, shuffle = [], tf.random.experimental.stateless_shuffle

    def counted(values, seed):
        with tf.control_dependencies([tf.numpy_function(note, [tf.size(values)], [])]):
            return shuffle(values, seed)

    def note(length):
        lengths.append(int(length))

    monkeypatch.setattr(tf.random.experimental, "stateless_shuffle", counted)
    return lengths


@pytest.mark.parametrize(
    "mix", [RandomMix([0.3, 0.7], 0), ExactMix([2, 4])], ids=["random", "exact"]
)
def test_step_a_million_is_as_near_as_the_first(large, shuffled, mix):
    numbers = mixed_numbers(large, mix, 0, 6 * 1_000_000)
    index, number = next(iter(numbers))
    source = next(iter(mix.choices(6 * 1_000_000)))
    assert index == 6_000_000 and number // 100_000 == source
    # Whoever goes through the samples before shuffles 60 rounds of 100,000 records. A round of the
    # dataset that comes first is enough; more are what threads have begun meanwhile.
    assert 1 <= shuffled.count(100_000) <= 8
    assert len(shuffled) < 30


def test_numbers_tell_the_sources_of_the_mix_whose_blocks_are_shuffled_once(large, shuffled):
    mix, first = RandomMix([0.3, 0.7], 0), 5 * BLOCK
    _, numbers = next(iter(mixed_numbers(large, mix, 0, first).batch(BLOCK // 2)))
    assert shuffled.count(BLOCK) <= 2  # and once to count the samples before
    expected = drawn(mix.choices(first), BLOCK // 2)
    np.testing.assert_array_equal(large.sources(numbers), expected)
