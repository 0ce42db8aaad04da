"""Materials of skin, hair and cloth: colours, weaves, wrinkles and gloss."""

from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from synthetic_humans.materials import (
    Material,
    MaterialTable,
    colors_at,
    make_table,
    random_color,
    random_material,
)

_SKIN_TONES = np.array(
    [
        (0.91, 0.73, 0.63),
        (0.87, 0.67, 0.56),
        (0.80, 0.58, 0.45),
        (0.72, 0.50, 0.37),
        (0.62, 0.41, 0.28),
        (0.50, 0.32, 0.21),
        (0.36, 0.22, 0.14),
        (0.24, 0.15, 0.10),
    ]
)
_HAIR_COLORS = np.array(
    [
        (0.04, 0.03, 0.03),
        (0.09, 0.06, 0.04),
        (0.2, 0.12, 0.07),
        (0.45, 0.32, 0.17),
        (0.35, 0.15, 0.06),
        (0.55, 0.55, 0.53),
    ]
)
_WEAVE_SIZE = 256  # a power of two


class Look(NamedTuple):
    """A material and how its surface is."""

    material: Material
    weave: int = -1  # row of the cloth textures, -1: smooth
    bump: float = 0.0  # strength of wrinkles
    gloss: float = 0.0


class Looks(NamedTuple):
    """Looks as arrays, M rows."""

    table: MaterialTable
    weaves: np.ndarray  # [M]
    bumps: np.ndarray  # [M]
    glosses: np.ndarray  # [M]
    textures: np.ndarray  # [T, 256, 256] relative brightness, mean 1
    wrinkles: np.ndarray  # [4, 3] waves, radians a mm


def read_textures(paths: list[Path]) -> np.ndarray:
    """Return images of cloth [T, 256, 256] as relative brightness."""
    images = []
    for path in paths:
        with Image.open(path) as image:
            small = image.convert("L").resize((_WEAVE_SIZE, _WEAVE_SIZE), Image.BOX)
        pixels = np.asarray(small, np.float32) + 1
        images.append(pixels / pixels.mean())
    return np.array(images, np.float32).reshape(-1, _WEAVE_SIZE, _WEAVE_SIZE)


def make_looks(rng: np.random.Generator, looks: list[Look], textures: np.ndarray) -> Looks:
    """Stack looks; a point's look is its row."""
    waves = rng.normal(size=(4, 3))
    waves /= np.linalg.norm(waves, axis=1, keepdims=True)
    waves *= 2 * np.pi / rng.uniform(45, 170, (4, 1))
    return Looks(
        make_table([look.material for look in looks]),
        np.array([look.weave for look in looks]),
        np.array([look.bump for look in looks], np.float32),
        np.array([look.gloss for look in looks], np.float32),
        textures,
        waves.astype(np.float32),
    )


def albedo_at(looks: Looks, rows: np.ndarray, points: np.ndarray) -> np.ndarray:
    """Return the colours [n, 3] of texture points [n, 3] (mm) of the looks `rows` [n]."""
    colors = colors_at(looks.table, rows, points)
    woven = np.flatnonzero(looks.weaves.take(rows) >= 0)
    if len(woven):
        mine = rows[woven]
        # A texture covers one period of the pattern, and a hand's breadth where there is none.
        u, v = np.einsum("nkd,nd->kn", looks.table.axes.take(mine, axis=0), points[woven])
        column, row = ((w * _WEAVE_SIZE).astype(np.int64) & (_WEAVE_SIZE - 1) for w in (u, v))
        colors[woven] *= looks.textures[looks.weaves[mine], row, column][:, None]
    return colors


def wrinkled(looks: Looks, rows: np.ndarray, points: np.ndarray, normals: np.ndarray) -> np.ndarray:
    """Return the normals [n, 3] bent by the cloth's wrinkles."""
    creased = np.flatnonzero(looks.bumps[rows])
    slopes = np.cos(points[creased] @ looks.wrinkles.T) @ looks.wrinkles
    bent = normals[creased] + 12 * looks.bumps[rows[creased]][:, None] * slopes
    normals = normals.copy()
    normals[creased] = bent / np.linalg.norm(bent, axis=-1, keepdims=True)
    return normals


def _cloth(rng: np.random.Generator, plain_share: float, textures: int) -> Look:
    material = random_material(rng, (40, 260), plain_share)
    weave = int(rng.integers(textures)) if textures and rng.random() < 0.4 else -1
    return Look(material, weave, rng.uniform(0.05, 0.3), rng.choice([0, 0, 0.1]))


def random_look(rng: np.random.Generator, slot: str, skin: Look, textures: int) -> Look:
    """Draw the look of one slot of a character.

    Args:
      rng: source of randomness.
      slot: "skin", "eyes", "hair", "top", "bottom", "trim", "shoes" or "socks".
      skin: the look of the skin.
      textures: number of cloth textures.
    """
    if slot == "skin":
        return skin
    if slot == "eyes":
        return Look(Material(np.array([0.75, 0.73, 0.7]), grain=0.0), gloss=0.3)
    if slot == "hair":
        tone = _HAIR_COLORS[rng.integers(len(_HAIR_COLORS))] * rng.uniform(0.7, 1.3)
        return Look(Material(tone, grain=0.12), gloss=0.05)
    if slot in ("shoes", "trim"):
        return Look(Material(random_color(rng)), gloss=0.15)
    if slot == "socks":
        return Look(Material(rng.choice([0.05, 0.5, 0.85]) * np.ones(3)))
    return _cloth(rng, {"top": 0.65, "bottom": 0.9}[slot], textures)


def random_looks(rng: np.random.Generator, slots: tuple[str, ...], textures: int) -> list[Look]:
    """Draw the looks of a character's slots."""
    tone = _SKIN_TONES[rng.integers(len(_SKIN_TONES))] * rng.uniform(0.92, 1.08)
    skin = Look(Material(tone, grain=0.04), gloss=rng.uniform(0.03, 0.15))
    drawn = {slot: random_look(rng, slot, skin, textures) for slot in sorted(set(slots))}
    # The parts of a jacket differ; two shoes do not.
    return [random_look(rng, s, skin, textures) if s == "top" else drawn[s] for s in slots]
