"""Body and clothes, on made-up files and, where they are, on the real ones."""

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from support import made_up_assets

from hg3d_tf import cli
from synthetic_humans.characters.body import morph, read_body
from synthetic_humans.characters.bones import NUM_BONES, bone
from synthetic_humans.characters.character import random_character, read_wardrobe, rest_joints, skin
from synthetic_humans.characters.coarsening import coarse_faces
from synthetic_humans.characters.garments import carried_weights, fit, read_garment
from synthetic_humans.characters.retarget import (
    Posed,
)
from synthetic_humans.characters.wavefront import read_obj

REAL = Path(os.environ.get("HG3D_DATA", "nowhere"))
MISSING = not (REAL / "makehuman/base.obj").exists() or not (REAL / "cmu_mocap").exists()


def body_at_rest(folder):
    body = read_body(folder / "makehuman")
    return body, rest_joints(body, body.vertices)


@pytest.mark.slow
def test_skinning_at_rest_is_the_rest_mesh(folder):
    person = random_character(np.random.default_rng(0), read_wardrobe(folder / "makehuman"))
    still = Posed(np.tile(np.eye(3), (NUM_BONES, 1, 1)), person.rest.heads)
    vertices, normals = skin(person, still)
    np.testing.assert_allclose(vertices, person.vertices, atol=0.01)
    # Where two faces lie back to back there is no normal.
    sound = np.linalg.norm(person.normals, axis=1) > 0.99
    assert sound.mean() > 0.99
    np.testing.assert_allclose(normals[sound], person.normals[sound], atol=1e-3)
    np.testing.assert_allclose(person.weights.sum(axis=1), 1, atol=1e-3)


def test_a_rigid_turn_moves_the_mesh_as_a_whole(made_up):
    person = random_character(np.random.default_rng(0), read_wardrobe(made_up / "makehuman"))
    turn = Rotation.from_rotvec([0.3, -1.0, 0.5]).as_matrix()
    rotations = np.tile(turn, (NUM_BONES, 1, 1))
    positions = (person.rest.heads - person.rest.heads[0]) @ turn.T + [10, 20, 30]
    vertices, _ = skin(person, Posed(rotations, positions))
    expected = (person.vertices - person.rest.heads[0]) @ turn.T + [10, 20, 30]
    np.testing.assert_allclose(vertices, expected, atol=0.01)


def test_only_the_parts_of_tops_look_different(folder):
    wardrobe = read_wardrobe(folder / "makehuman")
    for seed in range(4):
        person = random_character(np.random.default_rng(seed), wardrobe)
        alike = [slot for slot in person.slots if slot != "top"]
        assert len(alike) == len(set(alike)) and "skin" in alike
        np.testing.assert_array_equal(np.array(person.triples.tolist()), person.faces)


def test_clothes_fit_the_body_they_were_made_on(made_up):
    body, _ = body_at_rest(made_up)
    for path in sorted(made_up.glob("makehuman/*/*.mhclo")):
        own = 100 * read_obj(path.with_suffix(".obj")).vertices
        garment = read_garment(path, 10**6)
        np.testing.assert_allclose(fit(garment, body.vertices), own, atol=0.02)
        np.testing.assert_allclose(fit(garment, 2 * body.vertices), 2 * own, atol=0.04)
        weights = carried_weights(garment, body.weights)
        np.testing.assert_allclose(weights.sum(axis=1), 1, atol=1e-5)
        assert set(garment.hidden) == {8 * (v // 8) + i for v in garment.hidden for i in range(8)}


@pytest.mark.slow
@pytest.mark.skipif(MISSING, reason="HG3D_DATA names no folder with makehuman")
def test_real_clothes_fit_the_young_man_they_were_made_on():
    body = read_body(REAL / "makehuman")
    man = morph(body, {"caucasian-male-young": 1.0})
    assert np.ptp(man[np.unique(body.skin_faces), 1]) == pytest.approx(1748, abs=1)
    worst = {"shoes01": 0.05, "male_casualsuit01": 2.5, "male_casualsuit04": 2.5}
    for name, largest_mm in worst.items():
        path = REAL / f"makehuman/clothes/{name}.mhclo"
        apart = (
            fit(read_garment(path, 10**6), man) - 100 * read_obj(path.with_suffix(".obj")).vertices
        )
        assert np.sqrt(np.mean(np.sum(apart**2, axis=-1))) < largest_mm


def test_without_clothes_people_wear_the_tights_of_the_mesh(folder, tmp_path):
    for path in ("base.obj", "rig.cmu_mb.json", "weights.cmu_mb.json", "targets"):
        (tmp_path / path).symlink_to(folder / "makehuman" / path)
    wardrobe = read_wardrobe.__wrapped__(tmp_path)
    assert [garment.name for garment in wardrobe.garments["suit"]] == ["tights"]
    for seed in range(3):
        person = random_character(np.random.default_rng(seed), wardrobe)
        assert {"skin", "bottom"} <= set(person.slots)
        strongest = np.argmax(person.weights[person.faces], axis=-1)
        of_skin = person.face_slots == person.slots.index("skin")
        assert not np.any(of_skin[(strongest == bone("Spine")).all(axis=1)])
        assert np.any(of_skin[(strongest == bone("Head")).all(axis=1)])


def test_a_mesh_without_tights_needs_clothes(tmp_path):
    folder = made_up_assets.write_assets(tmp_path / "assets") / "makehuman"
    base = folder / "base.obj"
    base.write_text(base.read_text().replace("g helper-tights", "g other"))
    read_wardrobe.__wrapped__(folder)
    (folder / "clothes/suit01.mhclo").unlink()
    with pytest.raises(cli.UserError, match=r"no group helper-tights .*clothes"):
        read_wardrobe.__wrapped__(folder)


def test_a_vertex_may_be_tied_to_a_single_one(made_up, tmp_path):
    for name in ("suit01.obj", "suit01.mhclo"):
        (tmp_path / name).write_text((made_up / "makehuman/clothes" / name).read_text())
    lines = (tmp_path / "suit01.mhclo").read_text().splitlines()
    first = lines.index("verts 0") + 1
    lines[first] = "17"
    (tmp_path / "suit01.mhclo").write_text("\n".join(lines))
    body, _ = body_at_rest(made_up)
    garment = read_garment(tmp_path / "suit01.mhclo", 10**6)
    np.testing.assert_allclose(fit(garment, body.vertices)[0], body.vertices[17])


def test_faces_of_any_number_of_corners_become_triangles(tmp_path):
    (tmp_path / "a.obj").write_text(
        "v 0 0 0\nv 1 0 0\nv 1 1 0\nv 0 1 0\nv 0 2 0\n"
        "g one\nf 1 2 3\ng two\nf 1/1 2/1 3/1 4/2 5/2\n"
    )
    mesh = read_obj(tmp_path / "a.obj")
    assert mesh.faces.tolist() == [[0, 1, 2], [0, 1, 2], [0, 2, 3], [0, 3, 4]]
    assert len(mesh.faces_of("two")) == 3


def test_targets_shift_their_vertices_by_their_weight(made_up):
    body, _ = body_at_rest(made_up)
    shifts = morph(body, {"caucasian-male-young": 0.5}) - body.vertices
    head = np.arange(8) + 8 * bone("Head")
    np.testing.assert_allclose(shifts[head], np.tile([0, 5.0, 0], (8, 1)))
    assert not np.delete(shifts, head, axis=0).any()


def test_coarse_faces_keep_the_shape():
    grid = np.stack(np.meshgrid(range(30), range(30), indexing="ij"), axis=-1).reshape(-1, 2)
    vertices = np.concatenate([grid, np.sin(grid[:, :1] / 6)], axis=1).astype(float)
    a = (np.arange(29)[:, None] * 30 + np.arange(29)).ravel()
    faces = np.concatenate([np.stack(t, axis=1) for t in ((a, a + 30, a + 31), (a, a + 31, a + 1))])
    coarse = coarse_faces(vertices, faces, 400)
    assert 250 < len(coarse) <= 420 and coarse.max() < len(vertices)

    def area(triangles):
        p, q, r = np.moveaxis(vertices[triangles], 1, 0)
        return np.linalg.norm(np.cross(q - p, r - p), axis=1).sum()

    assert area(coarse) == pytest.approx(area(faces), rel=0.05)


@pytest.mark.parametrize(
    "name, text, message",
    [
        ("makehuman/base.obj", "v 0 0 zero\n", "base.obj: not a Wavefront OBJ file"),
        ("makehuman/base.obj", "v 0 0 0\n", "base.obj: lacks faces"),
        ("makehuman/rig.cmu_mb.json", "{", "rig.cmu_mb.json: not JSON"),
        ("makehuman/rig.cmu_mb.json", "{}", "no bone Hips"),
        ("makehuman/clothes/suit01.mhclo", "verts 0\n", "suit01.mhclo: not an .mhclo file"),
    ],
)
def test_damaged_files_are_named(tmp_path, name, text, message):
    folder = made_up_assets.write_assets(tmp_path / "assets")
    (folder / name).write_text(text)
    with pytest.raises(cli.UserError, match=message):
        read_wardrobe.__wrapped__(folder / "makehuman")
