"""How alike poses are, and who is who by it."""

import math

import numpy as np
import pytest

from hg3d_tf.prediction import likeness
from hg3d_tf.skeleton import joint_index

JOINTS = np.random.default_rng(0).uniform(0, 100, (16, 2))


def test_the_same_pose_is_the_same_and_far_ones_differ():
    assert likeness.of_poses(JOINTS, JOINTS) == 1
    assert likeness.of_poses(JOINTS, JOINTS + 1000) == pytest.approx(0)


def test_one_joint_elsewhere_costs_what_coco_says():
    moved = JOINTS.copy()
    moved[joint_index("l_knee"), 0] += 5
    area = max(np.prod(np.ptp(joints, axis=0)) for joints in (JOINTS, moved))
    expected = (15 + math.exp(-(5**2) / (2 * area * (2 * 0.087) ** 2))) / 16
    assert likeness.of_poses(JOINTS, moved) == pytest.approx(expected)


def test_likeness_does_not_depend_on_size():
    moved = JOINTS + np.random.default_rng(1).normal(0, 4, JOINTS.shape)
    assert likeness.of_poses(7 * JOINTS, 7 * moved) == pytest.approx(
        likeness.of_poses(JOINTS, moved)
    )


def test_of_poses_that_are_alike_the_first_stays():
    assert likeness.distinct([JOINTS, JOINTS + 300, JOINTS + 1], 0.7) == [0, 1]


def test_each_is_paired_once_the_most_alike_first():
    alike = np.array([[0.8, 0.9, 0.0], [0.1, 0.85, 0.2]])
    assert likeness.pairs(alike, 0.3) == [(0, 1)]
    assert likeness.pairs(alike, 0.2) == [(0, 1), (1, 2)]
    assert likeness.pairs(np.zeros((0, 3)), 0.3) == []
