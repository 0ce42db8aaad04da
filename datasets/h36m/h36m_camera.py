"""Human3.6M's cameras: from the world to pixels, with lens distortion.

World: mm, z up. Camera frame: mm, x right, y down, z forwards. Pixels: in this file those of the
release, whose first pixel's centre is (0, 0), as in the toolbox that calibrated the cameras.
"""

import dataclasses

import numpy as np
from scipy.spatial.transform import Rotation

# From the release's pixels to ours, whose (0, 0) is the corner of the first pixel.
PIXEL_SHIFT = 0.5


@dataclasses.dataclass(frozen=True)
class Camera:
    """One calibrated camera of one subject's recordings.

    Attributes:
      rotation: [3, 3] world to camera.
      center: [3] mm, the camera's place in the world.
      focal: [2] px.
      principal: [2] px.
      radial: [3] k1, k2, k3.
      tangential: [2] p1, p2.
    """

    rotation: np.ndarray
    center: np.ndarray
    focal: np.ndarray
    principal: np.ndarray
    radial: np.ndarray
    tangential: np.ndarray

    def from_world(self, points: np.ndarray) -> np.ndarray:
        """Return points [..., 3] of the world in the camera frame, mm."""
        return (points - self.center) @ self.rotation.T

    def to_world(self, points: np.ndarray) -> np.ndarray:
        """Return points [..., 3] of the camera frame in the world, mm."""
        return points @ self.rotation + self.center

    def project(self, points: np.ndarray) -> np.ndarray:
        """Return px [..., 2] of points [..., 3] of the camera frame."""
        return self._distorted(points[..., :2] / points[..., 2:]) * self.focal + self.principal

    def _distorted(self, plane):
        """Return where the lens moves places [..., 2] of the plane z = 1."""
        squared = (plane**2).sum(-1, keepdims=True)
        radial = 1 + squared * (
            self.radial[0] + squared * (self.radial[1] + squared * self.radial[2])
        )
        # p1 goes with y and p2 with x: the release's order.
        swapped = self.tangential[::-1]
        return plane * (radial + (plane * swapped).sum(-1, keepdims=True)) + squared * swapped

    @property
    def extrinsics(self) -> np.ndarray:
        """[3, 4] mm, world to camera."""
        return np.column_stack([self.rotation, -self.rotation @ self.center])

    @property
    def intrinsics(self) -> np.ndarray:
        """Fx, fy, cx, cy in px whose (0, 0) is the image's corner; without distortion."""
        return np.concatenate([self.focal, self.principal + PIXEL_SHIFT])

    @property
    def distortion(self) -> np.ndarray:
        """K1, k2, k3, p1, p2."""
        return np.concatenate([self.radial, self.tangential])


def rotation_from_euler(angles: np.ndarray) -> np.ndarray:
    """Return the rotation Rx(a) Ry(b) Rz(c) of three angles in radians."""
    return Rotation.from_euler("XYZ", angles).as_matrix()
