import math

import numpy as np
import pytest

from h36m.h36m_camera import Camera, rotation_from_euler


@pytest.fixture
def camera():
    """Numbers of the size of the real ones."""
    return Camera(
        rotation_from_euler(np.array([1.7, -0.4, 2.9])),
        np.array([1800.0, -4900, 1500]),
        np.array([1145.0, 1143.8]),
        np.array([512.5, 515.4]),
        np.array([-0.207, 0.2477, -0.0031]),
        np.array([-0.00097, -0.00142]),
    )


@pytest.fixture
def points():
    """Points that a camera sees, in its frame."""
    return np.random.default_rng(0).uniform((-1500, -1500, 3000), (1500, 1500, 7000), (200, 3))


def projected(point, camera):
    """The formula, number by number."""
    x, y = point[0] / point[2], point[1] / point[2]
    k1, k2, k3 = camera.radial
    p1, p2 = camera.tangential
    r2 = x * x + y * y
    factor = 1 + k1 * r2 + k2 * r2**2 + k3 * r2**3 + p1 * y + p2 * x
    xd, yd = x * factor + r2 * p2, y * factor + r2 * p1
    return [
        camera.focal[0] * xd + camera.principal[0],
        camera.focal[1] * yd + camera.principal[1],
    ]


def test_projection_is_the_formula(camera, points):
    reference = [projected(point, camera) for point in points]
    np.testing.assert_allclose(camera.project(points), reference, atol=1e-9)


def test_world_and_camera_frame_are_inverses(camera, points):
    np.testing.assert_allclose(camera.to_world(camera.from_world(points)), points, atol=1e-8)
    np.testing.assert_allclose(camera.from_world(camera.center), 0, atol=1e-12)
    homogeneous = np.column_stack([points, np.ones(len(points))])
    np.testing.assert_allclose(
        homogeneous @ camera.extrinsics.T, camera.from_world(points), atol=1e-8
    )


def test_rotation_turns_about_z_then_y_then_x():
    quarter = math.pi / 2
    about_x, about_z = np.array([quarter, 0, 0]), np.array([0, 0, quarter])
    np.testing.assert_allclose(rotation_from_euler(about_x) @ [0, 1, 0], [0, 0, 1], atol=1e-12)
    np.testing.assert_allclose(rotation_from_euler(about_z) @ [1, 0, 0], [0, 1, 0], atol=1e-12)
    np.testing.assert_allclose(
        rotation_from_euler(about_x + about_z) @ [1, 0, 0], [0, 0, 1], atol=1e-12
    )
