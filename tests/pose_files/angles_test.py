"""Joint angles against formulas and the angles that a mannequin was posed with."""

import numpy as np
import pytest
from support import walks

from hg3d_tf.pose_files import angles
from hg3d_tf.skeleton import MIRROR, joint_index
from synthetic_humans.mannequin.bones import NUM_BONES, bone_index
from synthetic_humans.mannequin.kinematics import forward_kinematics, posed_joints
from synthetic_humans.mannequin.proportions import NUM_LENGTHS, rest_skeleton
from synthetic_humans.rotations import axis_rotations, random_rotation

SKELETON = rest_skeleton(1.0, np.ones(NUM_LENGTHS))


def posed(root=None, **bones):
    """Joints [1, 16, 3], y down, of a mannequin; flexion, abduction, twist by bone."""
    pose = np.zeros((1, NUM_BONES, 3))
    for name, values in bones.items():
        pose[0, bone_index(name)] = values
    root = np.eye(3) if root is None else root
    joints = posed_joints(SKELETON, *forward_kinematics(pose, root[None], SKELETON.pivots))
    return joints * (1, -1, -1)


def measured(joints, **more):
    return dict(zip(angles.COLUMNS, angles.joint_angles(joints, **more)[0], strict=True))


def test_who_stands_has_no_angles():
    assert np.abs(angles.joint_angles(posed())).max() < 1e-9


@pytest.mark.parametrize("side", ["l", "r"])
@pytest.mark.parametrize("degrees", [0, 1e-3, 45, 90, 150])
def test_knee_and_elbow_bend_from_0(side, degrees):
    found = measured(
        posed(**{f"{side}_shank": (degrees, 0, 0), f"{side}_forearm": (degrees, 0, 0)})
    )
    assert found[f"knee_angle_{side}"] == pytest.approx(degrees, abs=1e-6)
    assert found[f"elbow_flex_{side}"] == pytest.approx(degrees, abs=1e-6)


@pytest.mark.parametrize("side", ["l", "r"])
@pytest.mark.parametrize("flexion", [-20, 30, 90, 120])
@pytest.mark.parametrize("abduction", [-15, 0, 40])
def test_hip_and_shoulder_are_those_of_the_mannequin(side, flexion, abduction):
    # The mannequin turns a limb by its flexion after its abduction, as these angles are defined.
    pose = {f"{side}_thigh": (flexion, abduction, 20), f"{side}_upper_arm": (flexion, abduction, 0)}
    found = measured(posed(**pose))
    for name in ("hip", "arm"):
        flex = "flexion" if name == "hip" else "flex"
        assert found[f"{name}_{flex}_{side}"] == pytest.approx(flexion, abs=1e-6)
        assert found[f"{name}_abduction_{side}"] == pytest.approx(abduction, abs=1e-6)
    cosine = np.cos(np.radians(flexion)) * np.cos(np.radians(abduction))
    expected = np.degrees(np.arccos(cosine))
    assert found[f"arm_elevation_{side}"] == pytest.approx(expected, abs=1e-5)


def test_an_arm_that_goes_up_and_over_does_not_jump_through_360():
    degrees = np.arange(-60, 241, 5)
    found = [measured(posed(l_upper_arm=(d, 0, 0)))["arm_flex_l"] for d in degrees]
    np.testing.assert_allclose(found, degrees, atol=1e-6)


def test_an_arm_straight_sideways_has_no_flexion():
    found = measured(posed(l_upper_arm=(0, 88, 0)))
    assert np.isnan(found["arm_flex_l"]) and found["arm_abduction_l"] == pytest.approx(88)


@pytest.mark.parametrize(("forward", "left"), [(30, 0), (-10, 0), (0, 20)])
def test_the_trunk_leans(forward, left):
    # The whole body leans: the hips stay level, so it is the trunk against the vertical.
    root = axis_rotations(np.radians(70.0), 1) @ axis_rotations(np.radians(float(forward)), 0)
    joints = posed(root @ axis_rotations(np.radians(-float(left)), 2))
    found = measured(joints)
    assert found["trunk_lean_forward"] == pytest.approx(forward, abs=1e-6)
    assert found["trunk_lean_left"] == pytest.approx(left, abs=1e-6)


def test_all_but_the_lean_are_the_same_however_the_person_lies_and_how_large():
    rng = np.random.default_rng(0)
    joints = posed(l_thigh=(40, 10, 0), r_shank=(50, 0, 0), r_upper_arm=(60, 30, 0))
    turned = joints @ random_rotation(rng).T * 1.7 + (100, 200, 4000)
    one, two = angles.joint_angles(joints)[0], angles.joint_angles(turned)[0]
    np.testing.assert_allclose(one[:-2], two[:-2], atol=1e-6)


def test_a_mirrored_person_has_the_same_angles_on_the_other_side():
    joints = posed(l_thigh=(40, 10, 0), l_shank=(30, 0, 0), r_upper_arm=(60, 30, 0))
    mirrored = (joints * (-1, 1, 1))[:, list(MIRROR)]
    one, two = measured(joints), measured(mirrored)
    for name, value in one.items():
        if name[-2:] in ("_l", "_r"):
            other = name[:-1] + {"l": "r", "r": "l"}[name[-1]]
            assert two[other] == pytest.approx(value, abs=1e-6)


def test_unclear_joints_leave_gaps_and_only_where_they_count():
    joints, clear = posed(), np.full((1, 16), True)
    clear[0, joint_index("l_wrist")] = False
    found = measured(joints, clear=clear)
    assert [name for name, value in found.items() if np.isnan(value)] == ["elbow_flex_l"]
    clear[0, joint_index("l_hip")] = False
    lost = {name for name, value in measured(joints, clear=clear).items() if np.isnan(value)}
    assert lost >= {"knee_angle_l", "hip_flexion_l", "hip_flexion_r", "trunk_lean_forward"}
    assert not lost & {"knee_angle_r", "elbow_flex_r", "arm_flex_r"}


def test_an_unclear_joint_of_a_film_leaves_a_gap_that_can_be_filled():
    walk = walks.walk()
    confidence = np.full((90, 16), 0.9)
    confidence[10:13, joint_index("r_ankle")] = 0.2
    confidence[40:60, joint_index("r_ankle")] = 0.2
    confidence[:2, joint_index("r_ankle")] = 0.2
    film = walks.as_film(walk, confidence=confidence)
    column = angles.COLUMNS.index("knee_angle_r")

    def knee(fill_gaps_s):
        return np.concatenate([v for _, v in angles.of_film(film, fill_gaps_s)])[:, column]

    gaps = [*range(2), *range(10, 13), *range(40, 60)]
    assert np.flatnonzero(np.isnan(knee(0))).tolist() == gaps
    filled = knee(4 / 30)
    assert np.flatnonzero(np.isnan(filled)).tolist() == [*range(2), *range(40, 60)]
    ends = walk.angles["knee_angle_r"][[9, 13]]
    np.testing.assert_allclose(filled[9:14], np.linspace(*ends, 5), atol=1e-9)


def test_a_gap_across_which_an_arm_changes_its_side_is_not_filled():
    values = np.array([-30, np.nan, 180, np.nan, 150, 140])
    angles.fill_gaps(values, np.arange(6) / 30, 1.0)
    np.testing.assert_array_equal(values, [-30, np.nan, 180, 165, 150, 140])


def test_a_bone_of_no_length_has_no_angle():
    joints = posed()
    joints[0, joint_index("l_knee")] = joints[0, joint_index("l_hip")]
    found = measured(joints)
    assert np.isnan(found["knee_angle_l"]) and np.isnan(found["hip_flexion_l"])
