"""Motion and poses on the body, on made-up files and, where they are, on the real ones."""

import os
from pathlib import Path

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hg3d_tf import cli
from hg3d_tf.skeleton import MIRROR, joint_index
from synthetic_humans.characters import assets, everyday, motion, overlaps, poses
from synthetic_humans.characters.body import read_body
from synthetic_humans.characters.bones import BONES, NUM_BONES, PARENTS, bone, both
from synthetic_humans.characters.character import rest_joints
from synthetic_humans.characters.retarget import (
    Posed,
    accumulate,
    alignments,
    mpii_joints,
    pose_bones,
    relative,
)
from synthetic_humans.mannequin.bones import bone_index
from synthetic_humans.mannequin.poses import Pose

REAL = Path(os.environ.get("HG3D_DATA", "nowhere"))
MISSING = not (REAL / "makehuman/base.obj").exists() or not (REAL / "cmu_mocap").exists()
# Limbs whose directions must be the motion's own.
LIMBS = [("{}UpLeg", "{}Leg"), ("{}Leg", "{}Foot"), ("{}Arm", "{}ForeArm"), ("{}ForeArm", "{}Hand")]


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


@pytest.mark.slow
def test_limbs_point_where_the_motion_file_says(folder):
    _, rest = body_at_rest(folder)
    for path in sorted((folder / "cmu_mocap").glob("*/*.bvh"))[::17]:
        expected = reference_directions(path)
        places = pose_bones(motion.read_clip(path), rest, alignments(rest)).positions
        ends = [(a, b) for pair in LIMBS for a, b in zip(*map(both, pair), strict=True)]
        ours = unit(np.stack([places[:, b] - places[:, a] for a, b in ends], axis=1))
        cosines = np.sum(ours * expected, axis=-1)
        assert np.degrees(np.arccos(np.clip(cosines, -1, 1))).max() < 0.1


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
    sitting = Pose(np.zeros((15, 3)), np.eye(3), 0.0, "upright", True)
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


@pytest.mark.parametrize("text", ["nothing", "HIERARCHY\nROOT Hips\n{\n"])
def test_a_damaged_motion_file_is_named(tmp_path, text):
    (tmp_path / "a.bvh").write_text(text)
    with pytest.raises(cli.UserError, match=r"a\.bvh"):
        motion.read_clip(tmp_path / "a.bvh")


def test_bones_have_their_names_parents():
    assert BONES[PARENTS[bone("LThumb")]] == "LeftHand"
    assert BONES[PARENTS[bone("RightShoulder")]] == "Spine1"
    assert all(PARENTS[row] < row for row in range(NUM_BONES))
