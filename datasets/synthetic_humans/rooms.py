"""Rooms, open ground, and what is seen behind it."""

from typing import NamedTuple

import numpy as np
from PIL import Image

from synthetic_humans.camera import Camera
from synthetic_humans.materials import Material, noise_at, random_color, random_material

STUDIO_ROOM_MM = (3600.0, 3200.0)
# Into the room, of the floor and the walls: low x, high x, low z, high z.
NORMALS = np.array([(0, 1, 0), (1, 0, 0), (-1, 0, 0), (0, 0, 1), (0, 0, -1)], np.float32)
NOWHERE = -1


class Room(NamedTuple):
    """Floor and four walls; the five rows of `materials`.

    Outdoors the backdrop is in the walls' place.
    """

    low: np.ndarray  # [2] x, z
    high: np.ndarray  # [2]
    materials: tuple[Material, ...]  # floor, four walls
    outdoors: bool


def studio_room(rng: np.random.Generator) -> Room:
    """Return the lab: plain walls, a plain or tiled floor."""
    half = np.array(STUDIO_ROOM_MM)
    tone = rng.uniform(0.45, 0.8)
    walls = tuple(
        Material(tone * rng.uniform(0.9, 1.1) * np.array([1.0, 0.98, 0.95]), grain=0.03)
        for _ in range(4)
    )
    muted = rng.uniform(0.25, 0.75) + rng.uniform(-0.08, 0.08, 3)
    floor = random_material(rng, (400, 900), 0.6)._replace(color=muted, other=0.75 * muted)
    return Room(-half, half, (floor, *walls), False)


def wild_room(rng: np.random.Generator, camera: Camera) -> Room:
    """Draw a room, or open ground under a backdrop, that holds the camera."""
    spot = camera.center[[0, 2]]
    low, high = -rng.uniform(1200, 5000, 2), rng.uniform(1200, 5000, 2)
    outdoors = rng.random() < 0.5
    if outdoors:
        low, high = low - 15000, high + 15000
    low, high = np.minimum(low, spot - 300), np.maximum(high, spot + 300)
    surfaces = tuple(random_material(rng, (250, 2500), 0.3) for _ in range(5))
    return Room(low, high, surfaces, outdoors)


def leave(room: Room, center: np.ndarray, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return where rays leave the room.

    Args:
      room: whose walls have no top.
      center: [3] the rays' start inside it, float32 mm.
      directions: [n, 3] float32.

    Returns:
      The depth [n] in lengths of the direction, and the row of NORMALS [n], NOWHERE where there is
      no wall.
    """
    low = np.array([room.low[0], 0.0, room.low[1]], np.float32) - center
    high = np.array([room.high[0], np.inf, room.high[1]], np.float32) - center
    positive = directions > 0
    steps = np.where(directions == 0, np.float32(1e-9), directions)
    depths = np.where(positive, high, low) / steps
    axis = np.argmin(depths, axis=-1)
    rays = np.arange(len(axis))
    walls = NOWHERE if room.outdoors else np.where(axis == 0, 1, 3) + positive[rays, axis]
    return depths[rays, axis], np.where(axis == 1, 0, walls)


def texture_points(points: np.ndarray, sides: np.ndarray) -> np.ndarray:
    """Return where the materials of a room's surfaces are looked up at points [n, 3] of them.

    A floor's height is 0: as rays round it, the edges of a pattern there would speckle all of it.
    """
    level = points.copy()
    level[sides == 0, 1] = 0
    return level


def backdrop(rng: np.random.Generator, size: int) -> np.ndarray:
    """Paint a distant view [size, size, 3]: a gradient, noise and random shapes, out of focus."""
    coarse = 48
    top, bottom = random_color(rng), random_color(rng)
    sky = rng.random() < 0.5
    if sky:
        top = bottom = np.array([0.6, 0.7, 0.85]) * rng.uniform(0.6, 1.15)
    y, x = np.mgrid[:coarse, :coarse] / coarse
    view = top + (bottom - top) * y[..., None]
    for _ in range(rng.integers(0, 4) if sky else rng.integers(3, 25)):
        cx, cy = rng.uniform(-0.1, 1.1, 2)
        rx, ry = np.exp(rng.uniform(np.log(0.03), np.log(0.4), 2))
        round_ = rng.random() < 0.5
        u, v = np.abs(x - cx) / rx, np.abs(y - cy) / ry
        inside = (u * u + v * v < 1) if round_ else (np.maximum(u, v) < 1)
        view = np.where(inside[..., None], random_color(rng), view)
    shift, zoom = rng.uniform(0, 1, 2), rng.uniform(0.2, 1.5)
    noise = noise_at(x * zoom + shift[0], y * zoom + shift[1]) - 0.5
    view = view * (1 + rng.uniform(0, 1.2) * noise[..., None])
    small = Image.fromarray((np.clip(view, 0, 1) * 255).astype(np.uint8))
    return np.asarray(small.resize((size, size), Image.BICUBIC), np.float32) / 255
