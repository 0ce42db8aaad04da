"""What the mannequin wears: where clothes begin and end, and what they are made of."""

from typing import NamedTuple

import numpy as np

from synthetic_humans.materials import Material, random_color, random_material
from synthetic_humans.parts import PART_NAMES

# Rows of a person's materials.
(SKIN, SHIRT, TROUSERS, SHOES, SOLES, HAIR, SOCKS, EYES, PUPILS, LIPS, TRIM, NAILS) = range(12)
_SKIN_TONES = np.array(
    [
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
        (0.12, 0.07, 0.04),
        (0.28, 0.16, 0.08),
        (0.6, 0.43, 0.2),
        (0.45, 0.18, 0.06),
        (0.6, 0.6, 0.58),
    ]
)


def _parts_called(*names: str) -> np.ndarray:
    """Return a mask over PART_NAMES."""
    return np.array([name[2:] in names for name in PART_NAMES])


IS_ARM, IS_LEG, IS_FOOT = (_parts_called(name) for name in ("arm", "leg", "foot"))
IS_HAND = _parts_called("hand", "thumb")


class Outfit(NamedTuple):
    """Where clothes begin and end, in `along` of the body's parts, and what they are made of."""

    sleeve_end: float
    trouser_end: float
    sock_start: float
    waist: float
    collar: float
    hairline: float
    long_hair: bool
    front: str  # "plain", "buttons", "open", "print"
    gloves: bool
    materials: tuple[Material, ...]


def _random_materials(rng: np.random.Generator, variety: bool) -> tuple[Material, ...]:
    skin = _SKIN_TONES[rng.integers(len(_SKIN_TONES))] * rng.uniform(0.9, 1.1)
    hair = _HAIR_COLORS[rng.integers(len(_HAIR_COLORS))] * rng.uniform(0.8, 1.2)
    plain = 0.45 if variety else 0.75
    shoes = random_color(rng) if rng.random() < 0.9 else skin
    return (
        Material(skin, grain=0.03),
        random_material(rng, (40, 260), plain),
        random_material(rng, (30, 200), 0.8),
        Material(shoes),
        Material(shoes if np.all(shoes == skin) else rng.choice([0.05, 0.8]) * np.ones(3)),
        Material(hair if rng.random() < 0.9 else random_color(rng), grain=0.25),
        Material(rng.choice([0.05, 0.5, 0.85]) * np.ones(3)),
        Material(np.array([0.85, 0.85, 0.83])),
        Material(np.array([0.06, 0.04, 0.03])),
        Material(skin * [0.85, 0.55, 0.55]),
        Material(random_color(rng)),
        Material(random_color(rng)),
    )


def random_outfit(rng: np.random.Generator, variety: bool) -> Outfit:
    """Draw clothes: any with `variety`, else a few common ones."""
    sleeves = [0.02, 0.45, 0.6, 0.9, 1.5, 2.1] if variety else [0.45, 0.6, 2.1]
    trousers = [0.35, 0.6, 0.85, 1.3, 1.85, 2.1] if variety else [0.6, 1.95, 2.1]
    return Outfit(
        sleeve_end=rng.choice(sleeves),
        trouser_end=rng.choice(trousers, p=[0.1, 0.1, 0.15, 0.1, 0.2, 0.35] if variety else None),
        sock_start=rng.choice([1.45, 1.75, 1.9, 2.2]),
        waist=rng.uniform(0.05, 0.25),
        collar=rng.uniform(0.84, 1.06),
        hairline=rng.choice([0.6, 0.7, 0.75, 1.2], p=[0.3, 0.35, 0.25, 0.1]),
        long_hair=rng.random() < 0.3,
        front=str(rng.choice(["plain", "buttons", "open", "print"])),
        gloves=variety and rng.random() < 0.08,
        materials=_random_materials(rng, variety),
    )


def is_hair(outfit: Outfit, along: np.ndarray, forward_mm: np.ndarray) -> np.ndarray:
    """Tell which points of the head bear hair: the crown, and more of the back."""
    return along > outfit.hairline - np.clip((40 - forward_mm) / 110, 0, 0.62)
