"""Random persons: proportions, build and an outfit."""

from typing import NamedTuple

import numpy as np

from synthetic_humans import mannequin
from synthetic_humans.kinematics import (
    CANONICAL_STATURE_MM,
    NUM_LENGTHS,
    Skeleton,
    rest_skeleton,
)
from synthetic_humans.mannequin import PART_NAMES, TEMPLATE, Build, part_index
from synthetic_humans.materials import Material, random_color, random_material

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


_IS_ARM, _IS_LEG, _IS_FOOT = (_parts_called(name) for name in ("arm", "leg", "foot"))
_IS_HAND = _parts_called("hand", "thumb")


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


class Person(NamedTuple):
    """A person in the rest pose, mm in the body frame."""

    skeleton: Skeleton
    scale: float
    vertices: np.ndarray  # [V, 3]
    normals: np.ndarray  # [V, 3]
    faces: np.ndarray  # [F] rows of the template's faces that this person has
    outfit: Outfit


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


def _random_outfit(rng: np.random.Generator, variety: bool) -> Outfit:
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


def random_person(rng: np.random.Generator, variety: bool) -> Person:
    """Draw a symmetric person of 1.5-1.95 m.

    Args:
      rng: source of randomness.
      variety: whether any clothes may be worn (else a few common ones).
    """
    scale = np.clip(rng.normal(1720, 95), 1500, 1950) / CANONICAL_STATURE_MM
    ratios = np.clip(rng.normal(1, 0.045, NUM_LENGTHS), 0.88, 1.12)
    skeleton = rest_skeleton(scale, ratios)
    weight = np.clip(rng.normal(1.0, 0.13), 0.75, 1.5)
    female = rng.random() < 0.5
    build = Build(
        scale,
        torso_width=ratios[2] * (0.94 if female else 1.0) * weight**0.5,
        torso_depth=weight,
        limb_girth=weight**0.7 * (0.92 if female else 1.0),
        belly_mm=max(0, rng.normal(10, 20) + 120 * (weight - 1)),
        bust_mm=rng.uniform(15, 45) if female else rng.uniform(0, 15),
    )
    outfit = _random_outfit(rng, variety)
    vertices = mannequin.shape_rest_mesh(skeleton, build)
    normals = mannequin.vertex_normals(vertices, TEMPLATE.faces)
    vertices = vertices + normals * _cloth_thickness(rng, outfit)[:, None]
    kept = TEMPLATE.face_parts != part_index("long_hair")
    faces = np.nonzero(kept | outfit.long_hair)[0]
    return Person(skeleton, scale, vertices, normals, faces, outfit)


def _cloth_thickness(rng: np.random.Generator, outfit: Outfit) -> np.ndarray:
    """Return how far clothes and hair stand off the skin [V], mm."""
    part, along = TEMPLATE.vertex_parts, TEMPLATE.along
    shirt, trousers, hair = rng.uniform(2, 16), rng.uniform(3, 18), rng.uniform(0, 16)
    sleeve = _IS_ARM[part] & (along < outfit.sleeve_end)
    leg = _IS_LEG[part] & (along < outfit.trouser_end)
    torso = (part == part_index("torso")) & (along < 0.95)
    scalp = (part == part_index("head")) & _is_hair(outfit, along, TEMPLATE.offsets[:, 2])
    return shirt * (sleeve | torso) + trousers * leg + hair * (scalp & (outfit.hairline < 1))


def _is_hair(outfit: Outfit, along: np.ndarray, forward_mm: np.ndarray) -> np.ndarray:
    """Tell which points of the head bear hair: the crown, and more of the back."""
    return along > outfit.hairline - np.clip((40 - forward_mm) / 110, 0, 0.62)


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
    arms, legs = _IS_ARM[part], _IS_LEG[part]
    feet, torso = _IS_FOOT[part], part == part_index("torso")
    rows[arms & (along < outfit.sleeve_end)] = SHIRT
    rows[legs & (along > outfit.sock_start)] = SOCKS
    rows[legs & (along < outfit.trouser_end)] = TROUSERS
    rows[torso] = np.where(along[torso] < outfit.waist, TROUSERS, SHIRT)
    rows[torso & (along > _collar(outfit, rest))] = SKIN
    rows[feet] = np.where(_height_below_ankle(person, rest)[feet] > 66, SOLES, SHOES)
    rows[_IS_HAND[part]] = NAILS if outfit.gloves else SKIN
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
    rows[head & _is_hair(person.outfit, along, forward)] = HAIR
