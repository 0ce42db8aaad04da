"""Light on what rays meet."""

import numpy as np

from synthetic_humans.characters.looks import albedo_at, wrinkled
from synthetic_humans.characters.scene import Scene
from synthetic_humans.characters.tracing import Met, Tracer, dot
from synthetic_humans.light import Light

# Shadow rays start this far off the surface, or it would shade itself.
GAP_MM = np.float32(5.0)
_LAMP_RADIUS = 0.026  # radians: shadows have soft edges
_GLOSS_EXPONENT = 24


def shade(scene: Scene, tracer: Tracer, rng: np.random.Generator, met: Met) -> np.ndarray:
    """Return the light [n, 3] that is sent to the camera by what rays meet, each something."""
    hits = tracer.hits(met)
    light = Light(*(np.float32(field) for field in scene.light))
    normals = wrinkled(scene.looks, hits.rows, hits.textures, hits.normals)
    facing = np.clip(normals @ light.direction, 0, None)
    asked = np.flatnonzero(facing)
    starts = hits.points[asked] + GAP_MM * hits.normals[asked]
    facing[asked] *= tracer.free(starts, toward_lamp(rng, light, len(asked)))
    lit = facing[:, None] * light.color + (0.65 + 0.35 * normals[:, 1:2]) * light.ambient
    colors = albedo_at(scene.looks, hits.rows, hits.textures) * hits.tints * lit
    glosses = scene.looks.glosses.take(hits.rows)
    glossy = np.flatnonzero((glosses > 0) & (facing > 0))
    half = light.direction - _unit(hits.directions[glossy])
    shine = np.clip(dot(_unit(half), normals[glossy]), 0, 1) ** _GLOSS_EXPONENT
    shine *= glosses[glossy]
    colors[glossy] += shine[:, None] * light.color
    return colors


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.sqrt(dot(vectors, vectors)), 1e-6)[:, None]


def toward_lamp(rng: np.random.Generator, light: Light, count: int) -> np.ndarray:
    """Return directions [n, 3] of rays to points of the lamp."""
    aside = 2 * _LAMP_RADIUS * (rng.random((count, 3), np.float32) - np.float32(0.5))
    return np.float32(light.direction) + aside
