import numpy as np
import pytest
from support import reference_protocols as loops

from hg3d_tf.cli import UserError
from hg3d_tf.data.joint_orders import H36M_17_NAMES, MPII_16_FROM_H36M_17
from hg3d_tf.evaluation import metrics, poster, reports, scoring
from hg3d_tf.evaluation.protocols import h36m, mpi_inf_3dhp, mpii, registry, rendered_people
from hg3d_tf.evaluation.protocols.bone_symmetry import bone_symmetry
from hg3d_tf.evaluation.protocols.pck_box import pck_box, pck_hmr
from hg3d_tf.evaluation.protocols.result import Result
from hg3d_tf.skeleton import CANONICAL_BONE_SUM_MM, JOINT_NAMES, bone_lengths, joint_index

SCENES = (b"studio_green_screen", b"studio", b"outdoor")
ACTIONS = [*poster.columns("h36m")[:-2], "WalkTogether"]


def random_predictions(count=1000):
    """Labels of random people, and predictions somewhat beside them."""
    rng = np.random.default_rng(0)
    joints_17 = rng.normal(0, 400, (count, 17, 3)) + np.array([0, 0, 4000])
    joints_3d = joints_17[:, MPII_16_FROM_H36M_17]
    joints_3d[:, 7] = (joints_3d[:, 12] + joints_3d[:, 13]) / 2  # as prepared data has the thorax
    joints_2d = rng.uniform(-0.8, 0.8, (count, 16, 2))
    shape = joints_3d - joints_3d[:, [6]] + rng.normal(0, 40, joints_3d.shape)
    floats = {
        "joints_2d_norm": joints_2d,
        "joints_3d": joints_3d,
        "joints_3d_17": joints_17,
        "crop_side": rng.uniform(100, 300, count),
        "head_box_size_px": np.where(rng.random(count) < 0.9, rng.uniform(10, 40, count), 0),
        "predicted_2d_norm": shape[..., :2] / 1000,
        "predicted_depth": shape[..., 2] / 1000,
        "predicted_3d_17_mm": joints_17 + rng.normal(0, 50, joints_17.shape),
    }
    return {name: value.astype(np.float32) for name, value in floats.items()} | {
        "key": np.array([b"%d" % n for n in range(count)]),
        "visible": rng.random((count, 16)) < 0.8,
        "visible_17": np.ones((count, 17), bool),
        "action": np.array([ACTIONS[n % 15].encode() for n in range(count)]),
        "scene": np.array([SCENES[n % 3] for n in range(count)]),
    }


@pytest.fixture(scope="module")
def data():
    return random_predictions()


def close(actual, expected):
    assert actual == pytest.approx(expected, abs=1e-6)


def test_h36m_paper_equals_the_loop(data):
    errors = np.array(loops.h36m_paper(data))
    values = h36m.h36m_paper(data).values
    close(values["Average"], errors.mean())
    close(values["Eating"], errors[2::15].mean())
    close(values["WalkPair"], errors[14::15].mean())


@pytest.mark.parametrize("protocol, aligned", [("h36m_p1", False), ("h36m_pa", True)])
def test_h36m_17_joints_equal_the_loop(data, protocol, aligned):
    result = registry.evaluate(protocol, data)
    close(result.values["Average"], np.mean(loops.h36m_17(data, aligned)))
    assert "17 joints" in result.statement


def test_mpii_pckh_equals_the_loop(data):
    data = {**data, "predicted_2d_norm": near_labels(data)}
    values, by_joint = mpii.mpii_pckh(data).values, loops.mpii_pckh(data)
    close(values["head"], (by_joint[8] + by_joint[9]) / 2)
    close(values["wrist"], (by_joint[10] + by_joint[15]) / 2)
    close(values["mean"], np.mean([by_joint[j] for j in loops.NEAR_JOINTS]))
    assert 10 < values["mean"] < 90


def near_labels(data):
    rng = np.random.default_rng(1)
    noise = rng.normal(0, 0.1, data["joints_2d_norm"].shape)
    return (data["joints_2d_norm"] + noise).astype(np.float32)


@pytest.mark.parametrize("paper", [False, True])
def test_mpi_inf_3dhp_equals_the_loop(data, paper):
    rows = loops.mpi_inf_3dhp(data, paper)
    name = "mpi_inf_3dhp_paper" if paper else "mpi_inf_3dhp_official"
    values = registry.evaluate(name, data).values
    near = (lambda d: d <= 150) if paper else (lambda d: d < 150)
    close(values["All PCK"], loops.share(rows, near))
    close(values["Studio GS"], loops.share(rows[0::3], near))
    close(values["Outdoor"], loops.share(rows[2::3], near))
    close(values["AUC"], loops.auc(rows))


@pytest.mark.parametrize("unit", ["mm", "px"])
def test_bone_symmetry_equals_the_loop(data, unit):
    poses = [loops.pose(data, n) for n in range(len(data["key"]))]
    if unit == "mm":
        values = bone_symmetry(data).values
        poses = [loops.scaled(pose, 4296.99233013) for pose in poses]
    else:
        values = bone_symmetry({**data, "joints_3d": 0 * data["joints_3d"]}).values
        poses = [pose * 128 for pose in poses]
    close(values["lower_arm"], loops.symmetry(poses, (10, 11), (15, 14)))
    close(values["upper_leg"], loops.symmetry(poses, (1, 2), (4, 3)))


def test_bone_symmetry_is_in_px_unless_every_frame_has_3d_truth(data):
    flat, mixed = ({**data, "joints_3d": data["joints_3d"].copy()} for _ in range(2))
    flat["joints_3d"][:] = 0
    mixed["joints_3d"][1:] = 0
    assert bone_symmetry(mixed) == bone_symmetry(flat)


def test_pck_hmr_equals_the_loop(data):
    rng, count = np.random.default_rng(1), len(data["key"])
    data = data | {
        "predicted_2d_norm": near_labels(data),
        "crop_center": rng.uniform(100, 200, (count, 2)).astype(np.float32),
        "neck_visible": rng.random(count) < 0.7,
    }
    neck = data["joints_2d_norm"][:, [7, 8]].mean(1) + rng.normal(0, 0.1, (count, 2))
    half = data["crop_side"][:, np.newaxis] / 2
    data["neck_2d"] = (data["crop_center"] + neck * half).astype(np.float32)
    values = pck_hmr(data).values
    assert 10 < values["@0.05"] < values["@0.1"] < 90
    close(values["@0.05"], loops.pck_hmr(data, 0.05))
    close(values["@0.1"], loops.pck_hmr(data, 0.1))


def test_pck_box_equals_the_loop(data):
    data = {**data, "predicted_2d_norm": near_labels(data)}
    values = pck_box(data).values
    close(values["all @0.1"], loops.pck_box(data, 0.1))
    close(values["all @0.2"], loops.pck_box(data, 0.2))
    limbs = [0, 1, 2, 3, 4, 5, 10, 11, 12, 13, 14, 15]
    close(values["limbs @0.1"], loops.pck_box(data, 0.1, limbs))
    close(values["limbs @0.2"], loops.pck_box(data, 0.2, limbs))


def test_depth_quality_equals_the_loop(data):
    data = {**data, "joints_2d_norm": data["joints_3d"][..., :2] / 900}
    values = list(rendered_people.depth_quality(data).values.values())
    close(values, loops.depth_quality(data))
    assert 50 < values[2] < 100


def test_depth_of_the_wrong_sign_has_the_right_size():
    data = perfect(random_predictions(5))
    data["joints_2d_norm"] = data["predicted_2d_norm"]
    right = rendered_people.depth_quality(data).values
    close(list(right.values()), [0, 1, 100, 1])
    mirrored = rendered_people.depth_quality(
        data | {"predicted_depth": -data["predicted_depth"]}
    ).values
    assert mirrored["MPJPE at true scale"] > 100
    close([mirrored[name] for name in ("scale ratio", "sign %", "size ratio")], [1, 0, 1])


def test_by_pose_takes_upright_frames_apart(data):
    kinds = np.array([b"upright", b"any", b"lying"])[np.arange(len(data["key"])) % 3]
    shape = np.concatenate([data["predicted_2d_norm"], data["predicted_depth"][..., None]], -1)
    expected = []
    for predicted, truth in zip(shape.astype(float), data["joints_3d"].astype(float), strict=True):
        truth = truth - truth[6]
        own = bone_lengths(truth[None])[0].sum() / bone_lengths(predicted[None])[0].sum()
        canonical = CANONICAL_BONE_SUM_MM / bone_lengths(predicted[None])[0].sum()
        errors = [
            np.linalg.norm(s * (predicted - predicted[6]) - truth, axis=-1)
            for s in (canonical, own)
        ]
        scored = np.delete(errors[1], [6, 7])
        near = [np.mean(scored < threshold) for threshold in range(0, 151, 5)]
        expected.append([errors[0].mean(), errors[1].mean(), 100 * near[-1], 100 * np.mean(near)])
    values = rendered_people.by_pose(data | {"pose_kind": kinds}).values
    upright, everybody = np.mean(expected[::3], axis=0), np.mean(expected, axis=0)
    columns = ("MPJPE", "at own size", "PCK3D", "AUC")
    close([values[f"upright {name}"] for name in columns], list(upright))
    close([values[f"all {name}"] for name in columns], list(everybody))
    close(values["all P-MPJPE"], metrics.p_mpjpe(shape, data["joints_3d"].astype(float)).mean())


def test_the_synthetic_table_equals_the_loop(data):
    data = {**data, "predicted_2d_norm": near_labels(data), "person_side": data["crop_side"]}
    values, expected = scoring.summarize(data, 256), loops.synthetic(data, 256)
    assert list(values) == list(expected)
    for name, value in values.items():
        close(value, expected[name])
    assert 0.1 < values["pck_box_010"] < 0.9


def test_perfect_predictions_of_a_canonical_person_have_no_error():
    data = perfect(random_predictions(5))
    assert h36m.h36m_paper(data).values["Average"] < 1e-3
    assert h36m.h36m_pa(data).values["Average"] < 1e-3
    assert mpi_inf_3dhp.mpi_inf_3dhp_official(data).values["All PCK"] == 100
    # Strictly nearer than 0 mm is nobody: 30 of the 31 thresholds.
    assert mpi_inf_3dhp.mpi_inf_3dhp_official(data).values["AUC"] == pytest.approx(100 * 30 / 31)


def perfect(data):
    """Return people of canonical size whose joint 7 is where the protocols put it."""
    joints = metrics.scale_bones(data["joints_3d"].astype(float), CANONICAL_BONE_SUM_MM)
    joints[:, 7] = (joints[:, 6] + joints[:, 8]) / 2
    del data["joints_3d_17"], data["predicted_3d_17_mm"]
    return data | {
        "joints_3d": joints,
        "predicted_2d_norm": joints[..., :2] / 999,
        "predicted_depth": joints[..., 2] / 999,
    }


def test_a_known_distortion_gives_the_error_computed_by_hand():
    data = perfect(random_predictions(4))
    data["predicted_3d_mm"] = data["joints_3d"].copy()
    data["predicted_3d_mm"][:, joint_index("l_wrist"), 0] += 160
    assert h36m.h36m_p1(data).values["Average"] == pytest.approx(160 / 16)
    assert mpi_inf_3dhp.mpi_inf_3dhp_official(data).values["All PCK"] == pytest.approx(
        100 * 13 / 14
    )


def test_joint_7_is_the_released_spine_in_the_truth_and_replaced_in_the_prediction():
    data = perfect(random_predictions(4))
    names = [*JOINT_NAMES[:7], "spine", *JOINT_NAMES[8:]]
    in_17 = np.zeros((4, 17, 3))
    in_17[:, [H36M_17_NAMES.index(name) for name in names]] = data["joints_3d"]
    in_17[:, H36M_17_NAMES.index("spine"), 2] += 32  # of the released label, from the middle
    data["joints_3d"][:, 7] = 1e6  # neither the prepared thorax counts
    data["predicted_2d_norm"][:, 7] = 1e6  # nor the predicted one
    without_17 = h36m.h36m_paper(data)
    assert without_17.values["Average"] < 1e-3
    assert "middle of pelvis and upper neck in the truth" in without_17.statement
    result = h36m.h36m_paper(data | {"joints_3d_17": in_17})
    assert result.values["Average"] == pytest.approx(32 / 16, abs=1e-3)
    assert "spine in the truth" in result.statement


def test_the_paper_moves_hips_and_takes_each_frames_true_size():
    data = perfect(random_predictions(4))
    truth = data["joints_3d"].copy()
    lower = [joint_index(name) for name in ("pelvis", "r_hip", "l_hip")]
    moved = truth.copy()
    moved[:, lower] += 0.2 * (truth[:, [8]] - truth[:, [6]])
    data["joints_3d"] = moved  # what the rule makes of a prediction equal to `truth`
    data["predicted_3d_mm"] = 3.0 * truth
    assert mpi_inf_3dhp.mpi_inf_3dhp_paper(data).values["All PCK"] == 100
    rows = loops.mpi_inf_3dhp({**data, "predicted_2d_norm": truth[..., :2],
                               "predicted_depth": truth[..., 2]}, True)  # fmt: skip
    assert np.max(rows) < 1e-6


def test_procrustes_undoes_a_similarity_but_no_reflection():
    rng = np.random.default_rng(0)
    truth = rng.normal(size=(3, 16, 3))
    rotation, _ = np.linalg.qr(rng.normal(size=(3, 3)))
    rotation *= np.linalg.det(rotation)
    assert metrics.p_mpjpe(2.5 * truth @ rotation + [1, 2, 3], truth).max() < 1e-12
    assert metrics.p_mpjpe(truth * [1, 1, -1], truth).min() > 0.1


def test_mpi_inf_3dhp_takes_the_universal_labels():
    data = random_predictions(4)
    universal = np.random.default_rng(1).normal(0, 400, (4, 17, 3))
    as_16 = universal[:, [10, 9, 8, 11, 12, 13, 14, 15, 1, 0, 4, 3, 2, 5, 6, 7]]
    data |= {"joints_3d_universal_17": universal, "predicted_3d_mm": as_16 + 1000}
    assert mpi_inf_3dhp.mpi_inf_3dhp_official(data).values["All PCK"] == 100
    # Human3.6M's protocols do not take these 17 joints for Human3.6M's.
    data["joints_3d"] = data["predicted_3d_mm"]
    del data["predicted_3d_17_mm"]
    assert h36m.h36m_p1(data).values["Average"] < 1e-9


def test_frames_are_taken_by_number():
    data = random_predictions(8)
    data["frame"] = np.array([1, 101, 201, 301, 401, 1, 201, 501])
    chosen = {name: value[[0, 2, 4, 5, 6]] for name, value in data.items()}
    result = h36m.h36m_paper(data)
    assert result.values["Average"] == h36m.h36m_paper(chosen).values["Average"]
    assert result.statement.startswith("5 frames, every 200th")
    data["frame"] = 1 + 64 * np.arange(8)
    with pytest.raises(UserError, match=r"h36m_paper: every 200th frame is wanted.*every 64th"):
        registry.evaluate("h36m_paper", data)


def test_what_a_protocol_lacks_is_named(data):
    without = {name: value for name, value in data.items() if name != "head_box_size_px"}
    with pytest.raises(UserError, match="mpii_pckh: head_box_size_px is wanted"):
        registry.evaluate("mpii_pckh", without)
    with pytest.raises(UserError, match="mpi_inf_3dhp_paper: 3D labels of every frame"):
        registry.evaluate("mpi_inf_3dhp_paper", {**data, "joints_3d": 0 * data["joints_3d"]})
    with pytest.raises(UserError, match="'h36m' is unknown; there are h36m_paper"):
        registry.evaluate("h36m", data)


def test_the_posters_rows_average_as_it_says():
    # The last column is a mean over frames, near the mean over actions.
    ours = poster.rows("h36m")["3D+2D/w geo"]
    actions = [value for name, value in ours.items() if name != "Average"]
    assert np.mean(actions) == pytest.approx(ours["Average"], rel=0.03)
    assert poster.rows("mpi_inf_3dhp")["3D+2D/w geo"]["All PCK"] == 69.2
    assert poster.rows("") == {}


def test_a_pose_in_one_place_is_an_error_and_not_the_end_of_a_mean():
    joints = np.random.default_rng(0).normal(size=(2, 16, 3))
    joints[1] = 0
    assert np.array_equal(metrics.scale_bones(joints, 10.0)[1], joints[1])


def test_scale_bones_gives_each_frame_its_sum():
    joints = np.random.default_rng(0).normal(size=(3, 16, 3))
    sums = bone_lengths(metrics.scale_bones(joints, np.array([1.0, 2, 3]))).sum(axis=1)
    np.testing.assert_allclose(sums, [1, 2, 3])


def test_without_3d_labels_there_is_no_error_in_3d(data):
    data = {**data, "predicted_2d_norm": near_labels(data), "person_side": data["crop_side"]}
    labelled = scoring.summarize(data, 256)
    values = scoring.summarize(data | {"joints_3d": np.zeros_like(data["joints_3d"])}, 256)
    assert np.isnan([values["mpjpe_mm"], values["pck3d_150"]]).all()
    assert values["pck_box_010"] == labelled["pck_box_010"]
    assert values["symmetry_mm"] == labelled["symmetry_mm"]
    results = {"synthetic": {"lspet": {"system": Result(values, "how")}}}
    in_json = reports.as_json(results)["system"]["lspet"]
    assert in_json["mpjpe_mm"] is in_json["pck3d_150"] is None
    assert "nan" not in reports.as_text(results) + reports.as_markdown(results)
