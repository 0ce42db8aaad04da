"""The shadows that people cast on a photo's ground."""

import numpy as np
from PIL import Image
from scipy.ndimage import gaussian_filter

from synthetic_humans.camera import Camera
from synthetic_humans.characters.scene import Scene
from synthetic_humans.characters.shading import GAP_MM, toward_lamp
from synthetic_humans.characters.tracing import Tracer
from synthetic_humans.light import Light
from synthetic_humans.rays import ray_directions

_HALF_MM = 1800.0  # of the square round a person where shadows are seen
_CELL_PX = 2  # one point of the ground for so many pixels across and down
_BLUR_CELLS = 0.75
_LAMP_RAYS = 2


def shadowed(
    scene: Scene,
    tracer: Tracer,
    camera: Camera,
    intrinsics: np.ndarray,
    rng: np.random.Generator,
) -> np.ndarray:
    """Return the backdrop [S, S, 3], a copy, with the shadows that fall on its ground."""
    if scene.ground is None:
        return scene.backdrop.copy()
    size = len(scene.backdrop)
    cells = -(-size // _CELL_PX)
    ys, xs = np.mgrid[:cells, :cells].reshape(2, -1)
    places = _CELL_PX * (np.stack([xs, ys], axis=-1) + 0.5)
    seen, points = ground_points(scene.ground, camera, ray_directions(camera, intrinsics, places))
    left = np.ones(cells * cells, np.float32)
    left[seen] = _light_left(tracer, rng, scene.light, points)
    smooth = Image.fromarray(gaussian_filter(left.reshape(cells, cells), _BLUR_CELLS))
    box = (0, 0, size / _CELL_PX, size / _CELL_PX)
    fine = np.asarray(smooth.resize((size, size), Image.BILINEAR, box=box))
    return scene.backdrop * fine[..., None]


def ground_points(
    spot: np.ndarray, camera: Camera, directions: np.ndarray
) -> tuple[np.ndarray, np.ndarray]:
    """Return which rays [m] of [n, 3] from the camera meet the ground round a spot, and where."""
    center = camera.center.astype(np.float32)
    down = np.flatnonzero(directions[:, 1] < 0)
    points = center - center[1] / directions[down, 1:2] * directions[down]
    near = np.abs(points[:, [0, 2]] - spot).max(axis=1) < _HALF_MM
    return down[near], points[near]


def _light_left(
    tracer: Tracer, rng: np.random.Generator, light: Light, points: np.ndarray
) -> np.ndarray:
    """Return the share of light [n] that people leave to points of the ground."""
    starts = points + np.array([0, GAP_MM, 0], np.float32)
    lamp = [tracer.free(starts, toward_lamp(rng, light, len(starts))) for _ in range(_LAMP_RAYS)]
    x, y, z = rng.standard_normal((3, len(starts)), np.float32)
    around = ((x, z), (-x, -z), (z, -x), (-z, x))  # as evenly as four can
    sky = [tracer.free(starts, np.stack([a, np.abs(y), b], axis=-1)) for a, b in around]
    direct, ambient = (light.color * light.direction[1]).mean(), light.ambient.mean()
    return (direct * np.mean(lamp, axis=0) + ambient * np.mean(sky, axis=0)) / (direct + ambient)
