"""Ray casting at a soup of triangles."""

from typing import NamedTuple

import numpy as np
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene

from synthetic_humans.camera import Camera
from synthetic_humans.characters.soup import NO_PART, Soup, join


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
    behind = (dot(flat, directions) > 0) == (dot(flat, normals) >= 0)
    lengths = np.sqrt(dot(normals, normals))
    signs = np.where(behind, np.float32(-1), np.float32(1))
    return normals * (signs / np.maximum(lengths, 1e-9))[:, None]


def dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the products [n] of vectors [n, 3] or [3]."""
    return np.einsum("...d,...d->...", a, b)
