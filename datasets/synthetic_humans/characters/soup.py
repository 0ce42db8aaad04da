"""All triangles of one picture as arrays, whatever they belong to. World frame, mm."""

from typing import NamedTuple

import numpy as np

from synthetic_humans.meshes import Mesh
from synthetic_humans.rooms import Room

NO_PART = -1
# Rows for what has no material of its own: nothing is there, or a photo's ground with shadows.
SKY, GROUND = -1, -2
_WALL_MM = 9000.0


class Soup(NamedTuple):
    """V vertices, F triangles."""

    vertices: np.ndarray  # [V, 3]
    normals: np.ndarray  # [V, 3] unit
    points: np.ndarray  # [V, 3] where the texture is looked up, mm
    tints: np.ndarray  # [V, 3]
    faces: np.ndarray  # [F, 3]
    rows: np.ndarray  # [F] material
    parts: np.ndarray  # [F] row of parts.PART_NAMES, NO_PART off the person


def join(soups: list[Soup]) -> Soup:
    """Put everything into one."""
    starts = np.cumsum([0, *(len(soup.vertices) for soup in soups[:-1])])
    joined = {name: [getattr(soup, name) for soup in soups] for name in Soup._fields}
    joined["faces"] = [soup.faces + start for soup, start in zip(soups, starts, strict=True)]
    soup = Soup(**{name: np.concatenate(arrays) for name, arrays in joined.items()})
    return soup._replace(
        **{
            n: getattr(soup, n).astype(np.float32)
            for n in ("vertices", "normals", "points", "tints")
        },
        faces=soup.faces.astype(np.int32),
    )


def _flat(corners: np.ndarray, rows: np.ndarray) -> Soup:
    """Return separate flat triangles of `corners` [F, 3, 3]."""
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)
    vertices = corners.reshape(-1, 3)
    faces = np.arange(len(vertices)).reshape(-1, 3)
    return Soup(
        vertices,
        np.repeat(normals, 3, axis=0),
        vertices,
        np.ones_like(vertices),
        faces,
        rows,
        np.full(len(faces), NO_PART),
    )


def of_blocks(blocks: Mesh) -> Soup:
    """Return furniture as a soup."""
    return _flat(blocks.vertices[blocks.faces], blocks.face_materials)


def _quad(corner: np.ndarray, first: np.ndarray, second: np.ndarray) -> np.ndarray:
    """Return the two triangles [2, 3, 3] of a parallelogram."""
    a, b, c, d = corner, corner + first, corner + first + second, corner + second
    return np.array([(a, b, c), (a, c, d)])


def of_room(room: Room, first_row: int) -> Soup:
    """Return floor and walls; outdoors there is only the floor."""
    (x0, z0), (x1, z1) = room.low, room.high
    across, up, along = np.diag([x1 - x0, _WALL_MM, z1 - z0])
    corner = np.array([x0, 0, z0])
    quads = [_quad(corner, along, across)]
    if not room.outdoors:
        quads += [
            _quad(corner, up, along),
            _quad(corner + across, along, up),
            _quad(corner, across, up),
            _quad(corner + along, up, across),
        ]
    rows = first_row + np.repeat(np.arange(len(quads)), 2)
    return _flat(np.concatenate(quads), rows)


def of_ground(spot: np.ndarray, half_mm: float) -> Soup:
    """Return a square of a photo's ground around `spot` [2] (x, z), which only shadows show."""
    corner = np.array([spot[0] - half_mm, 0, spot[1] - half_mm])
    size = 2 * half_mm
    quad = _quad(corner, np.array([0, 0, size]), np.array([size, 0, 0]))
    return _flat(quad, np.full(2, GROUND))


def nothing() -> Soup:
    """Return a soup without triangles."""
    return _flat(np.zeros((0, 3, 3)), np.zeros(0, int))
