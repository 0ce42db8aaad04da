"""Labels of two networks: exact cases."""

import sys

import numpy as np
import pytest
from support.commands import ROOT

sys.path.insert(0, str(ROOT / "experiments"))
from agreed_labels import label, mean_pose_mm, pose_mm

from hg3d_tf.skeleton import JOINT_NAMES, joint_index

RNG = np.random.default_rng(0)
SIDE = 100.0
# MediaPipe's numbers of the landmarks on its page.
LANDMARKS = {"l_hip": 23, "r_hip": 24, "l_knee": 25, "r_knee": 26, "l_ankle": 27, "r_ankle": 28}
LANDMARKS |= {"l_shoulder": 11, "r_shoulder": 12, "l_elbow": 13, "r_elbow": 14}
LANDMARKS |= {"l_wrist": 15, "r_wrist": 16}


def with_hips_as_annotated(landmarks):
    """Return landmarks [33, D] with hips 1.314 times as far apart, up by 0.063 of the trunk."""
    hips, shoulders = landmarks[[23, 24]], landmarks[[11, 12]]
    middle = hips.mean(0)
    moved = np.array(landmarks)
    moved[[23, 24]] = middle + 1.314 * (hips - middle) + 0.063 * (shoulders.mean(0) - middle)
    return moved


@pytest.fixture
def answers():
    """Poses of both that differ by 4 px in each limb joint."""
    ours = RNG.uniform(0, 300, (16, 2))
    image = RNG.uniform(0, 300, (33, 2))
    for name, landmark in LANDMARKS.items():
        ours[joint_index(name)] = with_hips_as_annotated(image)[landmark] - [4, 0]
    world = RNG.normal(size=(33, 3))
    world -= world[[23, 24]].mean(axis=0)  # as MediaPipe puts it
    return ours, {"image": image, "world": world}


def test_agreed_joints_are_in_the_middle_of_both_and_whole_poses_have_depth(answers):
    ours, theirs = answers
    entry = label(ours, [theirs] * 3, SIDE, 8)
    joints = np.array(entry["joints"]) - 0.5
    assert all(entry["joints_vis"])
    np.testing.assert_allclose(joints[joint_index("l_knee")], ours[joint_index("l_knee")] + [2, 0])
    hips = [joint_index("l_hip"), joint_index("r_hip")]
    np.testing.assert_allclose(joints[joint_index("pelvis")], joints[hips].mean(0))
    np.testing.assert_array_equal(joints[joint_index("head_top")], ours[joint_index("head_top")])
    pose = np.array(entry["joints_3d_mm"])
    world = 1000 * with_hips_as_annotated(theirs["world"])
    world -= world[[23, 24]].mean(0)
    for name, landmark in LANDMARKS.items():
        np.testing.assert_allclose(pose[joint_index(name)], world[landmark])
    thorax, neck, top = (pose[joint_index(name)] for name in ("thorax", "upper_neck", "head_top"))
    ears = world[[7, 8]].mean(0)
    np.testing.assert_allclose(neck, (thorax + ears) / 2)
    np.testing.assert_allclose(np.cross(top - thorax, ears - thorax), 0, atol=1e-6)


def test_joints_that_differ_have_no_label_and_the_pose_no_depth(answers):
    ours, theirs = answers
    theirs["image"][LANDMARKS["r_wrist"]] += 20
    theirs["image"][LANDMARKS["l_hip"]] += 20
    entry = label(ours, [theirs] * 3, SIDE, 8)
    hidden = {n for n, v in zip(JOINT_NAMES, entry["joints_vis"], strict=True) if not v}
    assert hidden == {"r_wrist", "l_hip", "pelvis", "upper_neck", "head_top"}
    assert "joints_3d_mm" not in entry


def test_exchanged_sides_and_people_whom_one_misses_are_left_out(answers):
    ours, theirs = answers
    theirs["image"] = theirs["image"].copy()
    left, right = ([LANDMARKS[n] for n in sorted(LANDMARKS) if n[0] == s] for s in "lr")
    theirs["image"][left + right] = theirs["image"][right + left]
    assert label(ours, [theirs] * 3, SIDE, 8) == {}
    assert label(ours, [{}] * 3, SIDE, 8) == {}


def test_hips_are_where_annotators_mark_them():
    world = np.zeros((33, 3))
    world[LANDMARKS["l_hip"]], world[LANDMARKS["r_hip"]] = [0.09, 0, 0], [-0.09, 0, 0]
    world[[LANDMARKS["l_shoulder"], LANDMARKS["r_shoulder"]]] = [0, -0.5, 0]
    pose = pose_mm(world)
    np.testing.assert_allclose(pose[joint_index("l_hip")], [118.26, -31.5, 0])
    np.testing.assert_allclose(pose[joint_index("r_hip")], [-118.26, -31.5, 0])
    np.testing.assert_allclose(pose[joint_index("pelvis")], [0, -31.5, 0], atol=1e-9)


def test_depth_is_the_mean_of_looks_that_agree():
    pose = RNG.normal(0, 300, (16, 3))
    pose -= pose[joint_index("pelvis")]
    noisy = [pose + RNG.normal(0, 20, pose.shape) for _ in range(200)]
    noisy = [(1.3 if n % 2 else 0.9) * (one + np.array([100, 0, n])) for n, one in enumerate(noisy)]
    mean = mean_pose_mm(noisy)
    assert np.abs(mean / 1.1 - pose).max() < 12
    mirrored = pose * [1, 1, -1]
    assert mean_pose_mm([pose, pose, mirrored]) is None
    assert mean_pose_mm([pose]) is None


def test_looks_that_differ_leave_no_depth(answers):
    ours, theirs = answers
    other = theirs | {"world": theirs["world"] * [1, 1, -1]}
    assert "joints_3d_mm" not in label(ours, [theirs, other, other], SIDE, 8)
    assert "joints_3d_mm" in label(ours, [theirs, {}, theirs], SIDE, 8)
    assert label(ours, [{}, theirs, theirs], SIDE, 8) == {}
