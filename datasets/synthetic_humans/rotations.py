"""Rotation matrices."""

import numpy as np


def axis_rotations(angles_rad: np.ndarray, axis: int) -> np.ndarray:
    """Return the rotations [..., 3, 3] by `angles_rad` [...] about one coordinate axis."""
    sine, cosine = np.sin(angles_rad), np.cos(angles_rad)
    matrices = np.zeros((*np.shape(angles_rad), 3, 3))
    second, third = (axis + 1) % 3, (axis + 2) % 3
    matrices[..., axis, axis] = 1
    matrices[..., second, second] = matrices[..., third, third] = cosine
    matrices[..., third, second] = sine
    matrices[..., second, third] = -sine
    return matrices


def angles_rad(rotations: np.ndarray) -> np.ndarray:
    """Return how far [...] rotations [..., 3, 3] turn."""
    trace = np.trace(rotations, axis1=-2, axis2=-1)
    return np.arccos(np.clip((trace - 1) / 2, -1, 1))


def random_rotation(rng: np.random.Generator) -> np.ndarray:
    """Return a rotation [3, 3] drawn uniformly from all."""
    w, x, y, z = (q := rng.normal(size=4)) / np.linalg.norm(q)
    return np.array(
        [
            [1 - 2 * (y * y + z * z), 2 * (x * y - z * w), 2 * (x * z + y * w)],
            [2 * (x * y + z * w), 1 - 2 * (x * x + z * z), 2 * (y * z - x * w)],
            [2 * (x * z - y * w), 2 * (y * z + x * w), 1 - 2 * (x * x + y * y)],
        ]
    )
