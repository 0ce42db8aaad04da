import numpy as np
import pytest

from hg3d_tf.skeleton import (
    BONE_GROUPS,
    CANONICAL_LENGTHS_MM,
    JOINT_NAMES,
    MIRROR,
    SYMMETRY_PAIRS,
    bone_lengths,
    canonical_length_mm,
    joint_index,
)
from synthetic_humans.mannequin import people, poses
from synthetic_humans.mannequin.bones import NUM_BONES, bone_index
from synthetic_humans.mannequin.collisions import penetration_mm
from synthetic_humans.mannequin.kinematics import (
    LIMITS_DEG,
    forward_kinematics,
    mirror_pose,
    posed_joints,
)
from synthetic_humans.mannequin.proportions import NUM_LENGTHS, rest_skeleton

CANONICAL = rest_skeleton(1.0, np.ones(NUM_LENGTHS))


def joints_of(angles, skeleton=CANONICAL, root=None):
    root = np.eye(3) if root is None else root
    return posed_joints(skeleton, *forward_kinematics(angles, root, skeleton.pivots))


def bent(**angles):
    pose = np.zeros((NUM_BONES, 3))
    for name, values in angles.items():
        pose[bone_index(name)] = values
    return joints_of(pose)


def random_angles(count):
    low, high = LIMITS_DEG[..., 0], LIMITS_DEG[..., 1]
    return np.random.default_rng(0).uniform(low, high, (count, NUM_BONES, 3))


def test_canonical_skeleton_has_the_canonical_lengths():
    bones = [bone for group in BONE_GROUPS.values() for bone in group]
    expected = [canonical_length_mm(bone) for bone in bones]
    np.testing.assert_allclose(bone_lengths(CANONICAL.joints, bones), expected, rtol=1e-6)
    trunk = CANONICAL.joints[joint_index("thorax")] - CANONICAL.joints[joint_index("pelvis")]
    assert np.linalg.norm(trunk) == pytest.approx(
        CANONICAL_LENGTHS_MM[frozenset(("pelvis", "thorax"))]
    )


def test_any_pose_keeps_the_bones_lengths():
    bones = [bone for group in BONE_GROUPS.values() for bone in group]
    lengths = bone_lengths(joints_of(random_angles(50)), bones)
    expected = bone_lengths(CANONICAL.joints, bones)
    np.testing.assert_allclose(lengths, np.broadcast_to(expected, lengths.shape), rtol=1e-9)


def test_people_are_symmetric_and_differ():
    persons = [people.random_person(np.random.default_rng(i), True) for i in range(20)]
    for person in persons:
        for right, left in SYMMETRY_PAIRS.values():
            pair = [tuple(map(joint_index, bone)) for bone in (right, left)]
            first, second = bone_lengths(person.skeleton.joints, pair)
            assert first == pytest.approx(second)
    shins = {round(float(np.ptp(person.skeleton.joints[:, 1]))) for person in persons}
    assert len(shins) > 15


def test_joints_bend_the_human_way():
    rest = joints_of(np.zeros((NUM_BONES, 3)))
    wrist, ankle = joint_index("l_wrist"), joint_index("l_ankle")
    assert bent(l_upper_arm=(90, 0, 0))[wrist, 2] > 500  # forwards
    assert bent(l_upper_arm=(0, 90, 0))[wrist, 0] > rest[wrist, 0] + 500  # to the left
    assert bent(r_upper_arm=(0, 90, 0))[joint_index("r_wrist"), 0] < -600  # to the right
    assert bent(l_forearm=(90, 0, 0))[wrist, 2] > 240
    assert bent(l_thigh=(90, 0, 0))[ankle, 2] > 800
    assert bent(l_shank=(90, 0, 0))[ankle, 2] < -440  # heel to the back
    assert bent(chest=(45, 0, 0))[joint_index("head_top"), 2] > 300
    inwards = bent(l_forearm=(90, 0, 0), l_upper_arm=(0, 0, 45))
    assert inwards[wrist, 0] < rest[wrist, 0] - 150


def test_mirrored_pose_is_the_mirror_image():
    angles = random_angles(5)
    mirrored = joints_of(angles)[:, list(MIRROR)] * [-1, 1, 1]
    np.testing.assert_allclose(joints_of(mirror_pose(angles)), mirrored, atol=1e-9)


@pytest.mark.parametrize("wild", [False, True])
def test_poses_respect_limits_and_stay_out_of_the_body(wild):
    rng = np.random.default_rng(1)
    drawn = [poses.random_pose(rng, CANONICAL, 1.0, wild) for _ in range(150)]
    angles = np.stack([pose.angles for pose in drawn])
    assert np.all(angles >= LIMITS_DEG[..., 0]) and np.all(angles <= LIMITS_DEG[..., 1])
    assert np.mean(penetration_mm(angles, CANONICAL, 1.0) < 26) > 0.95
    roots = np.stack([pose.root for pose in drawn])
    np.testing.assert_allclose(
        roots @ roots.transpose(0, 2, 1), np.tile(np.eye(3), (150, 1, 1)), atol=1e-9
    )
    kinds = {pose.kind for pose in drawn}
    assert kinds == ({"upright", "jump", "lying", "any"} if wild else {"upright"})


def test_a_hand_in_the_belly_is_a_collision():
    pose = np.zeros((NUM_BONES, 3))
    pose[[bone_index("l_upper_arm"), bone_index("r_upper_arm")], 1] = 10
    assert penetration_mm(pose, CANONICAL, 1.0) < 25
    pose[bone_index("l_upper_arm")] = (0, -30, 70)
    pose[bone_index("l_forearm")] = (120, 0, 0)
    assert penetration_mm(pose, CANONICAL, 1.0) > 40


def test_pelvis_and_thorax_are_mid_points():
    joints = dict(zip(JOINT_NAMES, np.moveaxis(joints_of(random_angles(5)), 1, 0), strict=True))
    np.testing.assert_allclose(joints["pelvis"], (joints["l_hip"] + joints["r_hip"]) / 2)
    middle = (joints["l_shoulder"] + joints["r_shoulder"]) / 2
    np.testing.assert_allclose(joints["thorax"], middle)
