"""Rotations as matrices and quaternions, many at once."""

import numpy as np


def unit(vectors: np.ndarray) -> np.ndarray:
    """Return vectors [..., 3] of length 1; those of length 0 become NaN."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return vectors / np.where(length > 0, length, np.nan)


def shortest(start: np.ndarray, end: np.ndarray) -> np.ndarray:
    """Return the shortest turns [N, 3, 3] from a unit vector [3] to unit vectors [N, 3].

    For opposite vectors it is not defined; then it is half a turn about some axis.
    """
    axis, cosine = np.cross(start, end), end @ start
    cross = np.zeros((*axis.shape, 3))
    for row, column, place, sign in ((0, 1, 2, -1), (0, 2, 1, 1), (1, 2, 0, -1)):
        cross[..., row, column] = sign * axis[..., place]
        cross[..., column, row] = -sign * axis[..., place]
    opposite = cosine < -1 + 1e-12
    share = 1 / np.where(opposite, 1, 1 + cosine)
    turned = np.eye(3) + cross + (cross @ cross) * share[..., None, None]
    if opposite.any():
        other = np.eye(3)[np.argmin(np.abs(start))]
        half = unit(np.cross(start, other))
        turned[opposite] = 2 * np.outer(half, half) - np.eye(3)
    return turned


def about(axis: np.ndarray, angles_rad: np.ndarray) -> np.ndarray:
    """Return the turns [N, 3, 3] by angles [N] about a unit axis [3] (Rodrigues)."""
    x, y, z = axis
    cross = np.array([[0, -z, y], [z, 0, -x], [-y, x, 0]])
    sine, cosine = (f(angles_rad)[..., None, None] for f in (np.sin, np.cos))
    return np.eye(3) + sine * cross + (1 - cosine) * (cross @ cross)


def quaternions(turns: np.ndarray) -> np.ndarray:
    """Return unit quaternions x, y, z, w [..., 4] of turns [..., 3, 3]."""
    m = turns
    xx, yy, zz = m[..., 0, 0], m[..., 1, 1], m[..., 2, 2]
    # Of 4 q qT each row is q times one of its parts: the row of the largest is the exact one.
    rows = np.empty((*m.shape[:-2], 4, 4))
    diagonal = (1 + xx - yy - zz, 1 - xx + yy - zz, 1 - xx - yy + zz, 1 + xx + yy + zz)
    for place, value in enumerate(diagonal):
        rows[..., place, place] = value
    sums = {(0, 1): m[..., 1, 0] + m[..., 0, 1], (0, 2): m[..., 0, 2] + m[..., 2, 0]}
    sums |= {(1, 2): m[..., 2, 1] + m[..., 1, 2], (0, 3): m[..., 2, 1] - m[..., 1, 2]}
    sums |= {(1, 3): m[..., 0, 2] - m[..., 2, 0], (2, 3): m[..., 1, 0] - m[..., 0, 1]}
    for (one, other), value in sums.items():
        rows[..., one, other] = rows[..., other, one] = value
    largest = np.stack(diagonal, axis=-1).argmax(axis=-1)
    found = np.take_along_axis(rows, largest[..., None, None], axis=-2)[..., 0, :]
    return found / np.linalg.norm(found, axis=-1, keepdims=True)


def without_sign_changes(quaternions: np.ndarray, before: np.ndarray | None = None) -> np.ndarray:
    """Return quaternions [N, ..., 4] with signs such that neighbours are near each other.

    Args:
      quaternions: of frames one after the other.
      before: [..., 4] of the frame before the first, if there is one.
    """
    first = quaternions[:1] if before is None else before[np.newaxis]
    steps = (quaternions * np.concatenate([first, quaternions[:-1]])).sum(axis=-1, keepdims=True)
    return quaternions * np.cumprod(np.where(steps < 0, -1.0, 1.0), axis=0)


def euler(turns: np.ndarray, order: str) -> np.ndarray:
    """Return angles [..., 3], radians, with turns [..., 3, 3] = A(a) B(b) C(c) of order "ABC".

    The middle one lies within a quarter turn of 0.
    """
    i, j, k = ("XYZ".index(axis) for axis in order)
    sign = 1.0 if (j - i) % 3 == 1 else -1.0
    middle = np.arcsin(np.clip(sign * turns[..., i, k], -1, 1))
    first = np.arctan2(-sign * turns[..., j, k], turns[..., k, k])
    last = np.arctan2(-sign * turns[..., i, j], turns[..., i, i])
    return np.stack([first, middle, last], axis=-1)


def without_jumps(angles: np.ndarray, before: np.ndarray | None = None) -> np.ndarray:
    """Return the same rotations' Euler angles [N, ..., 3], radians, each near the one before.

    Angles a, b, c also are a + pi, pi - b, c + pi; and each may go on beyond a full turn.

    Args:
      angles: from `euler`.
      before: [..., 3] of the frame before the first, if there is one.
    """
    first = angles[:1] if before is None else before[np.newaxis]
    line = np.concatenate([first, angles])
    other = line * (1, -1, 1) + np.pi

    def apart(one, two):
        return np.abs((one - two + np.pi) % (2 * np.pi) - np.pi).sum(axis=-1)

    switches = apart(other[1:], line[:-1]) < apart(line[1:], line[:-1])
    is_other = np.cumsum(switches, axis=0) % 2 == 1
    chosen = np.where(is_other[..., np.newaxis], other[1:], line[1:])
    return np.unwrap(np.concatenate([first, chosen]), axis=0)[1:]
