"""Rays and shadows of characters against slower ways to the same."""

import numpy as np
import pytest
from embreex.mesh_construction import TriangleMesh
from embreex.rtcore_scene import EmbreeScene
from PIL import Image
from support import made_up_assets

from synthetic_humans import rooms
from synthetic_humans.blocks import merge_blocks, place_block
from synthetic_humans.camera import look_at
from synthetic_humans.characters import ground, photos, rendering, soup, tracing
from synthetic_humans.characters.examples_test import Shot
from synthetic_humans.light import Light
from synthetic_humans.rays import ray_directions


@pytest.fixture(scope="module")
def made_up(tmp_path_factory):
    return str(made_up_assets.write_assets(tmp_path_factory.mktemp("assets")))


def block_at(middle, half_mm):
    return soup.of_blocks(
        merge_blocks([place_block(0, np.full(3, half_mm), np.eye(3), middle - [0, half_mm, 0])], 0)
    )


def nearest(soups, origin, directions):
    """Depth [n] and which triangle of all, by Moeller and Trumbore's formula for each pair."""
    corners = np.concatenate([s.vertices[s.faces] for s in soups]).astype(np.float64)
    first, (e1, e2) = corners[:, 0], np.moveaxis(corners[:, 1:] - corners[:, :1], 1, 0)
    p = np.cross(directions[:, None], e2)
    scale = np.sum(e1 * p, axis=-1)
    scale[scale == 0] = np.nan
    away = origin - first
    u = np.sum(away * p, axis=-1) / scale
    q = np.cross(away, e1)
    v = np.sum(directions[:, None] * q, axis=-1) / scale
    depths = np.sum(e2 * q, axis=-1) / scale
    depths[~((u >= 0) & (v >= 0) & (u + v <= 1) & (depths > 0))] = np.inf
    face = np.argmin(depths, axis=1)
    return depths[np.arange(len(face)), face], face


def test_rays_meet_what_they_meet_one_by_one(made_up):
    shot = Shot(made_up, 0, 30)
    things = [*shot.things, block_at(np.array([300.0, 900, 600]), 200.0)]
    tracer = tracing.Tracer(things, shot.camera)
    pixels = np.random.default_rng(0).uniform(0, 160, (400, 2))
    directions = ray_directions(shot.camera, shot.intrinsics, pixels)
    met = tracer.meet(directions)
    depths, faces = nearest(things, shot.camera.center, directions.astype(np.float64))
    hit = np.isfinite(depths)
    assert 60 < hit.sum() < 340 and (faces[hit] >= len(things[0].faces)).any()
    np.testing.assert_array_equal(met.faces >= 0, hit)
    np.testing.assert_allclose(met.depths[hit], depths[hit], rtol=1e-4)
    np.testing.assert_array_equal(met.faces[hit], faces[hit])


def test_a_wall_hides_what_is_behind_it(made_up):
    shot = Shot(made_up, 0, 0)
    rays = ray_directions(
        shot.camera, shot.intrinsics, np.random.default_rng(0).uniform(0, 160, (99, 2))
    )
    parts, depths = shot.tracer.parts_and_depths(rays)
    assert (parts >= 0).any()
    for wall_z, seen in ((-3000.0, True), (1500.0, False)):
        low, high = np.array([-5000, wall_z]), np.full(2, 5000.0)
        tracer = tracing.Tracer(shot.things, shot.camera, rooms.Room(low, high, (), False), 20)
        parts_here, depths_here = tracer.parts_and_depths(rays)
        assert np.isfinite(depths_here).all() and (depths_here <= depths).all()
        np.testing.assert_array_equal(parts_here, parts if seen else -1)


def test_boxes_round_things_lose_nothing(made_up, monkeypatch):
    shot = Shot(made_up, 0, 30, 96)
    far, half_out = np.array([-2500.0, 900, -3000]), np.array([700.0, 500, 500])
    shot.things += [block_at(far, 300.0), block_at(half_out, 250.0)]
    shot.tracer = tracing.Tracer(shot.things, shot.camera)
    shot.scene = shot.scene._replace(things=shot.things)
    seen = rendering._in_sight(shot.scene, shot.camera, shot.intrinsics, 96)
    assert 0.2 < seen.mean() < 0.9
    picture = shot.render()
    monkeypatch.setattr(rendering, "_in_sight", lambda *_: np.ones((96, 96), bool))
    everywhere = shot.render()
    np.testing.assert_array_equal(picture.image, everywhere.image)
    np.testing.assert_array_equal(picture.parts, everywhere.parts)


def test_a_thing_partly_behind_the_camera_may_be_anywhere(made_up):
    shot = Shot(made_up, 0, 0, 96)
    around = block_at(shot.camera.center, 500.0)
    scene = shot.scene._replace(things=[*shot.things, around])
    assert rendering._in_sight(scene, shot.camera, shot.intrinsics, 96).all()


def ground_view():
    camera = look_at(np.array([500.0, 1600, 4000]), np.array([0.0, 500, 0]), 0.1)
    return camera, np.array([150.0, 150, 48, 48])


def test_the_ground_is_where_rays_meet_a_mesh_of_it():
    camera, intrinsics = ground_view()
    ys, xs = np.mgrid[:96, :96].reshape(2, -1)
    directions = ray_directions(camera, intrinsics, np.stack([xs, ys], axis=-1) + 0.5)
    spot, half = np.array([200.0, -300]), ground._HALF_MM
    rays, points = ground.ground_points(spot, camera, directions)
    corners = np.array([(x, 0, z) for x in (-half, half) for z in (-half, half)])
    corners[:, [0, 2]] += spot
    scene = EmbreeScene()
    faces = np.array([(0, 1, 3), (0, 3, 2)], np.int32)
    TriangleMesh(scene, corners.astype(np.float32), faces)
    origins = np.tile(camera.center.astype(np.float32), (len(directions), 1))
    hits = scene.run(origins, directions, output=True)
    expected = np.flatnonzero(hits["primID"] >= 0)
    assert 500 < len(expected) < 8000
    np.testing.assert_array_equal(rays, expected)
    np.testing.assert_allclose(
        points, origins[rays] + hits["tfar"][rays, None] * directions[rays], atol=0.5
    )


def test_a_block_throws_its_shadow_where_the_lamp_says(made_up):
    camera, intrinsics = ground_view()
    shot = Shot(made_up, 0, 0, 96)
    block = block_at(np.array([0.0, 600, 0]), 250.0)
    slope = np.array([0.8, 1.0, 0.0]) / np.sqrt(1.64)
    scene = shot.scene._replace(
        things=[block],
        ground=np.zeros(2),
        light=Light(slope, np.full(3, 0.8), np.full(3, 0.6)),
    )
    tracer = tracing.Tracer([block], camera)
    image = ground.shadowed(scene, tracer, camera, intrinsics, np.random.default_rng(0))
    left = image[..., 0] / scene.backdrop[..., 0]
    ys, xs = np.mgrid[:96, :96].reshape(2, -1)
    directions = ray_directions(camera, intrinsics, np.stack([xs, ys], axis=-1) + 0.5)
    rays, points = ground.ground_points(np.zeros(2), camera, directions)
    # Where the block's middle, 600 mm up, throws its shadow: the lamp is towards +x.
    from_middle = np.abs(points[:, [0, 2]] - [-0.8 * 600, 0]).max(axis=1)
    direct = 0.8 * slope[1] / (0.8 * slope[1] + 0.6)
    in_shadow, lit = left.ravel()[rays[from_middle < 100]], left.ravel()[rays[points[:, 0] > 900]]
    assert len(in_shadow) > 10 and in_shadow.max() < 1 - direct + 0.05
    assert lit.min() > 0.85
    off = np.ones(96 * 96, bool)
    off[rays] = False
    np.testing.assert_allclose(np.median(left.ravel()[off]), 1)


@pytest.mark.parametrize("size", [64, 63])
def test_without_a_ground_nothing_changes_and_odd_sizes_do(made_up, size):
    shot = Shot(made_up, 0, 0, size)
    rng = np.random.default_rng(0)
    arguments = (shot.tracer, shot.camera, shot.intrinsics, rng)
    np.testing.assert_array_equal(ground.shadowed(shot.scene, *arguments), shot.scene.backdrop)
    shadows = ground.shadowed(shot.scene._replace(ground=np.zeros(2)), *arguments)
    assert shadows.shape == (size, size, 3) and 0.1 < shadows.min() < 0.45
    np.testing.assert_allclose(shadows.max(), 0.5, atol=1e-5)


def test_photos_are_kept_as_large_as_their_views_show_them(tmp_path):
    stripes = np.tile(np.uint8([40, 40, 200, 200]), 750)  # 4 px each
    Image.fromarray(np.tile(stripes, (400, 1))).save(tmp_path / "wide.jpg", quality=95)
    photo = photos.read_photo(tmp_path / "wide.jpg", 200)
    assert photo.size == (1500, 200) and photo.mode == "RGB"
    assert photos.read_photo(tmp_path / "wide.jpg", 500).size == (3000, 400)
    view = photos.random_view(np.random.default_rng(0), tmp_path / "wide.jpg", 64)
    assert view.shape == (64, 64, 3) and 0.3 < view.mean() < 0.6
