import pytest

from hg3d_tf.skeleton import JOINT_NAMES, LIMB_JOINTS
from own_photos.own_photos_joint_names import our_names, unknown_names

LIMBS = {JOINT_NAMES[joint] for joint in LIMB_JOINTS}
FACE = ["nose", "left_eye", "right_eye", "left_ear", "right_ear"]
COCO = FACE + [
    f"{side}_{part}"
    for part in ("shoulder", "elbow", "wrist", "hip", "knee", "ankle")
    for side in ("left", "right")
]
HALPE_FEET = [f"{s}{part}" for part in ("BigToe", "SmallToe", "Heel") for s in "LR"]
HALPE = ["Nose", "LEye", "REye", "LEar", "REar"]
HALPE += [f"{s}{p}" for p in ("Shoulder", "Elbow", "Wrist", "Hip", "Knee", "Ankle") for s in "LR"]
HALPE += ["Head", "Neck", "Hip", *HALPE_FEET]
WHOLE_BODY = [
    *COCO,
    *(f"{side}_{part}" for side in ("left", "right") for part in ("big_toe", "small_toe", "heel")),
    *(f"face-{number}" for number in range(68)),
    *("left_hand_root", "right_hand_root"),
    *(f"left_{f}{n}" for f in ("thumb", "forefinger", "pinky_finger") for n in range(1, 5)),
]
SKELETONS = {
    "AI Challenger": ([*COCO[5:], "head_top", "neck"], {"head_top"}),
    "CrowdPose": ([*COCO[5:], "head", "neck"], {"head_top"}),
    "CrowdPose, MMPose's names": ([*COCO[5:], "top_head", "neck"], {"head_top"}),
    "PoseTrack18": (["nose", "head_bottom", "head_top", *COCO[3:]], {"upper_neck", "head_top"}),
    "JHMDB": (["neck", "belly", "head", *COCO[5:]], set()),
    "MHP": (
        [*COCO[5:], "pelvis", "thorax", "upper_neck", "head_top"],
        {"pelvis", "thorax", "upper_neck", "head_top"},
    ),
    "Halpe": (HALPE, {"head_top", "pelvis"}),
    "Halpe, MMPose's names": (
        [*COCO, "head", "neck", "hip", "left_big_toe", "right_big_toe", "left_heel"],
        {"head_top", "pelvis"},
    ),
    "COCO-WholeBody": (WHOLE_BODY, set()),
    "OpenPose": ([*HALPE[:17], "Neck", "MidHip", *HALPE_FEET], {"pelvis"}),
}


def test_our_own_names_mean_themselves():
    assert our_names(list(JOINT_NAMES)) == list(JOINT_NAMES)


SPELLINGS = {
    "l_shoulder": [
        *("left_shoulder", "Left Shoulder", "left-shoulder", "LEFT SHOULDER", "lshoulder"),
        *("LShoulder", "L_Shoulder", "leftShoulder", "LeftShoulderJoint", "shoulder_left"),
        *("Shoulder.L", "shoulder (left)", "l. shoulder", "lsho", "Lt Shoulder", "5 left_shoulder"),
    ],
    "r_hip": [
        "Right Hip",
        "right-hip",
        "rhip",
        "R_Hip",
        "RHip",
        "hip_right",
        "RIGHT_HIP",
        " rHip ",
    ],
    "pelvis": ["Pelvis", "root", "mid_hip", "MidHip", "hip center"],
    "head_top": ["Head Top", "top_head", "top of the head", "headTop"],
}


@pytest.mark.parametrize("joint", SPELLINGS)
def test_a_joint_is_known_by_its_meaning(joint):
    assert [our_names([name]) for name in SPELLINGS[joint]] == [[joint]] * len(SPELLINGS[joint])


@pytest.mark.parametrize("skeleton", SKELETONS)
def test_the_public_skeletons_are_known(skeleton):
    names, more = SKELETONS[skeleton]
    ours = [name for name in our_names(names) if name]
    assert len(ours) == len(set(ours)) and set(ours) == LIMBS | more
    assert not unknown_names(names)


@pytest.mark.parametrize("name", ["linke_schulter", "joint 3", "left", "r", "", "left_right_hip"])
def test_what_means_nothing_is_unknown(name):
    assert our_names([name]) == [None]
    assert unknown_names([name]) == [name]


def test_a_single_hip_is_not_the_pelvis():
    assert our_names(["hip", "knee", "ankle"]) == [None] * 3
    assert our_names(["hip", "left_hip", "right_hip"])[0] == "pelvis"
