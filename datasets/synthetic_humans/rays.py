"""Rays through pixels, and which pixels want more than one."""

import numpy as np

from synthetic_humans.camera import Camera

SUBPIXELS = np.array([(-0.25, -0.25), (0.25, -0.25), (-0.25, 0.25), (0.25, 0.25)])


def ray_directions(camera: Camera, intrinsics: np.ndarray, pixels: np.ndarray) -> np.ndarray:
    """Return world directions [n, 3] through `pixels` [n, 2], of depth 1 in the camera frame."""
    flat = ((pixels - intrinsics[2:]) / intrinsics[:2]).astype(np.float32)
    rotation = camera.rotation.astype(np.float32)
    return flat @ rotation[:2] + rotation[2]


def differs_from_neighbour(identity: np.ndarray) -> np.ndarray:
    """Return the pixels [S, S] that differ from a neighbour."""
    edges = np.zeros(identity.shape, bool)
    across, down = identity[:, 1:] != identity[:, :-1], identity[1:] != identity[:-1]
    edges[:, 1:] |= across
    edges[:, :-1] |= across
    edges[1:] |= down
    edges[:-1] |= down
    return edges
