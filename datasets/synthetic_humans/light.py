"""Lamps and the light of the sky."""

from typing import NamedTuple

import numpy as np


class Light(NamedTuple):
    """A distant lamp and ambient light, linear RGB."""

    direction: np.ndarray  # [3] unit, from the scene to the lamp, world frame
    color: np.ndarray
    ambient: np.ndarray


def random_light(rng: np.random.Generator, wild: bool) -> Light:
    """Draw a lamp above the horizon."""
    turn = rng.uniform(0, 2 * np.pi)
    elevation = np.radians(rng.uniform(20, 80) if wild else rng.uniform(50, 75))
    flat = np.cos(elevation)
    direction = np.array([flat * np.sin(turn), np.sin(elevation), flat * np.cos(turn)])
    tint = 1 + (rng.normal(size=3) * 0.06 if wild else 0)
    ambient = rng.uniform(0.5, 0.9) if wild else rng.uniform(0.7, 0.8)
    strength = rng.uniform(0.4, 1.0) if wild else rng.uniform(0.5, 0.65)
    return Light(direction, strength * tint, ambient * np.flip(tint))
