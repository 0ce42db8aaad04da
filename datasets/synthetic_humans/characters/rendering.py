"""Ray casting and shading of a soup of triangles before a photo or in a room."""

from typing import NamedTuple

import numpy as np
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene
from scipy.ndimage import gaussian_filter

from synthetic_humans.characters.looks import Looks, albedo_at, wrinkled
from synthetic_humans.characters.soup import GROUND, NO_PART, SKY, Soup, join
from synthetic_humans.rendering import SUBPIXELS, differs_from_neighbour, ray_directions
from synthetic_humans.scenes import Camera, Light

# Shadow rays start this far off the surface, or it would shade itself.
_GAP_MM = np.float32(5.0)
_LAMP_RADIUS = 0.015  # radians: shadows have soft edges
_GLOSS_EXPONENT = 24
_GROUND_RAYS = 2  # towards the lamp and towards the sky, for each pixel of the ground
_SHADOW_BLUR_PX = 1.5


class Scene(NamedTuple):
    """Everything that is in one picture."""

    things: Soup
    around: Soup  # room or ground
    looks: Looks
    light: Light
    backdrop: np.ndarray  # [S, S, 3]
    is_photo: bool  # that the people must fit into


class Hits(NamedTuple):
    """What the m of n rays meet that meet anything."""

    rays: np.ndarray  # [m] which rays
    points: np.ndarray  # [m, 3]
    normals: np.ndarray  # [m, 3] unit, towards the camera
    textures: np.ndarray  # [m, 3] texture points, mm
    tints: np.ndarray  # [m, 3]
    rows: np.ndarray  # [m] look
    parts: np.ndarray  # [m]
    directions: np.ndarray  # [m, 3] of the rays

    def spread(self, values: np.ndarray, count: int, elsewhere) -> np.ndarray:
        """Return values [m, ...] at their rays, `elsewhere` at the others: [count, ...]."""
        full = np.full((count, *values.shape[1:]), elsewhere, values.dtype)
        full[self.rays] = values
        return full

    def only(self, chosen: np.ndarray) -> "Hits":
        """Return some of the hits."""
        return Hits(*(field[chosen] for field in self))


class Tracer:
    """Casts rays from one camera at people and things (which cast shadows) and a room or ground."""

    def __init__(self, things: Soup, around: Soup, camera: Camera):
        self._soup = join([things, around])
        self._num_things = len(things.faces)
        self._center = camera.center.astype(np.float32)
        soup = self._soup
        self._attributes = np.concatenate([soup.normals, soup.points, soup.tints], axis=-1)
        self._things, self._around = EmbreeScene(), EmbreeScene()
        TriangleMesh(self._things, soup.vertices, soup.faces[: self._num_things])
        self._has_around = len(around.faces) > 0
        if self._has_around:
            TriangleMesh(self._around, soup.vertices, soup.faces[self._num_things :])

    def _first(self, directions: np.ndarray) -> dict[str, np.ndarray]:
        """Return what rays [n, 3] from the camera meet first, as embree tells it."""
        origins = np.ascontiguousarray(np.broadcast_to(self._center, directions.shape))
        first = self._things.run(origins, directions, output=True)
        if not self._has_around:
            return first
        behind = self._around.run(origins, directions, output=True)
        met = behind["primID"] >= 0
        nearer = met & ((first["primID"] < 0) | (behind["tfar"] < first["tfar"]))
        behind["primID"] += self._num_things
        for name in ("primID", "u", "v", "tfar", "Ng"):
            first[name][nearer] = behind[name][nearer]
        return first

    def parts_and_depths(self, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the body part [n] first met (-1: none, or an object) and its depth (inf: none)."""
        hits = self._first(directions)
        met = hits["primID"] >= 0
        parts = np.where(met, self._soup.parts[hits["primID"]], NO_PART)
        return parts, np.where(met, hits["tfar"], np.inf)

    def hits(self, directions: np.ndarray) -> Hits:
        """Return what rays [n, 3] (world frame, float32) from the camera meet."""
        first = self._first(directions)
        rays = np.flatnonzero(first["primID"] >= 0)
        prim, u, v, tfar, flat = (first[n][rays] for n in ("primID", "u", "v", "tfar", "Ng"))
        weights = np.stack([1 - u - v, u, v], axis=-1)
        corners = self._attributes[self._soup.faces[prim]]
        mixed = (weights[:, None] @ corners)[:, 0]
        directions = directions[rays]
        return Hits(
            rays,
            self._center + tfar[:, None] * directions,
            _towards_camera(mixed[:, :3], flat, directions),
            mixed[:, 3:6],
            mixed[:, 6:],
            self._soup.rows[prim],
            self._soup.parts[prim],
            directions,
        )

    def free(self, starts: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Return which rays [n] from `starts` meet nothing that casts shadows."""
        directions = np.ascontiguousarray(np.broadcast_to(directions, starts.shape), np.float32)
        return self._things.run(starts, directions, query="OCCLUDED") != 0


def _towards_camera(normals: np.ndarray, flat: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Return unit normals [n, 3], turned over where the camera sees a surface from behind."""
    behind = (_dot(flat, directions) > 0) == (_dot(flat, normals) >= 0)
    lengths = np.sqrt(_dot(normals, normals))
    signs = np.where(behind, np.float32(-1), np.float32(1))
    return normals * (signs / np.maximum(lengths, 1e-9))[:, None]


def _dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the products [n] of vectors [n, 3] or [3]."""
    return np.einsum("...d,...d->...", a, b)


def _shade(scene: Scene, tracer: Tracer, rng: np.random.Generator, hits: Hits) -> np.ndarray:
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
    shine = np.clip(_dot(_unit(half), normals[glossy]), 0, 1) ** _GLOSS_EXPONENT
    shine *= scene.looks.glosses[hits.rows[glossy]]
    colors[glossy] += shine[:, None] * light.color
    return colors


def _unit(vectors: np.ndarray) -> np.ndarray:
    return vectors / np.maximum(np.sqrt(_dot(vectors, vectors)), 1e-6)[:, None]


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


def _shadowed(scene: Scene, tracer: Tracer, rng: np.random.Generator, hits: Hits) -> np.ndarray:
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
    backdrop = _shadowed(scene, tracer, rng, hits)
    solid = hits.only(hits.rows >= 0)
    colors = _shade(scene, tracer, rng, solid)
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
    mixed[solid.rays] = gain * _shade(scene, tracer, rng, solid)
    image[edge] = mixed.reshape(-1, len(SUBPIXELS), 3).mean(axis=1)
    return Picture(image.reshape(size, size, 3), parts)


def _gain(scene: Scene, colors: np.ndarray) -> np.float32:
    """Return how much brighter people must be to look taken with the photo behind them."""
    if not scene.is_photo or not len(colors):
        return np.float32(1)
    return np.float32(np.clip((scene.backdrop.mean() / max(colors.mean(), 1e-3)) ** 0.4, 0.85, 1.5))
