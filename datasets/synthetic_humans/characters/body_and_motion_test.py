"""Body, clothes and retargeting, on made-up files and, where they are, on the real ones."""

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation
from support import made_up_assets

from hg3d_tf import cli
from hg3d_tf.skeleton import MIRROR, joint_index
from synthetic_humans import poses as mannequin_poses
from synthetic_humans.characters import assets, everyday, motion, overlaps, poses
from synthetic_humans.characters.body import morph, read_body
from synthetic_humans.characters.bones import BONES, NUM_BONES, PARENTS, bone, both
from synthetic_humans.characters.character import random_character, read_wardrobe, rest_joints, skin
from synthetic_humans.characters.coarsening import coarse_faces
from synthetic_humans.characters.garments import carried_weights, fit, read_garment
from synthetic_humans.characters.retarget import (
    Posed,
    accumulate,
    alignments,
    mpii_joints,
    pose_bones,
    relative,
)
from synthetic_humans.characters.wavefront import read_obj
from synthetic_humans.kinematics import bone_index

REAL = Path(os.environ.get("HG3D_DATA", "nowhere"))
MISSING = not (REAL / "makehuman/base.obj").exists() or not (REAL / "cmu_mocap").exists()
# Limbs whose directions must be the motion's own.
LIMBS = [("{}UpLeg", "{}Leg"), ("{}Leg", "{}Foot"), ("{}Arm", "{}ForeArm"), ("{}ForeArm", "{}Hand")]


@pytest.fixture(scope="module")
def made_up(tmp_path_factory):
    return made_up_assets.write_assets(tmp_path_factory.mktemp("assets"))


@pytest.fixture(scope="module", params=["made up", "real"])
def folder(request, made_up):
    if request.param == "real" and MISSING:
        pytest.skip("HG3D_DATA names no folder with makehuman and cmu_mocap")
    return made_up if request.param == "made up" else REAL


def body_at_rest(folder):
    body = read_body(folder / "makehuman")
    return body, rest_joints(body, body.vertices)


def reference_directions(path):
    """Directions of the limbs [T, 8, 3] by plain forward kinematics over the file's own text."""
    lines = path.read_text().splitlines()
    start = next(i for i, line in enumerate(lines) if line.startswith("MOTION"))
    names, offsets, parents, stack = [], [], [], []
    for line in lines[:start]:
        words = line.split()
        if words and words[0] in ("ROOT", "JOINT", "End"):
            parents.append(stack[-1] if stack else -1)
            names.append(words[1])
            pending = len(names) - 1
        elif words and words[0] == "{":
            stack.append(pending)
        elif words and words[0] == "}":
            stack.pop()
        elif words and words[0] == "OFFSET":
            offsets.append([float(w) for w in words[1:]])
    values = np.array([line.split() for line in lines[start + 3 :] if line.strip()], float)
    moving = [row for row, name in enumerate(names) if name != "Site"]
    angles = dict(zip(moving, np.split(values[:, 3:], len(moving), axis=1), strict=True))
    turns, places = {}, {}
    for row, parent in enumerate(parents):
        base = turns[parent] if parent >= 0 else Rotation.identity(len(values))
        middle = places[parent] if parent >= 0 else 0
        places[row] = middle + base.apply(np.tile(offsets[row], (len(values), 1)))
        if row in angles:
            turns[row] = base * Rotation.from_euler("ZYX", angles[row], degrees=True)
    ends = [[p.format(s) for p in pair] for pair in LIMBS for s in ("Left", "Right")]
    ways = [places[names.index(b)] - places[names.index(a)] for a, b in ends]
    return unit(np.stack(ways, axis=1))


def unit(vectors):
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def test_limbs_point_where_the_motion_file_says(folder):
    _, rest = body_at_rest(folder)
    for path in sorted((folder / "cmu_mocap").glob("*/*.bvh"))[::17]:
        expected = reference_directions(path)
        places = pose_bones(motion.read_clip(path), rest, alignments(rest)).positions
        ends = [(a, b) for pair in LIMBS for a, b in zip(*map(both, pair), strict=True)]
        ours = unit(np.stack([places[:, b] - places[:, a] for a, b in ends], axis=1))
        cosines = np.sum(ours * expected, axis=-1)
        assert np.degrees(np.arccos(np.clip(cosines, -1, 1))).max() < 0.1


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


def test_the_16_joints_are_the_rigs(made_up):
    _, rest = body_at_rest(made_up)
    still = Posed(np.tile(np.eye(3), (NUM_BONES, 1, 1)), rest.heads)
    joints = mpii_joints(still, rest)
    for name, place in {
        "l_hip": "LeftUpLeg",
        "r_wrist": "RightHand",
        "l_elbow": "LeftForeArm",
    }.items():
        np.testing.assert_allclose(joints[joint_index(name)], rest.heads[bone(place)])
    np.testing.assert_allclose(joints[joint_index("pelvis")], [0, 0, 0], atol=1e-9)
    assert joints[joint_index("head_top"), 1] > joints[joint_index("upper_neck"), 1] + 200
    assert joints[joint_index("l_shoulder"), 0] > 0


def test_accumulate_and_relative_are_inverses():
    local = Rotation.random(NUM_BONES, random_state=0).as_matrix()
    turned = accumulate(local)
    np.testing.assert_allclose(relative(turned), local, atol=1e-12)
    row, expected = bone("LeftHand"), np.eye(3)
    while row >= 0:
        row, expected = PARENTS[row], local[row] @ expected
    np.testing.assert_allclose(turned[bone("LeftHand")], expected, atol=1e-12)


def test_a_mirrored_pose_has_mirrored_joints(made_up):
    _, rest = body_at_rest(made_up)
    local = motion.read_clip(made_up / "cmu_mocap/01/01_01.bvh")[7]
    straight, mirrored = (
        mpii_joints(pose_bones(pose, rest, alignments(rest)), rest)
        for pose in (local, motion.mirror(local))
    )
    np.testing.assert_allclose(mirrored, straight[list(MIRROR)] * [-1, 1, 1], atol=1e-6)


def test_cleaning_drops_the_t_pose_and_jumps():
    local = np.tile(np.eye(3), (20, NUM_BONES, 1, 1))
    local[10:, bone("LeftArm")] = Rotation.from_euler("y", 90, degrees=True).as_matrix()
    local[:, bone("LeftFoot")] = Rotation.from_euler("x", 65, degrees=True).as_matrix()
    local[:, bone("RightFoot")] = Rotation.from_euler("z", 170, degrees=True).as_matrix()
    sound = motion.clean(local)
    assert len(sound) == 20 - 1 - 6
    feet = Rotation.from_matrix(sound[0, [bone("LeftFoot"), bone("RightFoot")]]).magnitude()
    np.testing.assert_allclose(np.degrees(feet), [50, 0], atol=1e-6)


def test_cover_leaves_no_point_far_from_its_cell():
    points = np.random.default_rng(0).uniform(0, 1000, (400, 1, 3))
    cells = motion.cover(points, 300.0)
    assert 5 < cells.max() + 1 < 100 and set(cells) == set(range(cells.max() + 1))
    for cell in range(cells.max() + 1):
        mine = points[cells == cell][:, 0]
        apart = np.linalg.norm(mine[:, None] - mine, axis=-1)
        assert apart.max(axis=1).min() <= 300


def test_splits_share_neither_clips_nor_photos(made_up):
    clips = {s: set(assets.motion_clips(made_up, s)) for s in ("train", "validation", "test")}
    assert {p.parent.name for p in clips["train"]} == {"01"}
    assert clips["validation"] == clips["test"] and not clips["train"] & clips["test"]
    photos = [set(assets.background_photos(made_up, s)) for s in clips]
    assert len(set.union(*photos)) == 3 and all(len(p) == 1 for p in photos)


def test_the_mannequins_hanging_arms_hang_here_too(folder):
    _, rest = body_at_rest(folder)
    local = everyday.to_motion(np.zeros((15, 3)), np.eye(3))
    posed = pose_bones(local, rest, alignments(rest))
    for start, end in (*LIMBS,):
        for a, b in zip(both(start), both(end), strict=True):
            way = unit(posed.positions[b] - posed.positions[a])
            np.testing.assert_allclose(way, [0, -1, 0], atol=0.02)
    np.testing.assert_allclose(posed.rotations[bone("Head")], np.eye(3), atol=1e-9)


def test_a_seat_is_asked_for_where_the_template_sits(made_up, monkeypatch):
    sitting = mannequin_poses.Pose(np.zeros((15, 3)), np.eye(3), 0.0, "upright", True)
    monkeypatch.setattr(everyday.poses, "random_pose", lambda *args: sitting)
    pose = poses._template(False)(np.random.default_rng(0), None)
    assert pose.seated and pose.kind == "upright"


@pytest.mark.skipif(MISSING, reason="HG3D_DATA names no folder with makehuman")
def test_overlaps_are_found_where_limbs_stick_in_each_other():
    _, rest = body_at_rest(REAL)
    angles = np.zeros((15, 3))
    angles[[bone_index(f"{side}_upper_arm") for side in "lr"]] = (2, 7, 10)
    local = everyday.to_motion(angles, np.eye(3))
    free = pose_bones(local, rest, alignments(rest))
    assert overlaps.overlap_mm(free, 1.0) < 15
    local[bone("LeftUpLeg")] = (
        Rotation.from_euler("z", -45, degrees=True).as_matrix() @ local[bone("LeftUpLeg")]
    )
    assert overlaps.overlap_mm(pose_bones(local, rest, alignments(rest)), 1.0) > 40


def test_limits_of_knees_and_hips():
    straight = everyday.to_motion(np.zeros((15, 3)), np.eye(3))
    assert poses.within_limits(straight)
    assert poses.within_limits(poses.bend_legs(straight, 120, 130, 5))
    assert not poses.within_limits(poses.bend_legs(straight, 90, 160, 5))
    assert not poses.within_limits(poses.bend_legs(straight, -70, 0, 5))
    assert not poses.within_limits(poses.bend_legs(straight, 0, 0, -40))


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


@pytest.mark.parametrize("text", ["nothing", "HIERARCHY\nROOT Hips\n{\n"])
def test_a_damaged_motion_file_is_named(tmp_path, text):
    (tmp_path / "a.bvh").write_text(text)
    with pytest.raises(cli.UserError, match=r"a\.bvh"):
        motion.read_clip(tmp_path / "a.bvh")


def test_bones_have_their_names_parents():
    assert BONES[PARENTS[bone("LThumb")]] == "LeftHand"
    assert BONES[PARENTS[bone("RightShoulder")]] == "Spine1"
    assert all(PARENTS[row] < row for row in range(NUM_BONES))
