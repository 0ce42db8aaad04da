"""Cameras as photographers hold them, and the lab's."""

import numpy as np

from synthetic_humans.camera import Camera, look_at

_DISTANCES_MM = (2500.0, 8000.0)
_FRONTAL_SHARE, _FRONTAL_DEG = 0.5, 35.0
_PITCH_DEG, _ROLL_DEG = (4.0, 12.0), 5.0
# From balconies, poles, drones, and from the ground.
_STEEP_SHARE, _STEEP_DEG = 0.3, (-20.0, 60.0)
_CORNERS_DEG = (40.0, 130.0, 220.0, 310.0)


def photo_camera(
    rng: np.random.Generator, target: np.ndarray, facing_rad: float, from_anywhere: bool
) -> Camera:
    """Draw a camera that sees `target` near the middle of its view.

    Args:
      rng: source of randomness.
      target: [3] mm.
      facing_rad: which way the person faces, from z towards x: half of the cameras are in front.
      from_anywhere: some look from high above or far below, not all from about eye height.
    """
    distance = np.exp(rng.uniform(*np.log(_DISTANCES_MM)))
    frontal = rng.random() < _FRONTAL_SHARE
    turn = facing_rad + np.radians(
        rng.uniform(-_FRONTAL_DEG, _FRONTAL_DEG) if frontal else rng.uniform(0, 360)
    )
    steep = from_anywhere and rng.random() < _STEEP_SHARE
    pitch = np.radians(
        rng.uniform(*_STEEP_DEG) if steep else np.clip(rng.normal(*_PITCH_DEG), -25, 45)
    )
    center = _around(target, distance, turn, max(target[1] + distance * np.sin(pitch), 150.0))
    aim = target + rng.normal(size=3) * 0.1 * distance
    return look_at(center, aim, np.radians(rng.normal() * _ROLL_DEG))


def lab_camera(rng: np.random.Generator) -> Camera:
    """Draw one of four cameras near the corners of the lab; each lab hangs them a little anew."""
    turn = np.radians(rng.choice(_CORNERS_DEG) + rng.normal() * 8)
    center = _around(np.zeros(3), rng.uniform(3000, 4400), turn, rng.uniform(900, 2300))
    return look_at(center, np.array([0.0, rng.uniform(800, 1000), 0.0]))


def _around(target: np.ndarray, distance: float, turn_rad: float, height: float) -> np.ndarray:
    flat = np.sqrt(max(distance**2 - (height - target[1]) ** 2, (0.5 * distance) ** 2))
    return np.array(
        [target[0] + flat * np.sin(turn_rad), height, target[2] + flat * np.cos(turn_rad)]
    )
