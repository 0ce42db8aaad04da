import numpy as np
import pytest

from hg3d_tf.data.mix import exact_counts, parse_mix
from hg3d_tf.data.mixing import ExactMix, RandomMix

MIXES = {
    "random": RandomMix([0.7, 0.05, 0.25], seed=3),
    "thirds": RandomMix([1 / 3, 1 / 3, 1 / 3], seed=0),
    "rare": RandomMix([0.9998, 0.0002], seed=0),
    "one": RandomMix([1.0], seed=0),
    "exact": ExactMix([1, 4, 2]),
}


def drawn(mix, first, count):
    return np.fromiter(mix.choices(first).take(count).as_numpy_iterator(), np.int64)


@pytest.mark.slow
@pytest.mark.parametrize("mix", MIXES.values(), ids=MIXES)
@pytest.mark.parametrize("first", [0, 1, 999, 1000, 4321])
def test_the_sequence_can_start_anywhere(mix, first):
    whole = drawn(mix, 0, first + 20)
    np.testing.assert_array_equal(drawn(mix, first, 20), whole[first:])
    count = len(mix.counts_before(0))
    np.testing.assert_array_equal(
        mix.counts_before(first), np.bincount(whole[:first], minlength=count)
    )


@pytest.mark.slow
@pytest.mark.parametrize("seed", range(3))
def test_shares_of_10000_samples_are_within_a_hundredth_of_what_was_asked(seed):
    weights = np.array([0.62, 0.33, 0.05])
    for first in (0, 500, 123_456):
        shares = np.bincount(drawn(RandomMix(list(weights), seed), first, 10_000)) / 10_000
        np.testing.assert_allclose(shares, weights, rtol=0, atol=0.01)


def test_a_rare_source_is_not_forgotten():
    counts = MIXES["rare"].counts_before(1_000_000)
    assert abs(counts[1] - 200) <= 1 and counts.sum() == 1_000_000


@pytest.mark.slow
def test_neighbours_are_independent():
    first, second = drawn(RandomMix([0.5, 0.5], seed=1), 0, 20_000).reshape(-1, 2).T
    assert abs(np.mean(first == second) - 0.5) < 0.02


def test_another_seed_draws_another_sequence():
    mixes = [RandomMix([0.5, 0.5], seed=seed) for seed in (1, 2)]
    a, b = (drawn(mix, 0, 1000) for mix in mixes)
    assert 0.4 < np.mean(a == b) < 0.6


@pytest.mark.parametrize("counts", [[3, 3], [1, 4, 2]])
def test_exact_mixing_spreads_each_source_over_the_batch(counts):
    batch = drawn(ExactMix(counts), 0, sum(counts))
    assert np.bincount(batch).tolist() == counts
    for source, count in enumerate(counts):
        half = np.sum(batch[: len(batch) // 2] == source)
        assert abs(half - count / 2) <= 1


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
        parse_mix(mix)


def test_weights_are_normalised():
    assert parse_mix("a:1, b:3") == {"a": 0.25, "b": 0.75}
    assert parse_mix("synthetic_humans/wild") == {"synthetic_humans/wild": 1.0}


def test_shares_that_are_no_whole_numbers_are_named():
    with pytest.raises(ValueError, match=r"a 1\.5, b 1\.5"):
        exact_counts(3, {"a": 0.5, "b": 0.5})
