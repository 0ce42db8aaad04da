"""The method once more, in numpy loops: what the tests compare with."""

import numpy as np

# The paper's groups, written out by MPII index: legs, arms, hips, shoulders.
GROUPS = [
    [(0, 1), (1, 2), (3, 4), (4, 5)],
    [(10, 11), (11, 12), (13, 14), (14, 15)],
    [(2, 6), (3, 6)],
    [(12, 8), (13, 8)],
]
PAPER_CODE = {
    (0, 1): 1.0085885098415446,
    (4, 5): 1.0085885098415446,
    (3, 4): 1.0,
    (10, 11): 1.1375361376887123,
    (14, 15): 1.1375361376887123,
}
BONES = [
    (0, 1), (1, 2), (2, 6), (6, 3), (3, 4), (4, 5), (10, 11), (11, 12), (12, 8), (8, 13),
    (13, 14), (14, 15), (6, 8), (8, 9),
]  # fmt: skip
# Canonical skeleton B, mm, by bone of a group.
CANONICAL = {
    (0, 1): 452.125519758, (1, 2): 456.008604234, (3, 4): 456.008604234, (4, 5): 452.125519758,
    (10, 11): 249.772589249, (11, 12): 284.125346475, (13, 14): 284.125346475,
    (14, 15): 249.772589249, (2, 6): 134.201602044, (3, 6): 134.201602044,
    (12, 8): 180.776851782, (13, 8): 180.776851782,
}  # fmt: skip


def heatmap_loss(predicted, target):
    """Mean squared error of each sample."""
    losses = []
    for a, b in zip(predicted, target, strict=True):
        total, count = 0.0, 0
        for x, y in zip(a.ravel(), b.ravel(), strict=True):
            total += (float(x) - float(y)) ** 2
            count += 1
        losses.append(total / count)
    return np.array(losses)


def depth_loss(predicted, target):
    """Mean squared error of each sample over its joints."""
    return np.array(
        [
            sum((float(p) - float(t)) ** 2 for p, t in zip(a, b, strict=True)) / len(a)
            for a, b in zip(predicted, target, strict=True)
        ]
    )


def geometry_loss(joints_2d_norm, depth, visible, weighting="paper_code"):
    """Sum over groups of the variance of bone lengths over canonical lengths, per sample."""
    losses = []
    for xy, z, seen in zip(joints_2d_norm, depth, visible, strict=True):
        total = 0.0
        for group in GROUPS:
            ratios = []
            for a, b in group:
                length = np.sqrt(
                    (xy[a][0] - xy[b][0]) ** 2 + (xy[a][1] - xy[b][1]) ** 2 + (z[a] - z[b]) ** 2
                )
                if seen[a] and seen[b] and length > 0:
                    if weighting == "canonical":
                        mean = np.mean([CANONICAL[bone] for bone in group])
                        ratios.append(length * mean / CANONICAL[(a, b)])
                    else:
                        ratios.append(length * PAPER_CODE.get((a, b), 1.0))
            if ratios:
                mean = sum(ratios) / len(ratios)
                total += sum((ratio - mean) ** 2 for ratio in ratios) / len(ratios)
        losses.append(total)
    return np.array(losses)


def heatmap(x_norm, y_norm, size):
    """The target of one visible joint: a 7x7 patch of a Gaussian with sigma 1, peak 1."""
    image = np.zeros((size, size))
    column, row = int(np.floor((x_norm + 1) / 2 * size)), int(np.floor((y_norm + 1) / 2 * size))
    if not (0 <= column < size and 0 <= row < size):
        return image
    for i in range(size):
        for j in range(size):
            if abs(i - row) <= 3 and abs(j - column) <= 3:
                image[i, j] = np.exp(-((i - row) ** 2 + (j - column) ** 2) / 2)
    return image


def bone_sum(joints):
    """Sum of the lengths of the 14 bones of one person."""
    return sum(np.linalg.norm(joints[a] - joints[b]) for a, b in BONES)


def line_of_sight(direction):
    """The smallest turn (SciPy's) that takes the camera's axis to a direction [3]."""
    from scipy.spatial.transform import Rotation

    direction = np.asarray(direction, float) / np.linalg.norm(direction)
    axis = np.cross([0, 0, 1], direction)
    sine = np.linalg.norm(axis)
    return Rotation.from_rotvec(axis / max(sine, 1e-12) * np.arctan2(sine, direction[2]))
