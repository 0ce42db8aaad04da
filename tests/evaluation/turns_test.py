"""People who are turned in the picture, and answers that are wrong in known ways."""

import numpy as np
import pytest

from hg3d_tf.evaluation.protocols.turns import by_turn
from hg3d_tf.skeleton import JOINT_NAMES, MIRROR, joint_index

# x right, y down; the chest looks at the camera: their left is the picture's right.
_PLACES = {"hip": (0.1, 0), "knee": (0.12, 0.4), "ankle": (0.14, 0.8)}
_PLACES |= {"shoulder": (0.15, -0.45), "elbow": (0.25, -0.2), "wrist": (0.3, 0)}
_PLACES |= {"pelvis": (0, 0), "thorax": (0, -0.45), "upper_neck": (0, -0.5), "head_top": (0, -0.7)}


def _place(name):
    side = {"l_": 1, "r_": -1}.get(name[:2], 0)
    x, y = _PLACES[name[2:] if side else name]
    return [(side or 1) * x, y]


STANDING = np.array([_place(name) for name in JOINT_NAMES])


def turned(degrees):
    """Return the person, turned to the picture's right."""
    cosine, sine = np.cos(np.radians(degrees)), np.sin(np.radians(degrees))
    return STANDING @ np.array([[cosine, sine], [-sine, cosine]])


def measured(truth, answers, hidden=()):
    visible = np.ones((len(truth), 16), bool)
    for row, name in hidden:
        visible[row, joint_index(name)] = False
    return by_turn(
        {
            "key": np.arange(len(truth)),
            "joints_2d_norm": np.stack(truth),
            "visible": visible,
            "predicted_2d_norm": np.stack(answers),
        }
    )


@pytest.mark.parametrize(
    "degrees, group",
    [(0, "upright"), (40, "upright"), (-60, "lying"), (120, "lying"), (-150, "upside down")],
)
def test_people_are_grouped_by_how_they_are_turned(degrees, group):
    values = measured([turned(degrees)], [turned(degrees)]).values
    assert values[f"{group} @0.1"] == 100 and values[f"{group} exchanged %"] == 0
    others = {"upright", "lying", "upside down"} - {group}
    assert all(np.isnan(values[f"{name} @0.1"]) for name in others)


def test_exchanged_sides_and_joints_that_are_off_are_counted():
    down = turned(180)
    off = down.copy()
    off[[joint_index("l_ankle"), joint_index("r_wrist"), joint_index("head_top")]] += 0.3
    values = measured([down] * 4, [down, down, off, down[list(MIRROR)]]).values
    assert values["upside down exchanged %"] == 25
    # 12 of 12, 12 of 12, 10 of 12; exchanged, no joint is within 0.15 (0.1 of 1.5) but the hips.
    width = 2 * np.abs(STANDING[:, 0])
    near = sum(width[joint_index(f"l_{n}")] < 0.15 for n in ("hip", "knee", "ankle"))
    assert values["upside down @0.1"] == pytest.approx(100 * (34 + 2 * near) / 48)


def test_who_has_no_labelled_trunk_is_left_out_and_hidden_joints_do_not_count():
    wrong = STANDING + 1
    fair = STANDING.copy()
    fair[joint_index("l_wrist")] += 1
    result = measured([STANDING, STANDING], [wrong, fair], hidden=[(0, "l_hip"), (1, "l_wrist")])
    assert result.values["upright @0.1"] == 100
    assert result.statement.startswith("1 of 2 frames: 1 upright")
