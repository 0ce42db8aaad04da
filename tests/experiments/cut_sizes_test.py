"""How large people come out whom a photo cuts."""

import sys

import numpy as np
from support import painted_people
from support.commands import ROOT, fails_with_one_line, fork

from hg3d_tf.skeleton import (
    CANONICAL_BONE_SUM_MM,
    PELVIS,
    THORAX,
    bone_lengths,
    joint_index,
)

sys.path.insert(0, str(ROOT / "experiments"))
import cut_measures


def test_who_stands_is_cut_and_who_lies_is_not():
    px = np.zeros((16, 2))
    px[:, 0] = np.arange(16)
    heights = {"upper_neck": 50, "thorax": 60, "pelvis": 100, "r_knee": 150, "l_knee": 160}
    for name, y in heights.items():
        px[joint_index(name), 1] = y
    cuts = cut_measures.cut_rows(px, 256)
    assert list(cuts.values()) == [256, 150, 105, 82]
    assert cut_measures.cut_rows(px[:, ::-1], 256) is None


def test_size_is_told_apart_from_shape():
    truth = painted_people.random_person(np.random.default_rng(0))
    truth = CANONICAL_BONE_SUM_MM * truth / bone_lengths(truth).sum()
    left = np.ones(16, bool)
    left[[joint_index(f"{side}_{name}") for side in "lr" for name in ("knee", "ankle")]] = False
    pose = (truth - truth[PELVIS]) * 0.9  # too small, as seen bones were not
    errors = cut_measures.errors_mm({"joints_3d": pose}, truth, left)
    from_thorax = np.linalg.norm((truth - truth[THORAX])[left], axis=1).mean()
    np.testing.assert_allclose(errors["by seen bones"], 0.1 * from_thorax, rtol=1e-5)
    np.testing.assert_allclose([errors["by all bones"], errors["by the truth"]], 0, atol=0.1)

    pose[~left] = pose[PELVIS]  # guessed: all bones tell too little of the size
    errors = cut_measures.errors_mm({"joints_3d": pose / 0.9}, truth, left)
    assert errors["by all bones"] > 50 and errors["by seen bones"] < 0.1


def test_data_that_are_not_there_are_said(tmp_path):
    done = fork("experiments/cut_sizes.py", f"--data_dir={tmp_path}", f"--output={tmp_path}/a.json")
    fails_with_one_line(done, "synthetic_humans/wild_makehuman")
