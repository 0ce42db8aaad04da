"""People who stand in known directions, and answers that are wrong in known ways."""

import numpy as np
import pytest
from scipy.spatial.transform import Rotation

from hg3d_tf.evaluation.protocols.views import by_view
from hg3d_tf.skeleton import JOINT_NAMES, MIRROR

# x right, y down, z forwards: their chest looks at the camera, their left is the picture's right.
_MM = {"hip": (120, 0), "knee": (130, 450), "ankle": (140, 850)}
_MM |= {"shoulder": (180, -500), "elbow": (260, -250), "wrist": (300, 0)}
_MM |= {"pelvis": (0, 0), "thorax": (0, -480), "upper_neck": (0, -560), "head_top": (0, -780)}


def _place(name):
    side = {"l_": 1, "r_": -1}.get(name[:2], 0)
    x, y = _MM[name[2:] if side else name]
    return [side * x, y, 0]


STANDING = np.array([_place(name) for name in JOINT_NAMES], float)


def seen(turn_deg=0.0, lean_deg=0.0):
    """A person who turns about the vertical and then leans away from the camera."""
    turned = Rotation.from_euler("y", turn_deg, degrees=True).apply(STANDING)
    return Rotation.from_euler("x", -lean_deg, degrees=True).apply(turned)


def measured(truth, answers):
    answers = np.stack(answers) / 1000
    count = len(answers)
    return by_view(
        {
            "key": np.arange(count),
            "joints_3d": np.stack(truth) + np.array([0, 0, 4000]),
            "predicted_2d_norm": answers[..., :2],
            "predicted_depth": answers[..., 2],
        }
    ).values


@pytest.mark.parametrize(
    "turn, group", [(0, "front"), (50, "front"), (80, "side"), (-100, "side"), (170, "back")]
)
def test_people_are_grouped_by_where_they_look(turn, group):
    person = seen(turn)
    values = measured([person] * 2, [person] * 2)
    assert values[f"{group} MPJPE"] == pytest.approx(0, abs=1e-3)
    others = {"front", "side", "back"} - {group}
    assert all(np.isnan(values[f"{name} MPJPE"]) for name in others)


@pytest.mark.parametrize("lean, group", [(-30, "towards"), (5, "level"), (40, "away")])
def test_trunks_are_grouped_by_where_they_lean(lean, group):
    values = measured([seen(0, lean)], [seen(0, 0)])
    assert values[f"{group} MPJPE"] > 10
    others = {"towards", "level", "away"} - {group}
    assert all(np.isnan(values[f"{name} MPJPE"]) for name in others)


def test_the_slope_is_the_share_of_the_true_tilt():
    leans = np.linspace(-40, 40, 9)
    truth = [seen(20, lean) for lean in leans]
    values = measured(truth, [seen(20, 10 + lean / 2) for lean in leans])
    assert values["slope trunk"] == pytest.approx(0.5, abs=0.05)
    assert values["slope legs"] == pytest.approx(0.5, abs=0.05)
    values = measured(truth, truth)
    assert values["slope trunk"] == pytest.approx(1)
    assert values["slope legs"] == pytest.approx(1)


def test_exchanged_sides_are_counted_where_they_are():
    front, back = seen(0), seen(180)
    mirrored = back[list(MIRROR)]
    values = measured([front, back, back], [front, back, mirrored])
    assert values["front exchanged %"] == 0
    assert values["back exchanged %"] == 50
