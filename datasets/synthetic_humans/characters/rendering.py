"""A picture of people and things before a photo or in a room."""

from typing import NamedTuple

import numpy as np

from synthetic_humans.camera import Camera
from synthetic_humans.characters.ground import shadowed
from synthetic_humans.characters.scene import Scene
from synthetic_humans.characters.shading import shade
from synthetic_humans.characters.soup import NO_PART
from synthetic_humans.characters.tracing import NOTHING, Tracer, together
from synthetic_humans.rays import SUBPIXELS, differs_from_neighbour, ray_directions


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
    edges = differs_from_neighbour(_spread(tracer.identities(met), pixels, size, NOTHING))
    edge = np.flatnonzero(edges)
    corners = np.stack([edge % size, edge // size], axis=-1)[:, None] + 0.5 + SUBPIXELS
    finer = tracer.meet(ray_directions(camera, intrinsics, corners.reshape(-1, 2)))
    inner = np.flatnonzero((met.faces != NOTHING) & ~edges.ravel()[pixels])
    covered = np.flatnonzero(finer.faces != NOTHING)
    colors = shade(scene, tracer, rng, together(met.only(inner), finer.only(covered)))
    colors *= _gain(scene, colors, len(inner))
    image = shadowed(scene, tracer, camera, intrinsics, rng).reshape(-1, 3)
    mixed = np.repeat(image[edge], len(SUBPIXELS), axis=0)
    mixed[covered] = colors[len(inner) :]
    image[pixels[inner]] = colors[: len(inner)]
    image[edge] = mixed.reshape(-1, len(SUBPIXELS), 3).mean(axis=1)
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


def _gain(scene: Scene, colors: np.ndarray, whole: int) -> np.float32:
    """Return how much brighter people must be to look taken with the photo behind them.

    Args:
      scene: what there is to see.
      colors: [n, 3] of rays.
      whole: so many of them stand for a pixel, the others for a part of one.
    """
    if scene.room or not len(colors):
        return np.float32(1)
    share = 1 / len(SUBPIXELS)
    total = colors[:whole].sum() + share * colors[whole:].sum()
    mean = total / (3 * (whole + share * (len(colors) - whole)))
    return np.float32(np.clip((scene.backdrop.mean() / max(mean, 1e-3)) ** 0.4, 0.85, 1.5))
