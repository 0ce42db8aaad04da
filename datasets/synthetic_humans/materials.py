"""Procedural colours: one table of materials, evaluated for many surface points at once."""

from typing import NamedTuple

import numpy as np

PLAIN, STRIPES, CHECKS, PLAID, BLOTCHES, DOTS, BRICKS = range(7)
_NOISE_SIZE = 128  # a power of two


def _fractal_noise(seed: int, slope: float) -> np.ndarray:
    """Return tileable noise [128, 128] in [0, 1] whose amplitude falls as frequency^-slope."""
    rng = np.random.default_rng(seed)
    frequency = np.fft.fftfreq(_NOISE_SIZE)
    radius = np.hypot(frequency[:, None], frequency[None])
    radius[0, 0] = np.inf
    spectrum = np.fft.fft2(rng.normal(size=radius.shape)) * radius**-slope
    noise = np.fft.ifft2(spectrum).real
    return np.clip(0.5 + noise / noise.std() / 5, 0, 1).astype(np.float32)


_NOISE = _fractal_noise(0, 1.4)


def noise_at(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    """Return noise in [0, 1] at points in units of one tile."""
    column, row = ((w * _NOISE_SIZE).astype(np.int64) & (_NOISE_SIZE - 1) for w in (u, v))
    return _NOISE.take(row * _NOISE_SIZE + column)


class Material(NamedTuple):
    """One surface: a mix of two colours by a pattern of the texture point's u and v.

    u = axis_u . point and v = axis_v . point, point in mm: the axes hold the pattern's frequency.
    """

    color: np.ndarray  # [3] linear RGB in [0, 1]
    other: np.ndarray | None = None
    kind: int = PLAIN
    axis_u: tuple = (0.0, 0.01, 0.0)
    axis_v: tuple = (0.01, 0.0, 0.01)
    grain: float = 0.06  # strength of the noise on top


class MaterialTable(NamedTuple):
    """Materials as arrays, M rows."""

    color: np.ndarray
    other: np.ndarray
    kind: np.ndarray
    axes: np.ndarray  # [M, 2, 3]
    grain: np.ndarray


def make_table(materials: list[Material]) -> MaterialTable:
    """Stack materials into one table; a point's material is its row."""
    return MaterialTable(
        np.array([m.color for m in materials], np.float32),
        np.array([m.color if m.other is None else m.other for m in materials], np.float32),
        np.array([m.kind for m in materials]),
        np.array([(m.axis_u, m.axis_v) for m in materials], np.float32),
        np.array([m.grain for m in materials], np.float32),
    )


def _part(w: np.ndarray) -> np.ndarray:
    return w - np.floor(w)


def _band(w: np.ndarray) -> np.ndarray:
    return _part(w) < 0.5


def _bricks(u: np.ndarray, v: np.ndarray) -> np.ndarray:
    shifted = _part(v) + 0.5 * (np.floor(u) % 2)
    return (_part(u) < 0.12) | (_part(shifted) < 0.06)


# The share [n] of the second colour at u, v [n].
_PATTERNS = {
    STRIPES: lambda u, v: _band(u),
    CHECKS: lambda u, v: _band(u) ^ _band(v),
    PLAID: lambda u, v: 0.5 * _band(u) + 0.5 * _band(v),
    BLOTCHES: lambda u, v: np.clip((noise_at(0.15 * u, 0.15 * v) - 0.47) * 12, 0, 1),
    DOTS: lambda u, v: np.hypot(_part(u) - 0.5, _part(v) - 0.5) < 0.28,
    BRICKS: _bricks,
}


def colors_at(table: MaterialTable, rows: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the colours [n, 3] of texture points [n, 3] (mm) of the materials `rows` [n]."""
    color = table.color.take(rows, axis=0)
    kinds = table.kind.take(rows)
    for kind in set(table.kind) - {PLAIN}:
        mine = np.flatnonzero(kinds == kind)
        busy = rows[mine]
        u, v = np.einsum("nkd,nd->kn", table.axes.take(busy, axis=0), points[mine])
        share = _PATTERNS[kind](u, v)[:, None].astype(np.float32)
        color[mine] += share * (table.other.take(busy, axis=0) - color[mine])
    scale = np.float32(1 / 700)
    grain = noise_at(points[:, 0] * scale + 7, (points[:, 1] + points[:, 2]) * scale + 7) - 0.5
    return np.clip(color * (1 + 4 * (table.grain[rows] * grain)[:, None]), 0, 1)


def random_color(rng: np.random.Generator) -> np.ndarray:
    """Return a colour as clothes and furniture have: grey, dark blue or moderately saturated."""
    pick = rng.random()
    if pick < 0.3:
        return np.full(3, rng.uniform(0.03, 0.9)) * rng.uniform(0.93, 1.07, 3)
    if pick < 0.45:
        return np.array([0.09, 0.13, 0.27]) * rng.uniform(0.4, 2.2)
    value, saturation = rng.uniform(0.15, 0.9), rng.uniform(0.2, 0.85)
    hue = (rng.random() + np.array([0, 2 / 3, 1 / 3])) % 1
    return value * (1 - saturation * np.clip(np.abs(hue * 6 - 3) - 1, 0, 1)[::-1])


def random_material(
    rng: np.random.Generator, size_mm: tuple[float, float], plain_share: float = 0.5
) -> Material:
    """Return a material with a pattern whose period lies within `size_mm`.

    Args:
      rng: source of randomness.
      size_mm: shortest and longest period of a pattern.
      plain_share: probability of a single colour.
    """
    kind = PLAIN if rng.random() < plain_share else int(rng.integers(STRIPES, BRICKS + 1))
    frequency = 1 / np.exp(rng.uniform(*np.log(size_mm)))
    axes = frequency * np.array([(0, 1, 0.0), (0.8, 0, 0.6)])
    if rng.random() < 0.5:
        axes = axes[::-1]
    if rng.random() < 0.15:
        axes = frequency * np.array([(0.7, 0.7, 0.1), (-0.7, 0.7, 0.1)])
    color, other = random_color(rng), random_color(rng)
    return Material(color, other, kind, tuple(axes[0]), tuple(axes[1]), rng.uniform(0.02, 0.15))
