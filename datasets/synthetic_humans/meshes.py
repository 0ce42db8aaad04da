"""Triangles with materials, and the normals of a mesh."""

from typing import NamedTuple

import numpy as np


class Mesh(NamedTuple):
    """Furniture: triangles, a material for each."""

    vertices: np.ndarray
    faces: np.ndarray
    face_materials: np.ndarray


def vertex_normals(vertices: np.ndarray, faces: np.ndarray) -> np.ndarray:
    """Return the area-weighted unit normals [V, 3] of a mesh."""
    corners = vertices[faces]
    normals = np.cross(corners[:, 1] - corners[:, 0], corners[:, 2] - corners[:, 0])
    flat = faces.ravel()
    summed = np.stack(
        [np.bincount(flat, np.repeat(axis, 3), len(vertices)) for axis in normals.T], axis=-1
    )
    return summed / np.maximum(np.linalg.norm(summed, axis=-1, keepdims=True), 1e-9)
