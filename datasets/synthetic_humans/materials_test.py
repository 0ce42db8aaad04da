import numpy as np
import pytest

from synthetic_humans import materials
from synthetic_humans.materials import BLOTCHES, BRICKS, CHECKS, DOTS, PLAID, PLAIN, STRIPES


def expected_share(kind, u, v):
    """The second colour's share of one point."""
    across, down = u % 1, v % 1
    if kind == STRIPES:
        return float(across < 0.5)
    if kind == CHECKS:
        return float((across < 0.5) != (down < 0.5))
    if kind == PLAID:
        return (float(across < 0.5) + float(down < 0.5)) / 2
    if kind == DOTS:
        return float((across - 0.5) ** 2 + (down - 0.5) ** 2 < 0.28**2)
    if kind == BRICKS:
        return float(across < 0.12 or (down + 0.5 * (np.floor(u) % 2)) % 1 < 0.06)
    return 0.0


@pytest.mark.parametrize("kind", [PLAIN, STRIPES, CHECKS, PLAID, DOTS, BRICKS])
def test_patterns_mix_two_colours(kind):
    rng = np.random.default_rng(0)
    one, two = np.array([0.2, 0.4, 0.6]), np.array([0.9, 0.1, 0.3])
    axes = (0.01, 0.0, 0.0), (0.0, 0.02, 0.0)
    table = materials.make_table(
        [
            materials.Material(np.full(3, 0.5), grain=0.0),
            materials.Material(one, two, kind, *axes, grain=0.0),
            materials.Material(two, one, STRIPES, *axes, grain=0.0),
        ]
    )
    rows, points = rng.integers(0, 3, 300), rng.uniform(-400, 400, (300, 3)).astype(np.float32)
    colors = materials.colors_at(table, rows, points)
    for row, point, color in zip(rows, points, colors, strict=True):
        u, v = 0.01 * point[0], 0.02 * point[1]
        share = [0.0, expected_share(kind, u, v), expected_share(STRIPES, u, v)][row]
        first, second = [(np.full(3, 0.5),) * 2, (one, two), (two, one)][row]
        np.testing.assert_allclose(color, first + share * (second - first), atol=1e-6)


def test_blotches_and_noise_repeat():
    u, v = np.random.default_rng(0).uniform(-3, 3, (2, 500))
    noise = materials.noise_at(u, v)
    assert 0 <= noise.min() < noise.max() <= 1
    np.testing.assert_array_equal(noise[u > 0], materials.noise_at(u + 4, v)[u > 0])
    table = materials.make_table(
        [materials.Material(np.zeros(3), np.ones(3), BLOTCHES, (1, 0, 0), (0, 1, 0), 0.0)]
    )
    points = np.stack([u, v, 0 * u], axis=-1)
    colors = materials.colors_at(table, np.zeros(500, int), points)[:, 0]
    assert set(np.round(np.quantile(colors, [0.1, 0.9]), 3)) == {0, 1}
