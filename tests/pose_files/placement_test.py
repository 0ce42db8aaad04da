"""True size, place, upright axes and floor, against walks whose truth is known."""

import numpy as np
import pytest
from support import walks

from hg3d_tf import line_of_sight
from hg3d_tf.cli import UserError
from hg3d_tf.pose_files import angles, placement, sequence, smoothing
from hg3d_tf.pose_files.placement import Placement
from hg3d_tf.skeleton import (
    ANKLE_HEIGHT,
    CANONICAL_BONE_SUM_MM,
    JOINT_NAMES,
    PELVIS,
    bone_lengths,
    canonical_stature_mm,
    joint_index,
)
from synthetic_humans.rotations import axis_rotations

FAR_MM = 60_000.0  # where a pinhole sees as the network assumes that it does
FOCAL_PX = walks.FOCAL_PX * FAR_MM / 4500


def as_predicted(walk, **changed):
    """The walk as a network gives it: from the pelvis, the canonical size, no place."""
    joints = walk.joints_3d - walk.joints_3d[:, PELVIS : PELVIS + 1]
    joints = joints * (CANONICAL_BONE_SUM_MM / bone_lengths(joints).sum(axis=-1))[:, None, None]
    film = walks.as_film(walk, joints_3d=joints, **changed)
    return sequence.PoseSequence(film.rows, film.images, sequence.Space(), "walk")


@pytest.fixture(scope="module")
def far():
    """A walk so far away, through so long a lens, that weak perspective holds to millimetres."""
    walk = walks.walk(distance_mm=FAR_MM, scale=1.08)
    px = walk.joints_3d[..., :2] / walk.joints_3d[..., 2:] * FOCAL_PX + np.array(walks.SIZE_PX) / 2
    return walk._replace(joints_2d=px)


def height_m(walk):
    """The stature that the canonical proportions give a skeleton of these bones."""
    bones = bone_lengths(walk.joints_3d).sum(axis=-1).mean()
    return float(bones / CANONICAL_BONE_SUM_MM * canonical_stature_mm() / 1000)


def test_nothing_known_changes_nothing(far):
    film = as_predicted(far)
    assert placement.place(film, Placement()) is film


def test_a_height_gives_true_size(far):
    poses = placement.place(as_predicted(far), Placement((height_m(far),)))
    truth = far.joints_3d - far.joints_3d[:, PELVIS : PELVIS + 1]
    np.testing.assert_allclose(poses.rows["joints_3d"], truth, atol=0.5)
    assert poses.space == sequence.Space("metric", "pelvis", "camera")


def test_legs_that_are_guessed_too_short_do_not_change_the_size(far):
    legs = [i for i, name in enumerate(JOINT_NAMES) if name.endswith(("knee", "ankle"))]
    film = as_predicted(far)
    film.rows["joints_3d"][:, legs] = 0  # where the pelvis is
    film.rows["confidence"][:, legs] = 0.01
    film.rows["joints_3d"] *= 1.3  # as scaled by the sum of what is left
    seen = placement.place(film, Placement((height_m(far),))).rows["joints_3d"]
    truth = placement.place(as_predicted(far), Placement((height_m(far),))).rows["joints_3d"]
    left = np.setdiff1d(np.arange(16), legs)
    # The walker's proportions are not quite the canonical ones.
    sizes = [np.linalg.norm(joints[:, left], axis=-1).sum() for joints in (seen, truth)]
    np.testing.assert_allclose(sizes[0], sizes[1], rtol=0.04)


def test_a_focal_length_turns_poses_off_the_middle_by_it_and_not_by_the_assumed_one(far):
    joints = far.joints_3d + np.array([0.35 * FAR_MM, 0, 0])
    size = np.array([16_000, 960])
    px = joints[..., :2] / joints[..., 2:] * FOCAL_PX + size / 2
    boxes = np.concatenate([px.min(axis=1), px.max(axis=1)], axis=-1)
    off_middle = ((boxes[:, :2] + boxes[:, 2:] - size) / 2).T[..., None]
    truth = joints - joints[:, PELVIS : PELVIS + 1]
    # What a network sees in the crop, turned as `predict` does, which knows no camera.
    crop = line_of_sight.turned(np.moveaxis(truth, -1, 0), -off_middle / FOCAL_PX)
    turned = line_of_sight.turned(crop, off_middle / (line_of_sight.ASSUMED_FOCAL * size[0]))
    film = as_predicted(far._replace(joints_3d=np.stack(turned, -1), joints_2d=px))
    film.rows["image_size_px"], film.rows["box_px"] = size, boxes
    assert np.abs(turned[2] - truth[..., 2]).max() > 40
    # A place is told as if all of a person were as deep: off the middle that costs a hundredth. The
    # second time they have their place already, and are not turned again.
    for within_mm in (10, 30):
        film = placement.place(film, Placement((height_m(far),), focal_length_px=FOCAL_PX))
        placed = film.rows["joints_3d"][..., 2]
        np.testing.assert_allclose(placed - placed[:, [PELVIS]], truth[..., 2], atol=within_mm)


@pytest.mark.parametrize("known", ["focal_length_px", "field_of_view_deg"])
def test_a_focal_length_gives_the_place(far, known):
    value = FOCAL_PX
    if known == "field_of_view_deg":
        value = 2 * np.degrees(np.arctan(walks.SIZE_PX[0] / 2 / FOCAL_PX))
    wanted = Placement((height_m(far),), depth_smoothing_s=0, **{known: value})
    poses = placement.place(as_predicted(far), wanted)
    found, truth = poses.rows["joints_3d"], far.joints_3d
    # Of a depth of 60 m, 1 %: a pose's own depth makes its near half larger.
    assert np.abs(found[:, PELVIS, 2] / truth[:, PELVIS, 2] - 1).max() < 0.01
    relative = found - found[:, PELVIS : PELVIS + 1] - (truth - truth[:, PELVIS : PELVIS + 1])
    assert np.abs(relative).max() < 20
    px = found[..., :2] / found[..., 2:] * FOCAL_PX + np.array(walks.SIZE_PX) / 2
    np.testing.assert_allclose(px, far.joints_2d, atol=1e-6)
    assert poses.space == sequence.Space("metric", "camera", "camera")


def test_depth_trembles_less_and_knees_stay(far):
    rng = np.random.default_rng(0)
    film = as_predicted(far)
    # A network that takes the person for smaller or larger from frame to frame.
    film.rows["joints_3d"][:] *= np.exp(rng.normal(0, 0.05, 90))[:, None, None]
    rough, smooth = (
        placement.place(film, Placement((height_m(far),), FOCAL_PX, depth_smoothing_s=s))
        for s in (0, 0.5)
    )
    steps = [np.abs(np.diff(p.rows["joints_3d"][:, PELVIS, 2])).mean() for p in (rough, smooth)]
    assert steps[1] < 0.1 * steps[0]
    truth = far.joints_3d[:, PELVIS, 2]
    errors = [np.abs(p.rows["joints_3d"][:, PELVIS, 2] / truth - 1).mean() for p in (rough, smooth)]
    assert errors[1] < 0.02 < errors[0]
    knee = angles.COLUMNS.index("knee_angle_r")
    found = angles.joint_angles(smooth.rows["joints_3d"])[:, knee]
    np.testing.assert_allclose(found, far.angles["knee_angle_r"], atol=0.2)


def test_each_person_gets_their_height(far):
    rows = np.concatenate([as_predicted(far).rows] * 2)
    rows["person"][90:] = 2
    film = sequence.PoseSequence(rows, ("walk.mp4",), name="two.json")
    poses = placement.place(film, Placement((1.5, 1.8)))
    sums = bone_lengths(poses.rows["joints_3d"]).sum(axis=-1)
    assert sums[:90].mean() / sums[90:].mean() == pytest.approx(1.5 / 1.8)
    with pytest.raises(UserError, match=r"two\.json: 2 persons, but 3 heights"):
        placement.place(film, Placement((1.5, 1.8, 1.9)))
    rows["person"][90:] = 3  # the second was nobody
    again = placement.place(film, Placement((1.5, 1.8)))
    np.testing.assert_array_equal(again.rows["joints_3d"], poses.rows["joints_3d"])
    rows["person"][100:] = 2
    with pytest.raises(UserError, match=r"two\.json: 3 persons, but 2 heights"):
        placement.place(film, Placement((1.5, 1.8)))


@pytest.mark.parametrize("pitch", [-10.0, 0.0, 25.0])
def test_a_pitch_stands_poses_upright(pitch):
    walk = walks.walk()
    # A camera that looks down by `pitch` sees the world turned about its x axis.
    tilted = walk.joints_3d @ axis_rotations(np.radians(pitch), 0).T
    film = walks.as_film(walk, joints_3d=tilted)
    poses = placement.place(film, Placement(camera_pitch_deg=pitch))
    np.testing.assert_allclose(poses.rows["joints_3d"], walk.joints_3d, atol=1e-6)
    assert poses.space.axes == "level"
    lean = angles.joint_angles(poses.rows["joints_3d"])[:, -2:]
    assert np.abs(lean).max() < 1e-6


def standing(walk):
    """The walk's first frame with straight legs, ten times, and then the walk."""
    joints = walk.joints_3d.copy()
    drop = np.array([0, 450.0, 0])
    for side in "lr":
        hip = joints[:10, joint_index(f"{side}_hip")]
        joints[:10, joint_index(f"{side}_knee")] = hip + drop
        joints[:10, joint_index(f"{side}_ankle")] = hip + 2 * drop
    return joints


def test_a_tilt_is_found_from_those_who_stand(capsys):
    walk = walks.walk()
    joints = standing(walk)
    turn = axis_rotations(np.radians(18.0), 0) @ axis_rotations(np.radians(4.0), 2)
    film = walks.as_film(walk, joints_3d=joints @ turn.T)
    poses = placement.place(film, Placement(level=True))
    # Of the camera's axes, as the world sees them: z forwards, x right; y is down.
    down, right = np.degrees(np.arcsin(turn[[2, 0], 1]))
    assert down == pytest.approx(18, abs=0.1) and right < 0
    said = f"looks {down:.1f} degrees down and leans {-right:.1f} degrees left, as"
    assert said in capsys.readouterr().out
    neck = joint_index("upper_neck")
    for poses_joints in (joints, poses.rows["joints_3d"]):
        axis = poses_joints[:10, neck] - poses_joints[:10, PELVIS]
        assert (np.abs(axis[:, [0, 2]]) < 1e-6 * np.abs(axis[:, 1:2])).all()
    bent = walks.as_film(walk, joints_3d=np.roll(walk.joints_3d, 1, axis=1))
    with pytest.raises(UserError, match=r"nobody stands upright.*--camera_pitch"):
        placement.place(bent, Placement(level=True))


def test_who_is_exactly_upside_down_is_turned_round():
    walk = walks.walk()
    joints = standing(walk)
    neck, ankles = joint_index("upper_neck"), [joint_index("l_ankle"), joint_index("r_ankle")]
    joints[:, neck, ::2] = joints[:, ankles, ::2].mean(axis=1)
    film = walks.as_film(walk, joints_3d=joints * (1, -1, -1))
    film = sequence.PoseSequence(film.rows[:10], film.images)
    turned = placement.place(film, Placement(level=True)).rows["joints_3d"]
    np.testing.assert_allclose(turned[..., 1], joints[:10, :, 1], atol=1e-9)


def test_the_lower_foot_stays_on_the_floor():
    walk = walks.walk()
    confidence = np.full((90, 16), 0.9)
    ankles = [joint_index("l_ankle"), joint_index("r_ankle")]
    confidence[20:25, ankles] = 0.1
    film = as_predicted(walk, confidence=confidence)
    poses = placement.place(film, Placement((1.7,), ground=True))
    heights = -poses.rows["joints_3d"][:, ankles, 1].max(axis=1)
    clear = np.r_[0:20, 25:90]
    np.testing.assert_allclose(heights[clear], 0.039 * 1700, atol=0.5)
    assert np.abs(heights[20:25] - 0.039 * 1700).max() < 45
    assert poses.space == sequence.Space("metric", "floor", "camera")


def test_ankles_of_each_person_are_as_high_as_their_own(far):
    rows = np.concatenate([as_predicted(far).rows] * 3)
    rows["person"][90:180], rows["person"][180:] = 2, 3
    rows["joints_3d"][90:180] *= 1.4
    rows["joints_3d"][180:, joint_index("head_top")] = np.nan  # of unknown size: the average
    film = sequence.PoseSequence(rows, ("walk.mp4",), name="three.json")
    poses = placement.place(film, Placement(ground=True))
    ankles = [joint_index("l_ankle"), joint_index("r_ankle")]
    heights = -poses.rows["joints_3d"][:, ankles, 1].max(axis=1)
    expected = ANKLE_HEIGHT * canonical_stature_mm() * np.repeat([1, 1.4, 1], 90)
    np.testing.assert_allclose(heights, expected, rtol=1e-6)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"person_heights_m": (178.0,)}, "178 m cannot be"),
        ({"focal_length_px": 1000.0}, "--focal_length_px tells a place only with --person_height"),
        ({"field_of_view_deg": 60.0}, "--field_of_view tells a place only with --person_height"),
        ({"person_heights_m": (1.7,), "focal_length_px": 0.0}, "0 px cannot be"),
        ({"person_heights_m": (1.7,), "field_of_view_deg": 180.0}, "180 degrees cannot be"),
        (
            {"person_heights_m": (1.7,), "focal_length_px": 9.0, "field_of_view_deg": 60.0},
            "--focal_length_px and --field_of_view: give one or the other",
        ),
        ({"level": True, "camera_pitch_deg": 3.0}, "--camera_pitch and --level, which finds it"),
        ({"camera_pitch_deg": 91.0}, "91 degrees cannot be"),
        ({"camera_pitch_deg": np.nan}, "nan degrees cannot be"),
        ({"depth_smoothing_s": np.inf}, "inf s cannot be"),
    ],
)
def test_what_cannot_be_is_refused(values, words):
    with pytest.raises(ValueError, match=words):
        Placement(**values)


def test_the_mm_of_a_lens_are_no_px(far):
    wide = Placement((1.7,), focal_length_px=26)
    with pytest.raises(UserError, match=r"26 px would show 175 degrees on 1280 px.* are 924 px"):
        placement.place(as_predicted(far), wide)
    placement.place(as_predicted(far), Placement((1.7,), focal_length_px=924))


def test_what_poses_lack_is_named(far):
    wanted = Placement((1.7,), FOCAL_PX)
    with pytest.raises(UserError, match="image's size is not known: give --image_size"):
        placement.place(as_predicted(far, image_size_px=0), wanted)
    with pytest.raises(UserError, match="no joint is clear both in 2D and 3D"):
        placement.place(as_predicted(far, joints_2d=np.nan), wanted)
    never_whole = as_predicted(far)
    never_whole.rows["joints_3d"][:, -1] = np.nan
    with pytest.raises(UserError, match="a pose lacks a joint: its size cannot be told"):
        placement.place(never_whole, wanted)
    level = placement.place(as_predicted(far), Placement(camera_pitch_deg=3.0))
    with pytest.raises(UserError, match="axes are level already"):
        placement.place(level, wanted)


def test_an_images_size_is_taken_where_the_poses_do_not_say_it(far):
    film = as_predicted(far)
    said = film.rows["image_size_px"][0].tolist()
    film.rows["image_size_px"][40:] = 0
    named = Placement((1.7,), FOCAL_PX, image_size_px=(4000, 3000))
    placed = placement.place(film, named)
    assert placed.rows["image_size_px"][[0, 39, 40]].tolist() == [said, said, [4000, 3000]]
    places = placed.rows["joints_3d"][:40]
    px = places[..., :2] / places[..., 2:] * FOCAL_PX + np.array(said) / 2
    np.testing.assert_allclose(px, film.rows["joints_2d"][:40], atol=1e-6)
    flat = as_predicted(far, image_size_px=0)
    flat.rows["joints_3d"] = np.nan
    of_points = placement.place(flat, Placement(image_size_px=(4000, 3000)))
    assert of_points.rows["image_size_px"][0].tolist() == [4000, 3000]


def test_a_place_is_not_lost_for_another_size(far):
    before = placement.place(as_predicted(far), Placement((1.7,), FOCAL_PX))
    with pytest.raises(UserError, match="walk: its persons have a place before the camera"):
        placement.place(before, Placement((1.8,)))
    again = placement.place(before, Placement((1.8,), FOCAL_PX))
    grown = before.rows["joints_3d"] * 1.8 / 1.7
    np.testing.assert_allclose(again.rows["joints_3d"], grown, rtol=1e-3, atol=0.1)
    grounded = placement.place(as_predicted(walks.walk()), Placement((1.7,), ground=True))
    for wanted in (Placement((1.8,)), Placement((1.8,), FOCAL_PX)):
        with pytest.raises(UserError, match="walk: its persons stand on the floor already"):
            placement.place(grounded, wanted)


def test_smoothing_keeps_lines_and_fills_gaps():
    seconds = np.cumsum(np.random.default_rng(0).uniform(0.02, 0.05, 200))
    line = 3 + 2 * seconds
    with_gap = np.where((np.arange(200) > 50) & (np.arange(200) < 60), np.nan, line)
    for sigma in (0.0, 0.1, 5.0, 100.0, 1e308):
        np.testing.assert_allclose(smoothing.gaussian(with_gap, seconds, sigma), line, atol=1e-6)
    noise = np.random.default_rng(1).normal(size=200)
    assert smoothing.gaussian(noise, seconds, 0.5).std() < 0.4
    assert np.isnan(smoothing.gaussian(np.full(5, np.nan), seconds[:5], 0.1)).all()
