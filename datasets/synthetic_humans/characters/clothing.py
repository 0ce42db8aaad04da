"""What a character wears, and how much of it: sleeves and trousers may be cut short."""

import itertools
from typing import NamedTuple

import numpy as np

from synthetic_humans.characters.bones import SIDES, bone, sided
from synthetic_humans.characters.garments import Garment

# Two bones and what lies beyond them.
_ARM = ("{}Arm", "{}ForeArm", "{}Hand", "{}FingerBase", "{}HandIndex1", "{}Thumb")
_LEG = ("{}UpLeg", "{}Leg", "{}Foot", "{}ToeBase")
# Where sleeves and trousers end on the way shoulder 0, elbow 1, wrist 2 (hip, knee, ankle).
_SLEEVE_ENDS = ((0.12, 0.15), (0.45, 0.2), (0.62, 0.15), (1.05, 0.05), (3.0, 0.45))
_TROUSER_ENDS = ((0.3, 0.1), (0.55, 0.12), (0.85, 0.15), (1.4, 0.05), (3.0, 0.58))
_BARE_FEET_SHARE, _BALD_SHARE = 0.1, 0.08


class Outfit(NamedTuple):
    """Garments and where they end."""

    suit: Garment
    shoes: Garment | None
    hair: Garment | None
    sleeve_end: float
    trouser_end: float


def _pick(rng: np.random.Generator, options) -> float:
    values, shares = zip(*options, strict=True)
    return float(rng.choice(values, p=shares)) * rng.uniform(0.9, 1.1)


def random_outfit(rng: np.random.Generator, garments: dict[str, list[Garment]]) -> Outfit:
    """Draw an outfit from garments by kind: "suit", "shoes" and "hair"."""

    def one(kind: str, without: float) -> Garment | None:
        choice = garments.get(kind, [])
        if not choice or rng.random() < without:
            return None
        return choice[rng.integers(len(choice))]

    return Outfit(
        suit=garments["suit"][rng.integers(len(garments["suit"]))],
        shoes=one("shoes", _BARE_FEET_SHARE),
        hair=one("hair", _BALD_SHARE),
        sleeve_end=_pick(rng, _SLEEVE_ENDS),
        trouser_end=_pick(rng, _TROUSER_ENDS),
    )


def along_limb(
    vertices: np.ndarray, strongest: np.ndarray, heads: np.ndarray, chain: tuple[str, ...]
) -> np.ndarray:
    """Return how far down a limb each vertex [V] lies: 0 to 1 and 1 to 2 along its two bones.

    Args:
      vertices: [V, 3] rest, mm.
      strongest: [V] the bone of the largest skin weight tells where a vertex belongs.
      heads: [31, 3] rest heads of the bones, mm.
      chain: patterns of the limb's two bones and of those beyond, where it is 2; off it, -1.
    """
    places = np.full(len(vertices), -1.0)
    for side in SIDES:
        rows = [bone(sided(pattern, side)) for pattern in chain]
        for number, (row, end) in enumerate(itertools.pairwise(rows[:3])):
            mine = strongest == row
            way = heads[end] - heads[row]
            share = (vertices[mine] - heads[row]) @ way / (way @ way)
            places[mine] = number + np.clip(share, 0, 1)
        places[np.isin(strongest, rows[2:])] = 2
    return places


def beyond_hems(
    outfit: Outfit, vertices: np.ndarray, weights: np.ndarray, heads: np.ndarray
) -> np.ndarray:
    """Return which vertices [V] of body or suit lie where sleeves or trousers have ended."""
    strongest = np.argmax(weights, axis=1)
    arms = along_limb(vertices, strongest, heads, _ARM) > outfit.sleeve_end
    return arms | (along_limb(vertices, strongest, heads, _LEG) > outfit.trouser_end)


def component_slots(garment: Garment, kind: str) -> list[str]:
    """Return what each connected part of a garment is: "top", "bottom", "trim", "shoes", ..."""
    if kind == "hair":
        return ["hair"] * (garment.components.max() + 1)
    sizes = np.bincount(garment.components)
    if kind == "shoes":
        return ["shoes" if size > 0.5 * sizes.max() else "socks" for size in sizes]
    slots = ["top" if size >= 100 else "trim" for size in sizes]
    if len(slots) > 1:
        slots[-1] = "bottom"
    return slots
