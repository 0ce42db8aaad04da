"""Triangles as arrays, whatever they belong to. World frame, mm."""

from typing import NamedTuple

import numpy as np

from synthetic_humans.meshes import Mesh

NO_PART = -1


class Soup(NamedTuple):
    """V vertices, F triangles."""

    vertices: np.ndarray  # [V, 3] float32, like what else belongs to vertices
    normals: np.ndarray  # [V, 3] unit
    points: np.ndarray  # [V, 3] where the texture is looked up, mm
    tints: np.ndarray  # [V, 3]
    faces: np.ndarray  # [F, 3]
    triples: np.ndarray  # [F] the same, `as_triples`
    rows: np.ndarray  # [F] material
    parts: np.ndarray  # [F] row of parts.PART_NAMES, NO_PART off the person


def as_triples(faces: np.ndarray) -> np.ndarray:
    """Return faces [F, 3] as an array [F] of tuples, of which embreex builds a mesh sooner."""
    return np.fromiter(zip(*faces.T.tolist(), strict=True), object, len(faces))


def of_blocks(blocks: Mesh) -> Soup:
    """Return furniture as separate flat triangles."""
    corners = blocks.vertices[blocks.faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    normals /= np.maximum(np.linalg.norm(normals, axis=-1, keepdims=True), 1e-9)
    vertices = corners.reshape(-1, 3).astype(np.float32)
    faces = np.arange(len(vertices)).reshape(-1, 3)
    return Soup(
        vertices,
        np.repeat(normals, 3, axis=0).astype(np.float32),
        vertices,
        np.ones_like(vertices),
        faces,
        as_triples(faces),
        blocks.face_materials,
        np.full(len(faces), NO_PART),
    )
