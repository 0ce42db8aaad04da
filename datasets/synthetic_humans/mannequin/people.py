"""Random persons: proportions, build and an outfit."""

from typing import NamedTuple

import numpy as np

from synthetic_humans.mannequin import mesh
from synthetic_humans.mannequin.clothes import IS_ARM, IS_LEG, Outfit, is_hair, random_outfit
from synthetic_humans.mannequin.mesh import TEMPLATE, Build
from synthetic_humans.mannequin.proportions import (
    CANONICAL_STATURE_MM,
    NUM_LENGTHS,
    Skeleton,
    rest_skeleton,
)
from synthetic_humans.meshes import vertex_normals
from synthetic_humans.parts import part_index


class Person(NamedTuple):
    """A person in the rest pose, mm in the body frame."""

    skeleton: Skeleton
    scale: float
    vertices: np.ndarray  # [V, 3]
    normals: np.ndarray  # [V, 3]
    faces: np.ndarray  # [F] rows of the template's faces that this person has
    outfit: Outfit


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
    outfit = random_outfit(rng, variety)
    vertices = mesh.shape_rest_mesh(skeleton, build)
    normals = vertex_normals(vertices, TEMPLATE.faces)
    vertices = vertices + normals * _cloth_thickness(rng, outfit)[:, None]
    kept = TEMPLATE.face_parts != part_index("long_hair")
    faces = np.nonzero(kept | outfit.long_hair)[0]
    return Person(skeleton, scale, vertices, normals, faces, outfit)


def _cloth_thickness(rng: np.random.Generator, outfit: Outfit) -> np.ndarray:
    """Return how far clothes and hair stand off the skin [V], mm."""
    part, along = TEMPLATE.vertex_parts, TEMPLATE.along
    shirt, trousers, hair = rng.uniform(2, 16), rng.uniform(3, 18), rng.uniform(0, 16)
    sleeve = IS_ARM[part] & (along < outfit.sleeve_end)
    leg = IS_LEG[part] & (along < outfit.trouser_end)
    torso = (part == part_index("torso")) & (along < 0.95)
    scalp = (part == part_index("head")) & is_hair(outfit, along, TEMPLATE.offsets[:, 2])
    return shirt * (sleeve | torso) + trousers * leg + hair * (scalp & (outfit.hairline < 1))
