"""Other views of poses with 3D labels."""

import numpy as np
import tensorflow as tf

from hg3d_tf.network import virtual_views
from hg3d_tf.skeleton import BONES, PELVIS, THORAX, bone_lengths, joint_index

SEED = tf.constant([3, 4])


def test_rotations_are_rotations_and_differ():
    rotations = virtual_views.random_rotations(200, SEED).numpy().astype(float)
    products = rotations @ rotations.transpose(0, 2, 1)
    np.testing.assert_allclose(products, np.tile(np.eye(3), (200, 1, 1)), atol=1e-5)
    np.testing.assert_allclose(np.linalg.det(rotations), 1, atol=1e-5)
    # Most cameras are about level: the vertical stays the vertical, its heading is any.
    assert np.median(rotations[:, 1, 1]) > 0.9
    headings = np.arctan2(rotations[:, 2, 0], rotations[:, 0, 0])
    assert np.histogram(headings, 4, (-np.pi, np.pi))[0].min() > 20


def test_views_keep_the_skeleton(monkeypatch):
    monkeypatch.setattr(virtual_views, "_NOISE", 0.0)
    monkeypatch.setattr(virtual_views, "_WIDER_HIPS", 0.0)
    joints = np.random.default_rng(0).normal(size=(2, 16, 3)).astype(np.float32)
    places, depths = virtual_views.draw(joints, 3, SEED)
    views = np.concatenate([places, depths[..., np.newaxis]], axis=-1)
    np.testing.assert_allclose(
        bone_lengths(views, BONES), np.repeat(bone_lengths(joints, BONES), 3, axis=0), rtol=1e-4
    )
    assert not depths.numpy()[:, THORAX].any()


def test_hips_move_away_from_the_pelvis_and_nothing_else_moves(monkeypatch):
    monkeypatch.setattr(virtual_views, "_NOISE", 0.0)
    joints = np.random.default_rng(2).normal(size=(300, 16, 3)).astype(np.float32)
    places, depths = (value.numpy() for value in virtual_views.draw(joints, 1, SEED))
    monkeypatch.setattr(virtual_views, "_WIDER_HIPS", 0.0)
    where, expected_depths = (value.numpy() for value in virtual_views.draw(joints, 1, SEED))
    np.testing.assert_array_equal(depths, expected_depths)
    hips = [joint_index("r_hip"), joint_index("l_hip")]
    others = np.setdiff1d(np.arange(16), hips)
    np.testing.assert_array_equal(places[:, others], where[:, others])
    pelvis = where[:, [PELVIS]]
    factors = (places[:, hips] - pelvis) / (where[:, hips] - pelvis)
    np.testing.assert_allclose(factors, np.tile(factors[:, :1, :1], (1, 2, 2)), rtol=1e-3)
    assert 1 <= factors.min() < 1.03 and 1.32 < factors.max() <= 1.3501


def test_the_loss_of_a_lifter_by_hand(monkeypatch):
    monkeypatch.setattr(
        virtual_views, "random_rotations", lambda n, seed: tf.eye(3, batch_shape=[n])
    )
    rng = np.random.default_rng(1)
    joints = rng.normal(size=(2, 16, 2)).astype(np.float32)
    depth = rng.normal(size=(2, 16)).astype(np.float32)
    loss = virtual_views.lifting_loss(lambda p: (tf.zeros([6, 16]), None), joints, depth, 3, SEED)
    expected = [np.mean((d - d[THORAX]) ** 2) for d in depth]
    np.testing.assert_allclose(loss, expected, rtol=1e-5)

    absolute = virtual_views.lifting_loss(
        lambda p: (tf.zeros([6, 16]), None), joints, depth, 3, SEED, "absolute"
    )
    expected = [np.mean(np.hypot(d - d[THORAX], 0.03) - 0.03) for d in depth]
    np.testing.assert_allclose(absolute, expected, rtol=1e-4)


def test_the_same_step_draws_the_same_views():
    joints = tf.random.normal([2, 16, 3])
    one, two = (virtual_views.draw(joints, 2, SEED)[0] for _ in range(2))
    other, _ = virtual_views.draw(joints, 2, SEED + 1)
    np.testing.assert_array_equal(one, two)
    assert np.abs(one - other).max() > 0.1
