"""Fewer triangles over the same vertices: pictures of people are small, and time goes with them."""

import fast_simplification
import numpy as np
from scipy.spatial import cKDTree


def coarse_faces(vertices: np.ndarray, faces: np.ndarray, largest: int) -> np.ndarray:
    """Return about `largest` triangles [n, 3] that stand for `faces` [F, 3].

    They join a choice of the same `vertices` [V, 3], so that whatever is known of these (weights,
    morphs, ties) holds for the coarse mesh too.
    """
    if len(faces) <= largest:
        return faces
    used, local = np.unique(faces, return_inverse=True)
    points = vertices[used].astype(np.float32)
    share = 1 - largest / len(faces)
    new_points, new_faces = fast_simplification.simplify(
        points, local.reshape(faces.shape).astype(np.int32), share
    )
    _, nearest = cKDTree(points).query(new_points)
    coarse = used[nearest][new_faces]
    a, b, c = coarse.T
    return coarse[(a != b) & (b != c) & (c != a)].astype(np.int32)
