import numpy as np
import pytest
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene

from synthetic_humans import rooms
from synthetic_humans.camera import look_at
from synthetic_humans.rays import ray_directions

LOW, HIGH, TOP = np.array([-2000.0, -1500]), np.array([1800.0, 2500]), 90_000.0


def seen():
    """A camera's place in a corner of the room and its rays [n, 3], to floor, walls and above."""
    camera = look_at(np.array([1500.0, 1234.5, 2200]), np.array([0.0, 800, 0]), 0.2)
    ys, xs = np.mgrid[:96, :96].reshape(2, -1)
    pixels = np.stack([xs, ys], axis=-1) + 0.5
    intrinsics = np.array([40.0, 40, 48, 48])
    return camera.center.astype(np.float32), ray_directions(camera, intrinsics, pixels)


def met_in_a_mesh(center, directions):
    """Depth [n] and side [n] where embree's rays meet floor and walls made of triangles."""
    (x0, z0), (x1, z1) = LOW, HIGH
    corners = np.array([(x, y, z) for y in (0, TOP) for x in (x0, x1) for z in (z0, z1)])
    quads = [(0, 1, 3, 2), (0, 1, 5, 4), (2, 3, 7, 6), (0, 2, 6, 4), (1, 3, 7, 5)]
    faces = np.array([f for a, b, c, d in quads for f in ((a, b, c), (a, c, d))], np.int32)
    scene = EmbreeScene()
    TriangleMesh(scene, corners.astype(np.float32), faces)
    origins = np.tile(center, (len(directions), 1))
    hits = scene.run(origins, directions, output=True)
    return hits["tfar"], hits["primID"] // 2


@pytest.mark.parametrize("outdoors", [False, True])
def test_rays_leave_a_room_where_they_meet_its_mesh(outdoors):
    center, directions = seen()
    depths, sides = rooms.leave(rooms.Room(LOW, HIGH, (), outdoors), center, directions)
    mesh_depths, mesh_sides = met_in_a_mesh(center, directions)
    assert {0, 1, 3} <= set(mesh_sides)
    known = mesh_sides >= 0
    expected = np.where(outdoors & (mesh_sides > 0), rooms.NOWHERE, mesh_sides)
    assert np.mean(sides[known] == expected[known]) > 0.999  # rays into the edges
    same = known & (sides == mesh_sides)
    np.testing.assert_allclose(depths[same], mesh_depths[same], rtol=1e-4)
    inwards = np.sum(rooms.NORMALS[sides[same]] * directions[same], axis=1)
    assert (inwards < 0).all()


def test_a_floor_has_the_material_of_one_height():
    center, directions = seen()
    depths, sides = rooms.leave(rooms.Room(LOW, HIGH, (), False), center, directions)
    points = center + depths[:, None] * directions
    assert np.any(points[sides == 0, 1])  # rounding
    textures = rooms.texture_points(points, sides)
    assert not np.any(textures[sides == 0, 1])
    np.testing.assert_array_equal(textures[sides != 0], points[sides != 0])
    np.testing.assert_array_equal(textures[:, [0, 2]], points[:, [0, 2]])
