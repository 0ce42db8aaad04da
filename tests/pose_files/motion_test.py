"""Moving skeletons, BVH and GLB: read by libraries, joints where they were fitted, no jumps."""

import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from support import fitting, walks

from hg3d_tf.pose_files import formats, markers, motion, rig, sequence, turns
from hg3d_tf.skeleton import JOINT_NAMES, joint_index
from synthetic_humans.rotations import random_rotation

REAL = Path(os.environ.get("HG3D_DATA", "nowhere"))


def trembling(walk, mm=15.0):
    """The walk with joints that tremble, so that bones are not of one length."""
    noise = np.random.default_rng(0).normal(0, mm, walk.joints_3d.shape)
    return walks.as_film(walk, joints_3d=walk.joints_3d + noise)


@pytest.fixture(scope="module")
def film():
    return trembling(walks.walk())


@pytest.fixture(scope="module")
def fitted(film):
    """Where the joints must be: [N, 16, 3] mm, y up."""
    return fitting.fitted_joints(film)


def assert_on_fitted(places_mm, fitted, limit=1e-2):
    """Compare places by bone with the fitted joints."""
    assert set(places_mm) >= set(rig.NAMES)
    for bone in rig.BONES:
        np.testing.assert_allclose(
            places_mm[bone.name], fitted[:, joint_index(bone.joint)], atol=limit, err_msg=bone.name
        )


def knee_degrees(places, side):
    names = (f"{side}UpLeg", f"{side}Leg", f"{side}Foot")
    hip, knee, ankle = (places[name] for name in names)
    thigh, shin = turns.unit(knee - hip), turns.unit(ankle - knee)
    return np.degrees(np.arccos(np.clip((thigh * shin).sum(axis=-1), -1, 1)))


def test_fitted_joints_have_constant_bones_and_the_directions_of_the_film(film, fitted):
    lengths = rig.fitted_lengths_mm(film)
    for name, pairs in rig.LENGTHS.items():
        for pair in pairs:
            start, end = map(joint_index, pair)
            bones = fitted[:, end] - fitted[:, start]
            np.testing.assert_allclose(np.linalg.norm(bones, axis=-1), lengths[name], atol=1e-9)
            if name != "hip":
                joints = markers.y_up(film.rows["joints_3d"])
                given = turns.unit(joints[:, end] - joints[:, start])
                np.testing.assert_allclose(turns.unit(bones), given, atol=1e-9)
    truth = rig.fitted_lengths_mm(walks.as_film(walks.walk()))
    assert all(abs(lengths[name] / truth[name] - 1) < 0.1 for name in truth)


@pytest.mark.parametrize("unit", ["m", "cm", "mm"])
def test_bvh_is_read_by_pybvh_on_the_fitted_joints(film, fitted, tmp_path, unit):
    pybvh = pytest.importorskip("pybvh")
    path = tmp_path / "walk.bvh"
    formats.write(path, film, options=formats.Options(unit=unit))
    clip = pybvh.read_bvh_file(str(path))
    assert clip.frame_time == pytest.approx(1 / 30) and clip.world_up == "+y"
    assert set(clip.joint_names) == set(rig.NAMES)
    places = clip.node_positions() / markers.UNITS_PER_MM[unit]
    assert_on_fitted({name: places[:, clip.node_index[name]] for name in rig.NAMES}, fitted)
    head_top = places[:, clip.node_index["EndSiteHead"]]
    np.testing.assert_allclose(head_top, fitted[:, joint_index("head_top")], atol=1e-2)


def test_bvh_is_read_by_bvhio_on_the_fitted_joints(film, fitted, tmp_path):
    pytest.importorskip("bvhio")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it imports glm by its old name
        import bvhio
    formats.write(tmp_path / "walk.bvh", film)
    root = bvhio.readAsHierarchy(str(tmp_path / "walk.bvh"))
    places = {name: [] for name in rig.NAMES}
    for frame in range(0, 90, 7):
        root.loadPose(frame, recursive=True)
        for joint, _, _ in root.layout():
            places[joint.Name].append(np.array(joint.PositionWorld) * 1000)
    assert_on_fitted({name: np.array(p) for name, p in places.items()}, fitted[::7], 0.05)


def test_the_rest_pose_is_a_t_that_faces_forward(film, tmp_path):
    pybvh = pytest.importorskip("pybvh")
    formats.write(tmp_path / "walk.bvh", film)
    clip = pybvh.read_bvh_file(str(tmp_path / "walk.bvh"))
    rest = {name: clip.rest_pose_positions()[clip.node_index[name]] for name in rig.NAMES}
    assert rest["LeftHand"][0] > 0.5 > -0.5 > rest["RightHand"][0]
    assert abs(rest["LeftHand"][1] - rest["Neck"][1]) < 1e-6
    assert rest["Head"][1] > 0 > rest["LeftFoot"][1] and rest["LeftFoot"][0] > 0
    toes = clip.rest_pose_positions()[clip.node_index["EndSiteLeftFoot"]]
    assert toes[2] > rest["LeftFoot"][2]


def test_the_walks_knees_are_those_it_was_posed_with(tmp_path):
    pybvh = pytest.importorskip("pybvh")
    walk = walks.walk()
    formats.write(tmp_path / "walk.bvh", walks.as_film(walk))
    clip = pybvh.read_bvh_file(str(tmp_path / "walk.bvh"))
    angles = {}
    for side in ("Left", "Right"):
        # The rotation itself tells the bend: the shin's swing from where the thigh points.
        turn = clip.to_rotmat()[1][:, clip.joint_index[f"{side}Leg"]]
        angles[side[0].lower()] = np.degrees(np.arccos(turn[:, 1, 1]))
        np.testing.assert_allclose(
            angles[side[0].lower()], walk.angles[f"knee_angle_{side[0].lower()}"], atol=0.01
        )
        # And about its hinge: nothing of it turns sideways.
        np.testing.assert_allclose(turn[:, 0, 0], 1, atol=1e-6)


def glb_tracks(path):
    """Read a GLB by pygltflib; return it and its arrays by (node's name, path)."""
    pygltflib = pytest.importorskip("pygltflib")
    gltf = pygltflib.GLTF2().load(str(path))
    blob = gltf.binary_blob()

    def array(number):
        accessor = gltf.accessors[number]
        view = gltf.bufferViews[accessor.bufferView]
        width = {"SCALAR": 1, "VEC3": 3, "VEC4": 4, "MAT4": 16}[accessor.type]
        assert accessor.componentType == pygltflib.FLOAT and view.byteOffset % 4 == 0
        data = np.frombuffer(blob, np.float32, accessor.count * width, view.byteOffset)
        return data.reshape(-1, width).astype(float)

    [animation] = gltf.animations
    tracks = {}
    for channel in animation.channels:
        sampler = animation.samplers[channel.sampler]
        name = gltf.nodes[channel.target.node].name
        tracks[name, channel.target.path] = (array(sampler.input)[:, 0], array(sampler.output))
    return gltf, tracks, array


def quaternion_turns(values):
    from scipy.spatial.transform import Rotation

    return Rotation.from_quat(values).as_matrix()


def glb_places(gltf, tracks, count):
    """Forward kinematics over the nodes of a GLB, [N, 3] m by name."""
    places, found = {}, {}

    def visit(number, turn, place):
        node = gltf.nodes[number]
        shift = np.tile(node.translation or [0, 0, 0], (count, 1))
        shift = tracks.get((node.name, "translation"), (None, shift))[1]
        here = place + (turn @ shift[..., None])[..., 0]
        own = np.tile([0, 0, 0, 1.0], (count, 1))
        own = tracks.get((node.name, "rotation"), (None, own))[1]
        places[node.name] = here
        for child in node.children or []:
            visit(child, turn @ quaternion_turns(own), here)
        return found

    visit(0, np.tile(np.eye(3), (count, 1, 1)), np.zeros((count, 3)))
    return places


def test_glb_is_read_by_pygltflib_on_the_fitted_joints(film, fitted, tmp_path):
    pytest.importorskip("scipy")
    formats.write(tmp_path / "walk.glb", film)
    gltf, tracks, array = glb_tracks(tmp_path / "walk.glb")
    seconds, quaternions = tracks["LeftArm", "rotation"]
    np.testing.assert_allclose(seconds, film.rows["seconds"], atol=1e-6)
    np.testing.assert_allclose(np.linalg.norm(quaternions, axis=-1), 1, atol=1e-6)
    places = glb_places(gltf, tracks, 90)
    assert_on_fitted({name: place * 1000 for name, place in places.items()}, fitted)
    for name in ("Left", "Right"):
        joints = markers.y_up(film.rows["joints_3d"])
        side = name[0].lower()
        hip, knee, ankle = (joints[:, joint_index(f"{side}_{j}")] for j in ("hip", "knee", "ankle"))
        cosine = (turns.unit(knee - hip) * turns.unit(ankle - knee)).sum(axis=-1)
        expected = np.degrees(np.arccos(cosine))
        np.testing.assert_allclose(knee_degrees(places, name), expected, atol=0.01)
    [skin] = gltf.skins
    assert [gltf.nodes[joint].name for joint in skin.joints] == list(rig.NAMES)
    bind = array(skin.inverseBindMatrices).reshape(-1, 4, 4).transpose(0, 2, 1)
    at_rest = glb_places(gltf, {}, 1)
    for name, matrix in zip(rig.NAMES, bind, strict=True):
        np.testing.assert_allclose(matrix @ [*at_rest[name][0], 1], [0, 0, 0, 1], atol=1e-6)


@pytest.mark.parametrize(("first_s", "written_s"), [(5.0, 5.0), (-0.5, 0.0)])
def test_glb_has_the_films_times_of_who_comes_later(film, tmp_path, first_s, written_s):
    late = film.rows.copy()
    late["seconds"] += first_s
    formats.write(tmp_path / "late.glb", sequence.PoseSequence(late, film.images))
    _, tracks, _ = glb_tracks(tmp_path / "late.glb")
    for seconds, _ in tracks.values():
        np.testing.assert_allclose(seconds, film.rows["seconds"] + written_s, atol=1e-5)


def test_glb_is_read_by_trimesh_with_a_mesh_as_tall_as_the_person(film, tmp_path):
    trimesh = pytest.importorskip("trimesh")
    formats.write(tmp_path / "walk.glb", film)
    scene = trimesh.load(str(tmp_path / "walk.glb"))
    lengths = rig.fitted_lengths_mm(film)
    names = ("spine", "neck", "head", "thigh", "shin")
    height = sum(lengths[name] for name in names) / 1000
    low, high = scene.bounds
    assert high[1] - low[1] == pytest.approx(height + 0.1 * lengths["shin"] / 1000, abs=0.06)
    assert set(rig.NAMES) <= set(scene.graph.nodes)
    [mesh] = scene.geometry.values()
    assert mesh.is_winding_consistent and mesh.volume > 0


def steps_deg(found):
    """Angle from each frame's turn to the next's, [N - 1, B]."""
    step = np.swapaxes(found[:-1], -1, -2) @ found[1:]
    cosine = (np.trace(step, axis1=-2, axis2=-1) - 1) / 2
    return np.degrees(np.arccos(np.clip(cosine, -1, 1)))


def all_turns(film):
    return np.concatenate([block.turns for block in motion.blocks(film)])


def test_turns_do_not_depend_on_where_blocks_end(film, monkeypatch):
    whole = all_turns(film)
    monkeypatch.setattr(sequence.PoseSequence.blocks, "__defaults__", (7,))
    np.testing.assert_allclose(all_turns(film), whole, atol=1e-9)


def test_a_knee_that_stretches_and_bends_sideways_does_not_turn_the_thigh_at_once():
    walk = walks.walk()
    joints = walk.joints_3d.copy()
    # The shin swings through straight, and then sideways and forwards, as no knee does.
    knee = joints[:, joint_index("l_knee")]
    angle = np.linspace(0, 2 * np.pi, 90)
    shin = np.stack([0.2 * np.sin(angle), np.ones(90), 0.2 * np.cos(angle)], axis=-1)
    joints[:, joint_index("l_ankle")] = knee + 470 * turns.unit(shin)
    steps = steps_deg(all_turns(walks.as_film(walk, joints_3d=joints)))
    assert steps[:, rig.NAMES.index("LeftUpLeg")].max() < 20


def test_a_missing_joint_moves_on_a_line():
    walk = walks.walk()
    joints = walk.joints_3d.copy()
    joints[30:40, joint_index("l_wrist")] = np.nan
    film = walks.as_film(walk, joints_3d=joints)
    assert np.isfinite(all_turns(film)).all()
    assert steps_deg(all_turns(film)).max() < 15


@pytest.mark.parametrize(("one", "other"), [("l_hip", "r_hip"), ("l_knee", "l_hip")])
def test_joints_in_one_place_for_a_while_still_give_turns(one, other, tmp_path):
    walk = walks.walk()
    joints = walk.joints_3d.copy()
    joints[20:30, joint_index(one)] = joints[20:30, joint_index(other)]
    film = walks.as_film(walk, joints_3d=joints)
    found = all_turns(film)
    squares = found @ np.swapaxes(found, -1, -2)
    np.testing.assert_allclose(squares, np.broadcast_to(np.eye(3), squares.shape), atol=1e-9)
    formats.write(tmp_path / "walk.bvh", film)
    numbers = (tmp_path / "walk.bvh").read_text().split("Frame Time:")[1].split()[1:]
    assert np.isfinite(np.array(numbers, float)).all() and len(numbers) == 90 * 57


def test_euler_angles_are_those_of_their_turns_in_every_order():
    scipy = pytest.importorskip("scipy.spatial.transform")
    rng = np.random.default_rng(0)
    found = np.array([random_rotation(rng) for _ in range(50)])
    for order in ("XYZ", "XZY", "YXZ", "YZX", "ZXY", "ZYX"):
        again = scipy.Rotation.from_euler(order, turns.euler(found, order)).as_matrix()
        np.testing.assert_allclose(again, found, atol=1e-9)
    np.testing.assert_allclose(quaternion_turns(turns.quaternions(found)), found, atol=1e-12)


def test_euler_angles_go_on_where_their_range_ends():
    scipy = pytest.importorskip("scipy.spatial.transform")
    way = np.linspace(0, 900, 300)
    given = np.radians(np.stack([way, 60 * np.sin(way / 90), -way / 2], axis=-1))
    given[:, 1] = np.linspace(0, 2.5, 300)  # the middle one goes beyond a quarter turn
    found = scipy.Rotation.from_euler("ZXY", given).as_matrix()
    angles = turns.euler(found, "ZXY")
    cut = turns.without_jumps(angles[:170])
    smooth = np.concatenate([cut, turns.without_jumps(angles[170:], cut[-1])])
    assert np.abs(np.diff(smooth, axis=0)).max() < 0.1 < np.abs(np.diff(angles, axis=0)).max()
    again = scipy.Rotation.from_euler("ZXY", smooth).as_matrix()
    np.testing.assert_allclose(again, found, atol=1e-9)


def test_the_shortest_turn_of_opposite_vectors_is_half_a_turn():
    start = np.array([0.0, -1, 0])
    [turn] = turns.shortest(start, -start[np.newaxis])
    np.testing.assert_allclose(turn @ start, -start, atol=1e-12)
    np.testing.assert_allclose(turn @ turn.T, np.eye(3), atol=1e-12)
    assert np.linalg.det(turn) == pytest.approx(1)


@pytest.mark.slow
@pytest.mark.skipif(not (REAL / "cmu_mocap").exists(), reason="HG3D_DATA: no motion capture there")
@pytest.mark.skipif(not (REAL / "makehuman").exists(), reason="HG3D_DATA: no MakeHuman there")
@pytest.mark.parametrize("clip", ["01/01_01.bvh", "06/06_03.bvh", "08/08_01.bvh"])
def test_captured_motion_has_no_jumps(clip):
    pytest.importorskip("pybvh")
    pytest.importorskip("scipy")
    film, directions = captured(REAL / "cmu_mocap" / clip)
    steps = steps_deg(all_turns(film))
    calm = directions.max(axis=1) < 15
    assert calm.sum() > 50 and steps[calm].max() < 40


def captured(path):
    """A clip of CMU's as a film, and by how many degrees each bone's direction changes."""
    from synthetic_humans.characters import motion as clips
    from synthetic_humans.characters.body import read_body
    from synthetic_humans.characters.character import rest_joints
    from synthetic_humans.characters.retarget import alignments, mpii_joints, pose_bones

    body = read_body(REAL / "makehuman")
    rest = rest_joints(body, body.vertices)
    posed = pose_bones(clips.read_clip(path)[1:], rest, alignments(rest))  # the first is a T
    joints = mpii_joints(posed, rest) * (1, -1, -1)
    rows = sequence.empty_rows(len(joints))
    rows["frame"] = np.arange(len(rows))
    rows["seconds"], rows["joints_3d"] = rows["frame"] / 30, joints
    pairs = [pair for pairs in rig.LENGTHS.values() for pair in pairs]
    pairs.append(("r_shoulder", "l_shoulder"))
    starts, ends = ([JOINT_NAMES.index(pair[i]) for pair in pairs] for i in (0, 1))
    bones = turns.unit(joints[:, ends] - joints[:, starts])
    cosine = np.clip((bones[1:] * bones[:-1]).sum(axis=-1), -1, 1)
    return sequence.PoseSequence(rows, (path.name,)), np.degrees(np.arccos(cosine))
