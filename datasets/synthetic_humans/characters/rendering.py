"""A picture of people and things before a photo or in a room."""

from typing import NamedTuple

import numpy as np

from synthetic_humans.camera import Camera
from synthetic_humans.characters.ground import shadowed
from synthetic_humans.characters.scene import Scene
from synthetic_humans.characters.shading import shade
from synthetic_humans.characters.soup import NO_PART
from synthetic_humans.characters.tracing import NOTHING, Tracer, together
from synthetic_humans.rays import differs_from_neighbour, ray_directions

# Further rays of an edge's pixels, px from the middle: all at other columns and rows.
_BESIDE = 0.36 * np.array([(np.cos(turn), np.sin(turn)) for turn in np.radians((15, 135, 255))])


class Picture(NamedTuple):
    """A rendered window of S x S pixels."""

    image: np.ndarray  # [S, S, 3] RGB in 0..1, may exceed it
    parts: np.ndarray  # [S, S] row of PART_NAMES, -1 off the person


def render(
    scene: Scene,
    tracer: Tracer,
    camera: Camera,
    intrinsics: np.ndarray,
    rng: np.random.Generator,
) -> Picture:
    """Render a window as large as the backdrop; edges get four rays a pixel.

    Args:
      scene: what there is to see.
      tracer: of the same scene and camera.
      camera: where from.
      intrinsics: [4] fx, fy, cx, cy of the window, px.
      rng: of the soft shadows.
    """
    size = len(scene.backdrop)
    pixels = np.flatnonzero(_in_sight(scene, camera, intrinsics, size))
    places = np.stack([pixels % size, pixels // size], axis=-1) + 0.5
    met = tracer.meet(ray_directions(camera, intrinsics, places))
    parts = _spread(tracer.parts(met), pixels, size, NO_PART)
    identities = _spread(tracer.identities(met), pixels, size, NOTHING)
    edge = np.flatnonzero(differs_from_neighbour(identities))
    beside = np.stack([edge % size, edge // size], axis=-1)[:, None] + 0.5 + _BESIDE
    finer = tracer.meet(ray_directions(camera, intrinsics, beside.reshape(-1, 2)))
    middle, off = (np.flatnonzero(rays.faces != NOTHING) for rays in (met, finer))
    colors = shade(scene, tracer, rng, together(met.only(middle), finer.only(off)))
    colors *= _gain(scene, colors[: len(middle)])
    image = shadowed(scene, tracer, camera, intrinsics, rng).reshape(-1, 3)
    mixed = np.repeat(image[edge], len(_BESIDE), axis=0)
    mixed[off] = colors[len(middle) :]
    image[pixels[middle]] = colors[: len(middle)]
    image[edge] += mixed.reshape(-1, len(_BESIDE), 3).sum(axis=1)
    image[edge] /= 1 + len(_BESIDE)
    return Picture(image.reshape(size, size, 3), parts)


def _in_sight(scene: Scene, camera: Camera, intrinsics: np.ndarray, size: int) -> np.ndarray:
    """Return the pixels [S, S] in which there may be more than the backdrop: boxes round things."""
    seen = np.zeros((size, size), bool)
    rotation, center = camera.rotation.astype(np.float32), camera.center.astype(np.float32)
    fx, fy, cx, cy = intrinsics
    for thing in scene.things:
        x, y, z = rotation @ (thing.vertices - center).T
        if scene.room or z.min() < 1:  # or partly behind the camera
            return np.ones((size, size), bool)
        columns, rows = (
            slice(*np.clip((int(w.min()), int(w.max()) + 1), 0, size))
            for w in (x / z * fx + cx, y / z * fy + cy)
        )
        seen[rows, columns] = True
    return seen


def _spread(values: np.ndarray, pixels: np.ndarray, size: int, elsewhere: int) -> np.ndarray:
    """Return values [n] at their pixels of a window [S, S]."""
    full = np.full(size * size, elsewhere, values.dtype)
    full[pixels] = values
    return full.reshape(size, size)


def _gain(scene: Scene, colors: np.ndarray) -> np.float32:
    """Return how much brighter people must be to look taken with the photo behind them."""
    if scene.room or not len(colors):
        return np.float32(1)
    return np.float32(np.clip((scene.backdrop.mean() / max(colors.mean(), 1e-3)) ** 0.4, 0.85, 1.5))
