import numpy as np
import pytest
from support import reference

from hg3d_tf import skeleton


def test_joints_are_in_mpii_order():
    assert skeleton.JOINT_NAMES[0] == "r_ankle"
    assert skeleton.JOINT_NAMES[9] == "head_top"
    assert skeleton.JOINT_NAMES[15] == "l_wrist"
    assert (skeleton.PELVIS, skeleton.THORAX, skeleton.UPPER_NECK) == (6, 7, 8)


def test_mirror_exchanges_the_pairs_of_the_paper():
    pairs = [(0, 5), (1, 4), (2, 3), (10, 15), (11, 14), (12, 13)]
    expected = list(range(16))
    for a, b in pairs:
        expected[a], expected[b] = b, a
    assert list(skeleton.MIRROR) == expected


def as_sets(bones):
    return {frozenset(bone) for bone in bones}


def test_bones_and_groups_are_those_of_the_paper():
    assert as_sets(skeleton.BONES) == as_sets(reference.BONES)
    assert len(skeleton.BONES) == 14
    groups = [as_sets(bones) for bones in skeleton.BONE_GROUPS.values()]
    assert groups == [as_sets(bones) for bones in reference.GROUPS]


def test_canonical_lengths_are_the_same_on_both_sides():
    for a, b in skeleton.BONES[:-2]:
        mirrored = (skeleton.MIRROR[a], skeleton.MIRROR[b])
        assert skeleton.canonical_length_mm((a, b)) == skeleton.canonical_length_mm(mirrored)


def test_a_bone_that_is_none_has_no_length():
    with pytest.raises(KeyError):
        skeleton.canonical_length_mm((0, 9))


def test_bone_lengths_sum_to_the_reference():
    joints = np.random.default_rng(0).normal(size=(3, 16, 3))
    expected = [reference.bone_sum(pose) for pose in joints]
    np.testing.assert_allclose(skeleton.bone_lengths(joints).sum(-1), expected)
