"""How alike two poses are in a picture: COCO's object keypoint similarity, and who is who by it."""

import numpy as np

from hg3d_tf.network.finding import JOINT_TOLERANCES


def of_poses(one: np.ndarray, other: np.ndarray) -> float:
    """Return the similarity of joints [16, 2] px: 1 where they are the same, 0 far apart.

    The area is that of the larger of the two poses' boxes, but at least of a third of its longer
    side squared: somebody seen from the side has a narrow one.
    """
    sides = [np.ptp(joints, axis=0) for joints in (one, other)]
    area = max(max(np.prod(side), side.max() ** 2 / 3) for side in sides)
    squares = np.sum((one - other) ** 2, axis=-1)
    return float(np.mean(np.exp(-squares / (2 * max(area, 1.0) * JOINT_TOLERANCES**2))))


def distinct(poses: list[np.ndarray], most_alike: float) -> list[int]:
    """Return the places of those poses, each [16, 2] px, that are not alike one kept before."""
    kept: list[int] = []
    for place, joints in enumerate(poses):
        if all(of_poses(joints, poses[other]) < most_alike for other in kept):
            kept.append(place)
    return kept


def pairs(alike: np.ndarray, least: float) -> list[tuple[int, int]]:
    """Return who is who: rows and columns of similarities [N, M], the most alike pair first.

    Each row and column is taken once; pairs below `least` are none.
    """
    alike = np.array(alike, float)
    found: list[tuple[int, int]] = []
    while alike.size and alike.max() >= least:
        row, column = map(int, np.unravel_index(alike.argmax(), alike.shape))
        found.append((row, column))
        alike[row], alike[:, column] = -np.inf, -np.inf
    return found
