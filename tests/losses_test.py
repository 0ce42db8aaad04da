import numpy as np
import pytest
import tensorflow as tf
from support import reference

from hg3d_tf import losses
from hg3d_tf.skeleton import BONE_GROUPS, canonical_length_mm, joint_index


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def random_pose(rng, batch=7):
    joints_2d = rng.uniform(-1, 1, (batch, 16, 2)).astype(np.float32)
    depth = rng.normal(0, 0.5, (batch, 16)).astype(np.float32)
    visible = rng.random((batch, 16)) < 0.8
    return joints_2d, depth, visible


def canonical_pose():
    """Joints [16, 3] in mm whose grouped bones have exactly the canonical lengths."""
    rng = np.random.default_rng(1)
    pose = np.zeros((16, 3))
    placed = {joint_index("pelvis"), joint_index("upper_neck")}
    pose[joint_index("upper_neck")] = (0, -500, 0)
    bones = [bone for group in BONE_GROUPS.values() for bone in group]
    while bones:
        start, end = next(b if b[0] in placed else b[::-1] for b in bones if set(b) & placed)
        direction = rng.normal(size=3)
        length = canonical_length_mm((start, end))
        pose[end] = pose[start] + direction / np.linalg.norm(direction) * length
        placed.add(end)
        bones = [bone for bone in bones if not set(bone) <= placed]
    return pose


def test_heatmap_loss_is_the_mean_squared_error_of_each_sample(rng):
    predicted, target = rng.normal(size=(2, 3, 8, 8, 16)).astype(np.float32)
    expected = reference.heatmap_loss(predicted, target)
    np.testing.assert_allclose(losses.heatmap_loss(predicted, target), expected, rtol=1e-5)


def test_depth_loss_is_the_mean_squared_error_over_joints(rng):
    predicted, target = rng.normal(size=(2, 5, 16)).astype(np.float32)
    expected = reference.depth_loss(predicted, target)
    np.testing.assert_allclose(losses.depth_loss(predicted, target), expected, rtol=1e-5)


def test_the_absolute_depth_loss_is_smooth_at_nothing_and_straight_far_from_it(rng):
    target = rng.normal(size=(5, 16)).astype(np.float32)
    for far in (-3.0, 3.0):
        loss = losses.depth_loss(target + far, target, "absolute")
        np.testing.assert_allclose(loss, np.full(5, 2.97), atol=1e-3)
    near = losses.depth_loss(target + 1e-3, target, "absolute")
    np.testing.assert_allclose(near, np.full(5, 1e-6 / 0.06), rtol=0.05)
    predicted = rng.normal(size=(5, 16)).astype(np.float32)
    expected = (np.hypot(predicted - target, 0.03) - 0.03).mean(axis=1)
    actual = losses.depth_loss(predicted, target, "absolute")
    np.testing.assert_allclose(actual, expected, rtol=1e-4)


@pytest.mark.parametrize("weighting", ["paper_code", "canonical"])
def test_geometry_loss_equals_the_loop(rng, weighting):
    pose = random_pose(rng, 50)
    expected = reference.geometry_loss(*pose, weighting)
    actual = losses.geometry_loss(*pose, weighting)
    assert actual.shape == (50,)
    np.testing.assert_allclose(actual, expected, rtol=1e-4, atol=1e-6)


@pytest.mark.parametrize("scale", [0.001, 0.0005])
def test_the_canonical_skeleton_at_any_scale_has_no_geometry_loss(scale):
    pose = (canonical_pose() * scale).astype(np.float32)[np.newaxis]
    loss = losses.geometry_loss(pose[..., :2], pose[..., 2], np.ones((1, 16), bool), "canonical")
    np.testing.assert_allclose(loss, 0, atol=1e-10)


def test_one_longer_bone_gives_the_variance_of_its_group():
    # All 4 leg bones of length 1 after weighting, but the right thigh of length 1 + d: the mean
    # is 1 + d/4, the variance d^2 (1/4 - 1/16) = 3/16 d^2. Other groups have no labels.
    joints = np.zeros((1, 16, 2), np.float32)
    names = ("r_ankle", "r_knee", "r_hip", "l_hip", "l_knee", "l_ankle")
    r_ankle, r_knee, r_hip, l_hip, l_knee, l_ankle = (joint_index(name) for name in names)
    shin, d = 1 / 1.0085885098415446, 0.5
    joints[0, r_knee] = (0, -shin)
    joints[0, r_hip] = (0, -shin - 1 - d)
    joints[0, l_hip], joints[0, l_knee] = (1, 0), (1, 1)
    joints[0, l_ankle] = (1, 1 + shin)
    visible = np.zeros((1, 16), bool)
    visible[0, [r_ankle, r_knee, r_hip, l_hip, l_knee, l_ankle]] = True
    loss = losses.geometry_loss(joints, np.zeros((1, 16), np.float32), visible)
    np.testing.assert_allclose(loss, [3 / 16 * d**2], rtol=1e-5)


def test_an_unlabelled_joint_has_no_influence(rng):
    joints_2d, depth, visible = random_pose(rng)
    moved = np.where(visible[..., np.newaxis], joints_2d, 99)
    np.testing.assert_array_equal(
        losses.geometry_loss(moved, np.where(visible, depth, -5), visible),
        losses.geometry_loss(joints_2d, np.where(visible, depth, 7), visible),
    )


def test_bones_without_length_leave_the_gradient_finite(rng):
    joints_2d, _, _ = random_pose(rng, 2)
    joints_2d[0] = 0.3  # every bone of the first person has length 0
    depth = tf.zeros((2, 16))
    with tf.GradientTape() as tape:
        tape.watch(depth)
        loss = losses.geometry_loss(joints_2d, depth, np.ones((2, 16), bool))
    assert loss[0] == 0
    gradient = tape.gradient(loss, depth).numpy()
    assert np.isfinite(gradient).all()
    assert not gradient[0].any()


def test_unknown_weighting_is_named():
    with pytest.raises(ValueError, match="'none'"):
        losses.geometry_loss(
            np.zeros((1, 16, 2)), np.zeros((1, 16)), np.ones((1, 16), bool), "none"
        )


def test_heatmap_divergence_by_loops():
    rng = np.random.default_rng(0)
    predicted, target = rng.random((2, 2, 3, 4, 16)).astype(np.float32)
    target[1, :, :, 3] = 0  # a joint without a label
    expected = np.zeros(2)
    for b in range(2):
        for j in range(16):
            if not target[b, :, :, j].any():
                continue
            p = predicted[b, :, :, j].astype(float) / predicted[b, :, :, j].sum()
            t = target[b, :, :, j].astype(float) / target[b, :, :, j].sum()
            expected[b] += (t * np.log(t / p)).sum() / 16
    np.testing.assert_allclose(losses.heatmap_divergence(predicted, target), expected, rtol=1e-4)


def test_heatmap_divergence_is_zero_for_the_target_whatever_its_scale():
    target = np.random.default_rng(1).random((2, 4, 4, 16)).astype(np.float32)
    np.testing.assert_allclose(losses.heatmap_divergence(3 * target, target), 0, atol=1e-5)
