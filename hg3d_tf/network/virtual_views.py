"""Poses with 3D labels as other cameras would see them: 2D and depth without a picture."""

import math

import tensorflow as tf

from hg3d_tf import losses
from hg3d_tf.skeleton import L_HIP, NUM_JOINTS, PELVIS, R_HIP, THORAX

# Cameras walk round the person; most stand about level, some look from anywhere.
_PITCH_SIGMA, _ROLL_SIGMA = math.radians(15), math.radians(15)
_ANYWHERE_SHARE = 0.1
# Of the places that a network would see, in units of their spread.
_NOISE = 0.05
# Annotators of photos mark hips up to a third further from the pelvis than where bodies have them
# (LSPET against MPII and MakeHuman); depth must not mind.
_WIDER_HIPS = 0.35
_HIPS = (R_HIP, L_HIP)


def draw(joints, count: int, seed) -> tuple[tf.Tensor, tf.Tensor]:
    """Turn each pose at random, `count` times, and look at it in weak perspective.

    Args:
      joints: [B, 16, 3] in half crop sides, x right, y down, z forwards.
      count: views of each pose.
      seed: [2] int32.

    Returns:
      places [B * count, 16, 2] with noise, hips at or beyond their own, and depths
      [B * count, 16] relative to the thorax; the views of a pose follow one another.
    """
    joints = tf.repeat(joints, count, axis=0)
    turned = tf.einsum("nij,nkj->nki", random_rotations(tf.shape(joints)[0], seed), joints)
    places, depths = turned[..., :2], turned[..., 2]
    spread = tf.math.reduce_std(places, axis=[1, 2], keepdims=True)
    noise = tf.random.stateless_normal(tf.shape(places), _stream(seed, 1))
    places = _widen_hips(places + _NOISE * spread * noise, _stream(seed, 4))
    return places, depths - depths[:, THORAX : THORAX + 1]


def _widen_hips(places, seed) -> tf.Tensor:
    wider = _WIDER_HIPS * tf.random.stateless_uniform([tf.shape(places)[0], 1, 1], seed)
    is_hip = tf.reduce_sum(tf.one_hot(_HIPS, NUM_JOINTS), axis=0)[:, tf.newaxis]
    pelvis = places[:, PELVIS : PELVIS + 1]
    return places + wider * is_hip * (places - pelvis)


def random_rotations(count, seed) -> tf.Tensor:
    """Return [count, 3, 3]: round the vertical, then up or down, then in the picture's plane."""
    uniform = tf.random.stateless_uniform([4, count], _stream(seed, 2))
    normal = tf.random.stateless_normal([2, count], _stream(seed, 3))
    turns = uniform[:3] * (2 * math.pi)
    anywhere = uniform[3] < _ANYWHERE_SHARE
    pitch = tf.where(anywhere, turns[1], normal[0] * _PITCH_SIGMA)
    roll = tf.where(anywhere, turns[2], normal[1] * _ROLL_SIGMA)
    return _about(2, roll) @ _about(0, pitch) @ _about(1, turns[0])


def _stream(seed, number: int):
    return seed + tf.constant([0, number])


def _about(axis: int, angles) -> tf.Tensor:
    first, second = (axis + 1) % 3, (axis + 2) % 3
    identity = tf.eye(3, batch_shape=tf.shape(angles)[:1])
    plane = tf.one_hot([first, second], 3)
    swap = tf.one_hot([second, first], 3) * [[-1.0], [1.0]]
    cosine = tf.linalg.diag(tf.reduce_sum(plane, axis=0))
    sine = tf.matmul(plane, swap, transpose_a=True)
    angles = angles[:, tf.newaxis, tf.newaxis]
    return identity + (tf.cos(angles) - 1) * cosine + tf.sin(angles) * sine


def lifting_loss(
    lifter, joints_2d_norm, depth, count: int, seed, kind: losses.DepthLoss = "squared"
) -> tf.Tensor:
    """Return the lifter's depth loss, the mean over a pose's views, [B].

    Args:
      lifter: places [N, 16, 2] -> depths [N, 16] and their unit.
      joints_2d_norm: [B, 16, 2] labels.
      depth: [B, 16] labels, half crop sides.
      count: views of each pose.
      seed: [2] int32.
      kind: see `losses.depth_loss`.
    """
    joints = tf.concat([joints_2d_norm, depth[..., tf.newaxis]], axis=-1)
    places, depths = draw(joints, count, seed)
    lifted, _ = lifter(places)
    loss = losses.depth_loss(lifted, depths, kind)
    return tf.reduce_mean(tf.reshape(loss, [-1, count]), axis=1)
