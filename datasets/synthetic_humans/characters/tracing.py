"""Ray casting at soups of triangles in a room."""

from typing import NamedTuple

import numpy as np
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore import EmbreeDevice
from embreex.rtcore_scene import EmbreeScene

from synthetic_humans import rooms
from synthetic_humans.camera import Camera
from synthetic_humans.characters.soup import NO_PART, Soup

NOTHING = -1
_DEVICE = EmbreeDevice()


class Met(NamedTuple):
    """What n rays from the camera meet first."""

    faces: np.ndarray  # [n] of the things, after them the room's floor and walls; -1: none
    depths: np.ndarray  # [n] in lengths of the direction
    u: np.ndarray  # [n] shares of a triangle's second and third corner
    v: np.ndarray  # [n]
    flat_normals: np.ndarray  # [n, 3] of the triangle, of any length and side
    directions: np.ndarray  # [n, 3]

    def only(self, chosen: np.ndarray) -> "Met":
        """Return some of it."""
        return Met(*(field.take(chosen, axis=0) for field in self))


class Hits(NamedTuple):
    """The surface where n rays meet it."""

    points: np.ndarray  # [n, 3]
    normals: np.ndarray  # [n, 3] unit, towards the camera
    textures: np.ndarray  # [n, 3] texture points, mm
    tints: np.ndarray  # [n, 3]
    rows: np.ndarray  # [n] look
    directions: np.ndarray  # [n, 3] of the rays


def together(first: Met, second: Met) -> Met:
    """Return the rays of both."""
    return Met(*(np.concatenate(fields) for fields in zip(first, second, strict=True)))


class Tracer:
    """Casts rays from one camera at people and things, which cast shadows, in a room or in none."""

    def __init__(
        self, things: list[Soup], camera: Camera, room: rooms.Room | None = None, room_row: int = 0
    ):
        first_vertices = np.cumsum([0, *(len(thing.vertices) for thing in things)])
        first_faces = np.cumsum([0, *(len(thing.faces) for thing in things)])
        self._first_faces, self._num_faces = first_faces[:-1], first_faces[-1]
        # As wide as numpy's own indices, which it would make of others at every look.
        self._faces = np.concatenate(
            [t.faces + first for t, first in zip(things, first_vertices, strict=False)]
        ).astype(np.intp)
        self._attributes = np.concatenate(
            [
                np.concatenate([thing.normals, thing.points, thing.tints], axis=-1)
                for thing in things
            ]
        )
        sides = np.arange(len(rooms.NORMALS))
        self._rows = np.concatenate([*(thing.rows for thing in things), room_row + sides])
        self._parts = np.concatenate([*(thing.parts for thing in things), 0 * sides + NO_PART])
        self._center = camera.center.astype(np.float32)
        self._room = room
        # Of 500,000 rays one slips between triangles that a robust scene would hold.
        self._scene = EmbreeScene(_DEVICE, robust=False)
        for thing in things:
            # embreex reads number by number, fastest where they are Python's own.
            TriangleMesh(self._scene, thing.vertices.astype(object), thing.triples)

    def meet(self, directions: np.ndarray) -> Met:
        """Return what rays [n, 3] (world frame, float32) from the camera meet."""
        origins = np.ascontiguousarray(np.broadcast_to(self._center, directions.shape))
        hits = self._scene.run(origins, directions, output=True)
        missed = hits["primID"] < 0
        faces = np.where(missed, NOTHING, hits["primID"] + self._first_faces[hits["geomID"]])
        depths = np.where(missed, np.float32(np.inf), hits["tfar"])
        if self._room:
            walls, sides = rooms.leave(self._room, self._center, directions)
            behind = (walls < depths) & (sides != rooms.NOWHERE)
            faces = np.where(behind, self._num_faces + sides, faces)
            depths = np.where(behind, walls, depths)
        return Met(faces, depths, hits["u"], hits["v"], hits["Ng"], directions)

    def parts(self, met: Met) -> np.ndarray:
        """Return the body part [n] met, NO_PART off the person."""
        return np.where(met.faces == NOTHING, NO_PART, self._parts[met.faces])

    def identities(self, met: Met) -> np.ndarray:
        """Return a number [n] for each thing that looks different or is another part; -1: none."""
        numbers = self._rows[met.faces] * 64 + self._parts[met.faces] + 1
        return np.where(met.faces == NOTHING, NOTHING, numbers)

    def parts_and_depths(self, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the body part [n] first met (-1: none, or an object) and its depth (inf: none)."""
        met = self.meet(directions)
        return self.parts(met), met.depths

    def hits(self, met: Met) -> Hits:
        """Return the surface that rays meet, each something."""
        points = self._center + met.depths[:, None] * met.directions
        normals, tints = np.empty_like(points), np.ones_like(points)
        of_things = met.faces < self._num_faces
        walls = np.flatnonzero(~of_things)
        sides = met.faces - self._num_faces
        normals[walls] = rooms.NORMALS[sides[walls]]
        textures = rooms.texture_points(points, sides)
        mine = np.flatnonzero(of_things) if len(walls) else slice(None)
        u, v = met.u[mine], met.v[mine]
        corners = self._attributes.take(self._faces.take(met.faces[mine], axis=0), axis=0)
        mixed = np.einsum("nk,nkd->nd", np.stack([1 - u - v, u, v], axis=-1), corners)
        normals[mine] = _towards_camera(mixed[:, :3], met.flat_normals[mine], met.directions[mine])
        textures[mine], tints[mine] = mixed[:, 3:6], mixed[:, 6:]
        return Hits(points, normals, textures, tints, self._rows[met.faces], met.directions)

    def free(self, starts: np.ndarray, directions: np.ndarray) -> np.ndarray:
        """Return which rays [n] from `starts` meet nothing that casts shadows."""
        return self._scene.run(starts, directions, query="OCCLUDED") != 0


def _towards_camera(normals: np.ndarray, flat: np.ndarray, directions: np.ndarray) -> np.ndarray:
    """Return unit normals [n, 3], turned over where the camera sees a surface from behind."""
    behind = (dot(flat, directions) > 0) == (dot(flat, normals) >= 0)
    lengths = np.sqrt(dot(normals, normals))
    signs = np.where(behind, np.float32(-1), np.float32(1))
    return normals * (signs / np.maximum(lengths, 1e-9))[:, None]


def dot(a: np.ndarray, b: np.ndarray) -> np.ndarray:
    """Return the products [n] of vectors [n, 3] or [3]."""
    return np.einsum("...d,...d->...", a, b)
