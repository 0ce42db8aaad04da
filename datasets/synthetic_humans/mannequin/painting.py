"""Which material each point of the mannequin's body shows."""

import numpy as np

from synthetic_humans.mannequin.clothes import (
    EYES,
    HAIR,
    IS_ARM,
    IS_FOOT,
    IS_HAND,
    IS_LEG,
    LIPS,
    NAILS,
    PUPILS,
    SHIRT,
    SHOES,
    SKIN,
    SOCKS,
    SOLES,
    TRIM,
    TROUSERS,
    Outfit,
    is_hair,
)
from synthetic_humans.mannequin.people import Person
from synthetic_humans.parts import part_index


def material_rows(
    person: Person, part: np.ndarray, along: np.ndarray, rest: np.ndarray
) -> np.ndarray:
    """Return the material [n] of points of the body.

    Args:
      person: whose body it is.
      part: [n] rows of PART_NAMES; along: [n]; rest: [n, 3] rest position, mm.
    """
    outfit = person.outfit
    rows = np.full(len(part), SKIN)
    arms, legs = IS_ARM[part], IS_LEG[part]
    feet, torso = IS_FOOT[part], part == part_index("torso")
    rows[arms & (along < outfit.sleeve_end)] = SHIRT
    rows[legs & (along > outfit.sock_start)] = SOCKS
    rows[legs & (along < outfit.trouser_end)] = TROUSERS
    rows[torso] = np.where(along[torso] < outfit.waist, TROUSERS, SHIRT)
    rows[torso & (along > _collar(outfit, rest))] = SKIN
    rows[feet] = np.where(_height_below_ankle(person, rest)[feet] > 66, SOLES, SHOES)
    rows[IS_HAND[part]] = NAILS if outfit.gloves else SKIN
    rows[part == part_index("long_hair")] = HAIR
    _paint_front(person, torso & (rows == SHIRT), along, rest, rows)
    _paint_face(person, part == part_index("head"), along, rest, rows)
    return rows


def _collar(outfit: Outfit, rest: np.ndarray) -> np.ndarray:
    """Return where the shirt ends, in `along` of the torso: low at the throat, high behind."""
    throat = np.exp(-((rest[:, 0] / 60) ** 2)) * (rest[:, 2] > 0)
    return 1.05 - (1.05 - outfit.collar) * throat


def _height_below_ankle(person: Person, rest: np.ndarray) -> np.ndarray:
    ankle = person.skeleton.joints[:, 1].min()
    return (ankle - rest[:, 1]) / person.scale


def _paint_front(person, shirt, along, rest, rows) -> None:
    front, side = shirt & (rest[:, 2] > 0), np.abs(rest[:, 0]) / person.scale
    if person.outfit.front == "buttons":
        rows[front & (side < 12)] = TRIM
    elif person.outfit.front == "open":
        rows[front & (side < 45)] = TRIM
    elif person.outfit.front == "print":
        rows[front & (side < 75) & (along > 0.5) & (along < 0.78)] = TRIM


def _paint_face(person, head, along, rest, rows) -> None:
    forward, side = rest[:, 2] / person.scale, np.abs(rest[:, 0]) / person.scale
    face = head & (forward > 40)
    eye = np.hypot((side - 31) / 15, (along - 0.4) / 0.05)
    rows[face & (eye < 1)] = EYES
    rows[face & (np.hypot((side - 31) / 7, (along - 0.4) / 0.05) < 1)] = PUPILS
    rows[face & (side > 12) & (side < 50) & (np.abs(along - 0.53) < 0.025)] = HAIR
    rows[face & (side < 24) & (np.abs(along + 0.02) < 0.035)] = LIPS
    rows[head & is_hair(person.outfit, along, forward)] = HAIR
