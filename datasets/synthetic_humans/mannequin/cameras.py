"""The lab's fixed cameras, and those of the wild."""

import numpy as np

from synthetic_humans.camera import Camera, look_at

# Camera centres (x, height, z), mm: four corners, four heights.
STUDIO_CAMERAS_MM = (
    (2900.0, 1150.0, 2500.0),
    (-2800.0, 1500.0, 2600.0),
    (-3000.0, 1800.0, -2600.0),
    (2800.0, 2200.0, -2700.0),
)


def studio_camera(number: int) -> Camera:
    """Return one of the studio's four fixed cameras."""
    return look_at(np.array(STUDIO_CAMERAS_MM[number]), np.array([0.0, 950.0, 0.0]))


def wild_camera(rng: np.random.Generator, target: np.ndarray) -> Camera:
    """Draw a camera that sees `target` somewhere near the middle of its view."""
    distance = np.exp(rng.uniform(*np.log([2300, 8000])))
    turn = rng.uniform(0, 2 * np.pi)
    pitch = np.radians(np.clip(rng.normal(6, 14), -25, 50))
    height = max(target[1] + distance * np.sin(pitch), 120.0)
    flat = distance * np.cos(pitch)
    center = np.array([target[0] + flat * np.sin(turn), height, target[2] + flat * np.cos(turn)])
    aim = target + rng.normal(size=3) * 0.1 * distance
    return look_at(center, aim, np.radians(rng.normal() * 6))
