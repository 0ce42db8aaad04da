"""Light on what rays meet, and the shadows that people cast on a photo's ground."""

import numpy as np
from scipy.ndimage import gaussian_filter

from synthetic_humans.characters.looks import albedo_at, wrinkled
from synthetic_humans.characters.scene import Scene
from synthetic_humans.characters.soup import GROUND
from synthetic_humans.characters.tracing import Hits, Tracer, dot
from synthetic_humans.light import Light

# Shadow rays start this far off the surface, or it would shade itself.
_GAP_MM = np.float32(5.0)
_LAMP_RADIUS = 0.015  # radians: shadows have soft edges
_GLOSS_EXPONENT = 24
_GROUND_RAYS = 2  # towards the lamp and towards the sky, for each pixel of the ground
_SHADOW_BLUR_PX = 1.5


def shade(scene: Scene, tracer: Tracer, rng: np.random.Generator, hits: Hits) -> np.ndarray:
    """Return the light [m, 3] that hits send to the camera."""
    light = Light(*(np.float32(field) for field in scene.light))
    normals = wrinkled(scene.looks, hits.rows, hits.textures, hits.normals)
    facing = np.clip(normals @ light.direction, 0, None)
    asked = np.flatnonzero(facing)
    starts = hits.points[asked] + _GAP_MM * hits.normals[asked]
    facing[asked] *= tracer.free(starts, _lamp(rng, light, len(asked)))
    lit = facing[:, None] * light.color + (0.65 + 0.35 * normals[:, 1:2]) * light.ambient
    colors = albedo_at(scene.looks, hits.rows, hits.textures) * hits.tints * lit
    glossy = np.flatnonzero((scene.looks.glosses[hits.rows] > 0) & (facing > 0))
    half = light.direction - _unit(hits.directions[glossy])
    shine = np.clip(dot(_unit(half), normals[glossy]), 0, 1) ** _GLOSS_EXPONENT
    shine *= scene.looks.glosses[hits.rows[glossy]]
    colors[glossy] += shine[:, None] * light.color
    return colors


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.sqrt(dot(vectors, vectors)), 1e-6)[:, None]


def _lamp(rng: np.random.Generator, light: Light, count: int) -> np.ndarray:
    return light.direction + _LAMP_RADIUS * rng.standard_normal((count, 3), np.float32)


def _light_left(
    tracer: Tracer, rng: np.random.Generator, light: Light, points: np.ndarray
) -> np.ndarray:
    """Return the share of light [n] that people leave to points of the ground."""
    starts = np.repeat(points + np.array([0, _GAP_MM, 0], np.float32), _GROUND_RAYS, axis=0)
    lamp = tracer.free(starts, _lamp(rng, light, len(starts)))
    sky = rng.standard_normal((len(starts), 3), np.float32)
    sky[:, 1] = np.abs(sky[:, 1])
    direct = (light.color * light.direction[1]).mean()
    ambient = light.ambient.mean()
    left = (direct * lamp + ambient * tracer.free(starts, sky)) / (direct + ambient)
    return left.reshape(-1, _GROUND_RAYS).mean(axis=1)


def shadowed(scene: Scene, tracer: Tracer, rng: np.random.Generator, hits: Hits) -> np.ndarray:
    """Return the backdrop [S * S, 3] with the shadows that fall on its ground."""
    shape = scene.backdrop.shape[:2]
    ground = hits.only(hits.rows == GROUND)
    if not len(ground.rays):
        return scene.backdrop.reshape(-1, 3)
    light, known = np.zeros(shape, np.float32), np.zeros(shape, np.float32)
    light.ravel()[ground.rays] = _light_left(tracer, rng, scene.light, ground.points)
    known.ravel()[ground.rays] = 1
    # Smooth, and continued under the edges of the people.
    light, known = (gaussian_filter(layer, _SHADOW_BLUR_PX) for layer in (light, known))
    left = np.ones_like(light)
    left.ravel()[hits.rays] = (light / np.maximum(known, 1e-3)).ravel()[hits.rays]
    left[known < 1e-3] = 1
    return (scene.backdrop * left[..., None]).reshape(-1, 3)
