"""Ray casting and shading of one mannequin in its surroundings."""

from typing import NamedTuple

import numpy as np
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene

from synthetic_humans import rooms
from synthetic_humans.camera import Camera
from synthetic_humans.light import Light
from synthetic_humans.mannequin import painting, people
from synthetic_humans.mannequin.mesh import TEMPLATE
from synthetic_humans.materials import MaterialTable, colors_at
from synthetic_humans.meshes import Mesh
from synthetic_humans.parts import PART_NAMES
from synthetic_humans.rays import SUBPIXELS, differs_from_neighbour, ray_directions

_NO_PART = -1
_SKY = -1
# Shadow rays start this far off the surface, or it would shade itself.
_SHADOW_GAP_MM = np.float32(4.0)


class Scene(NamedTuple):
    """Everything that is in one picture; world frame, mm."""

    person: people.Person
    body_vertices: np.ndarray  # [V, 3] posed
    body_normals: np.ndarray  # [V, 3]
    blocks: Mesh  # its materials are rows of `materials`
    room: rooms.Room
    room_row: int  # first of the room's five rows of `materials`
    materials: MaterialTable
    light: Light
    backdrop: np.ndarray  # [S, S, 3]


class Surface(NamedTuple):
    """What n rays hit."""

    points: np.ndarray  # [n, 3]
    normals: np.ndarray  # [n, 3] unit
    textures: np.ndarray  # [n, 3] texture points, mm
    rows: np.ndarray  # [n] material, _SKY for the backdrop
    parts: np.ndarray  # [n] row of PART_NAMES, _NO_PART off the body


class Tracer:
    """Casts rays from one camera into one scene."""

    def __init__(self, scene: Scene, camera: Camera):
        self._scene = scene
        self._center = camera.center.astype(np.float32)
        kept = scene.person.faces
        block_faces = scene.blocks.faces + len(scene.body_vertices)
        self._faces = np.concatenate([TEMPLATE.faces[kept], block_faces]).astype(np.int32)
        self._parts = np.concatenate(
            [TEMPLATE.face_parts[kept], np.full(len(block_faces), _NO_PART)]
        )
        # What is interpolated over a triangle of the body: normal, texture point, along.
        self._body = np.concatenate(
            [scene.body_normals, scene.person.vertices, TEMPLATE.along[:, None]], axis=-1
        ).astype(np.float32)
        vertices = np.concatenate([scene.body_vertices, scene.blocks.vertices])
        self._embree = EmbreeScene()
        TriangleMesh(self._embree, vertices.astype(np.float32), self._faces)

    def first_hits(self, directions: np.ndarray) -> dict[str, np.ndarray]:
        """Return embree's hits of rays [n, 3] (world frame, float32) from the camera."""
        origins = np.ascontiguousarray(np.broadcast_to(self._center, directions.shape))
        return self._embree.run(origins, directions, output=True)

    def parts_and_depths(self, directions: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the body part [n] first met (-1: none, or an object) and its depth (inf: none)."""
        hits = self.first_hits(directions)
        met = hits["primID"] >= 0
        parts = np.where(met, self._parts[hits["primID"]], _NO_PART)
        return parts, np.where(met, hits["tfar"], np.inf)

    def surfaces(self, directions: np.ndarray) -> Surface:
        """Return what rays [n, 3] (world frame, float32) from the camera meet."""
        hits = self.first_hits(directions)
        prim = hits["primID"]
        parts = np.where(prim >= 0, self._parts[prim], _NO_PART)
        depth, sides = rooms.leave(self._scene.room, self._center, directions)
        rows = np.where(sides == rooms.NOWHERE, _SKY, self._scene.room_row + sides)
        met = prim >= 0
        depth, sides = np.where(met, hits["tfar"], depth), np.where(met, rooms.NOWHERE, sides)
        points = self._center + depth[:, None] * directions
        textures = rooms.texture_points(points, sides)
        surface = Surface(points, rooms.NORMALS[sides], textures, rows, parts)
        self._fill_blocks(surface, hits, np.nonzero((prim >= 0) & (parts == _NO_PART))[0])
        self._fill_body(surface, hits, np.nonzero(parts != _NO_PART)[0])
        return surface

    def _fill_blocks(self, surface: Surface, hits: dict, met: np.ndarray) -> None:
        normals = hits["Ng"][met]
        normals = normals / np.linalg.norm(normals, axis=-1, keepdims=True)
        away = np.sum(normals * (surface.points[met] - self._center), axis=-1, keepdims=True) > 0
        surface.normals[met] = np.where(away, -normals, normals)
        block_faces = hits["primID"][met] - len(self._scene.person.faces)
        surface.rows[met] = self._scene.blocks.face_materials[block_faces]

    def _fill_body(self, surface: Surface, hits: dict, met: np.ndarray) -> None:
        u, v = hits["u"][met], hits["v"][met]
        corners = self._faces[hits["primID"][met]]
        weights = np.stack([1 - u - v, u, v], axis=-1)
        mixed = np.einsum("nk,nkd->nd", weights, self._body[corners])
        surface.normals[met], surface.textures[met] = mixed[:, :3], mixed[:, 3:6]
        surface.rows[met] = painting.material_rows(
            self._scene.person, surface.parts[met], mixed[:, 6], mixed[:, 3:6]
        )

    def lit(self, surface: Surface) -> np.ndarray:
        """Return which points [n] the lamp reaches."""
        lamp = self._scene.light.direction.astype(np.float32)
        lit = (surface.normals @ lamp > 0) & (surface.rows != _SKY)
        asked = np.nonzero(lit)[0]
        starts = surface.points[asked] + _SHADOW_GAP_MM * surface.normals[asked]
        directions = np.ascontiguousarray(np.broadcast_to(lamp, starts.shape))
        lit[asked] = self._embree.run(starts, directions, query="OCCLUDED") != 0
        return lit


def _shade(scene: Scene, tracer: Tracer, directions: np.ndarray, backdrop: np.ndarray):
    """Return the colours [n, 3] of rays and what they hit; `backdrop` [n, 3] is behind it all."""
    surface = tracer.surfaces(directions)
    light = Light(*(np.float32(field) for field in scene.light))
    direct = np.clip(surface.normals @ light.direction, 0, None) * tracer.lit(surface)
    upwards = 0.7 + 0.3 * surface.normals[:, 1:2]
    shading = direct[:, None] * light.color + upwards * light.ambient
    colors = colors_at(scene.materials, surface.rows, surface.textures) * shading
    return np.where((surface.rows == _SKY)[:, None], backdrop, colors), surface


class Picture(NamedTuple):
    """A rendered window of S x S pixels."""

    image: np.ndarray  # [S, S, 3] RGB in 0..1, may exceed it
    parts: np.ndarray  # [S, S] row of PART_NAMES, -1 off the body


def render(
    scene: Scene, tracer: Tracer, camera: Camera, intrinsics: np.ndarray, size: int
) -> Picture:
    """Render a window of `size` pixels a side; edges get four rays a pixel.

    Args:
      scene: what there is to see.
      tracer: of the same scene and camera.
      camera: where from.
      intrinsics: [4] fx, fy, cx, cy of the window, px.
      size: pixels a side.
    """
    ys, xs = np.mgrid[:size, :size].reshape(2, -1)
    pixels = np.stack([xs, ys], axis=-1) + 0.5
    backdrop = scene.backdrop.reshape(-1, 3)
    colors, surface = _shade(scene, tracer, ray_directions(camera, intrinsics, pixels), backdrop)
    identity = (surface.rows * len(PART_NAMES) + surface.parts).reshape(size, size)
    edge = np.nonzero(differs_from_neighbour(identity).ravel())[0]
    finer = (pixels[edge][:, None] + SUBPIXELS).reshape(-1, 2)
    finer_colors, _ = _shade(
        scene,
        tracer,
        ray_directions(camera, intrinsics, finer),
        np.repeat(backdrop[edge], len(SUBPIXELS), axis=0),
    )
    colors[edge] = finer_colors.reshape(-1, len(SUBPIXELS), 3).mean(axis=1)
    return Picture(colors.reshape(size, size, 3), surface.parts.reshape(size, size))
