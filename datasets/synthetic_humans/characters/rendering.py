"""A picture of a soup of triangles before a photo or in a room."""

from typing import NamedTuple

import numpy as np

from synthetic_humans.camera import Camera
from synthetic_humans.characters.scene import Scene
from synthetic_humans.characters.shading import shade, shadowed
from synthetic_humans.characters.soup import NO_PART, SKY
from synthetic_humans.characters.tracing import Tracer
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
    ys, xs = np.mgrid[:size, :size].reshape(2, -1)
    pixels = np.stack([xs, ys], axis=-1) + 0.5
    hits = tracer.hits(ray_directions(camera, intrinsics, pixels))
    backdrop = shadowed(scene, tracer, rng, hits)
    solid = hits.only(hits.rows >= 0)
    colors = shade(scene, tracer, rng, solid)
    gain = _gain(scene, colors)
    image = backdrop.copy()
    image[solid.rays] = gain * colors
    parts = solid.spread(solid.parts, len(pixels), NO_PART).reshape(size, size)
    identity = solid.spread(solid.rows, len(pixels), SKY).reshape(size, size) * 64 + parts
    edge = np.flatnonzero(differs_from_neighbour(identity))
    finer = (pixels[edge][:, None] + SUBPIXELS).reshape(-1, 2)
    hits = tracer.hits(ray_directions(camera, intrinsics, finer))
    solid = hits.only(hits.rows >= 0)
    mixed = np.repeat(backdrop[edge], len(SUBPIXELS), axis=0)
    mixed[solid.rays] = gain * shade(scene, tracer, rng, solid)
    image[edge] = mixed.reshape(-1, len(SUBPIXELS), 3).mean(axis=1)
    return Picture(image.reshape(size, size, 3), parts)


def _gain(scene: Scene, colors: np.ndarray) -> np.float32:
    """Return how much brighter people must be to look taken with the photo behind them."""
    if not scene.is_photo or not len(colors):
        return np.float32(1)
    return np.float32(np.clip((scene.backdrop.mean() / max(colors.mean(), 1e-3)) ** 0.4, 0.85, 1.5))
