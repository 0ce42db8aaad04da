"""Each format, read by a library that is not ours."""

import json
import os
import warnings
from pathlib import Path

import numpy as np
import pytest
from support import opensim_model, walks

from hg3d_tf.cli import UserError
from hg3d_tf.pose_files import angles, formats, markers, rig, sequence
from hg3d_tf.skeleton import JOINT_NAMES, joint_index

KNEES = {"r": ("r_hip", "r_knee", "r_ankle"), "l": ("l_hip", "l_knee", "l_ankle")}


@pytest.fixture(scope="module")
def walk():
    return walks.walk()


@pytest.fixture(scope="module")
def written(walk, tmp_path_factory):
    """A function that writes the walk in a format and returns the path."""
    folder = tmp_path_factory.mktemp("walk")

    def write(form, **changed):
        path = folder / f"walk{formats.FORMATS[form].suffix}"
        assert formats.write(path, walks.as_film(walk, **changed)) == [path]
        return path

    return write


@pytest.fixture(scope="module")
def opensim(tmp_path_factory):
    """The package, which wants numpy 2, and leaves a log where it is imported."""
    before = os.getcwd()
    os.chdir(tmp_path_factory.mktemp("log"))
    try:
        package = pytest.importorskip("opensim", reason="opensim has no wheel for this lane")
        package.Logger.setLevelString("Off")
        package.Logger.removeFileSink()
    finally:
        os.chdir(before)
    return package


def knee_degrees(joints, side):
    """As a formula, apart from the package's: the law of cosines."""
    hip, knee, ankle = (joints[:, joint_index(name)] for name in KNEES[side])
    thigh, shin, whole = (
        np.linalg.norm(a - b, axis=-1) for a, b in ((hip, knee), (knee, ankle), (hip, ankle))
    )
    return 180 - np.degrees(np.arccos((thigh**2 + shin**2 - whole**2) / (2 * thigh * shin)))


def without_joint(walk, joint="l_wrist", frames=slice(3, 6)):
    joints = walk.joints_3d.copy()
    joints[frames, joint_index(joint)] = np.nan
    return joints


def test_json_and_csv_give_back_what_was_written(walk, written):
    for form in ("json", "csv"):
        poses = formats.read(written(form, joints_3d=without_joint(walk)))
        np.testing.assert_allclose(poses.rows["joints_3d"], without_joint(walk), atol=6e-4)
        np.testing.assert_allclose(poses.rows["joints_2d"], walk.joints_2d, atol=6e-4)
        np.testing.assert_allclose(poses.rows["seconds"], walk.seconds, atol=1e-6)
        assert poses.space == sequence.Space("metric", "camera", "camera")
        assert poses.images == ("walk.mp4",) and (poses.rows["confidence"] == 0.9).all()


def test_csv_is_a_table_for_pandas_in_one_line(walk, written):
    pandas = pytest.importorskip("pandas")
    table = pandas.read_csv(written("csv", joints_3d=without_joint(walk)))
    assert len(table) == 90 and table["l_wrist_x_mm"].isna().sum() == 3
    np.testing.assert_allclose(table["seconds"], walk.seconds, atol=1e-6)
    for joint, name in enumerate(JOINT_NAMES):
        if name != "l_wrist":
            columns = [f"{name}_{axis}_mm" for axis in "xyz"]
            np.testing.assert_allclose(table[columns], walk.joints_3d[:, joint], atol=6e-4)


def test_angles_are_a_table_for_pandas(walk, written):
    pandas = pytest.importorskip("pandas")
    table = pandas.read_csv(written("angles"))
    for name, degrees in walk.angles.items():
        np.testing.assert_allclose(table[name], degrees, atol=0.01)
    assert table["trunk_lean_forward"].abs().max() < 1e-3


def test_c3d_is_read_by_ezc3d_with_the_missing_joint_marked(walk, written):
    ezc3d = pytest.importorskip("ezc3d")
    film = ezc3d.c3d(str(written("c3d", joints_3d=without_joint(walk))))
    points = film["data"]["points"]
    point = film["parameters"]["POINT"]
    assert point["LABELS"]["value"] == list(markers.MARKERS)
    assert point["UNITS"]["value"] == ["mm"] and point["RATE"]["value"][0] == pytest.approx(30)
    assert film["parameters"]["HG3D"]["SPACE"]["value"][0].startswith("size is the person's")
    expected = without_joint(walk) * (1, -1, -1)
    np.testing.assert_allclose(points[:3].transpose(2, 1, 0), expected, atol=1e-3)
    residuals = film["data"]["meta_points"]["residuals"][0]
    assert (residuals[joint_index("l_wrist"), 3:6] == -1).all() and (residuals < 0).sum() == 3
    for side in "rl":
        knee = knee_degrees(points[:3].transpose(2, 1, 0), side)
        np.testing.assert_allclose(knee, walk.angles[f"knee_angle_{side}"], atol=0.01)


def test_c3d_is_read_by_c3d(walk, written):
    c3d = pytest.importorskip("c3d")
    with open(written("c3d", joints_3d=without_joint(walk)), "rb") as file:
        with warnings.catch_warnings():
            # There is none; and ezc3d ends a file that fills its last block with an empty one.
            warnings.filterwarnings("ignore", "No analog data found|incomplete reading")
            reader = c3d.Reader(file)
            points = np.array([points for _, points, _ in reader.read_frames()])
        names = [label.strip() for label in reader.point_labels]
    assert names == list(markers.MARKERS) and reader.point_rate == pytest.approx(30)
    lost = np.isnan(without_joint(walk)).any(axis=-1)
    expected = (walk.joints_3d * (1, -1, -1))[~lost]
    np.testing.assert_allclose(points[..., :3][~lost], expected, atol=1e-3)
    assert (points[..., 3][lost] == -1).all() and (points[..., 3][~lost] == 0).all()


def test_trc_is_read_by_opensim(walk, written, opensim):
    path = written("trc", joints_3d=without_joint(walk, "l_wrist"))  # the row's last marker
    table = opensim.TimeSeriesTableVec3(str(path))
    assert list(table.getColumnLabels()) == list(markers.MARKERS)
    np.testing.assert_allclose(table.getIndependentColumn(), walk.seconds, atol=1e-6)
    knee = table.getDependentColumn("RKnee")
    found = np.array([[knee[row][axis] for axis in range(3)] for row in range(90)])
    expected = walk.joints_3d[:, joint_index("r_knee")] * (1, -1, -1) / 1000
    np.testing.assert_allclose(found, expected, atol=1e-6)
    wrist = table.getDependentColumn("LWrist")
    assert [np.isnan(wrist[row][0]) for row in range(2, 7)] == [False, True, True, True, False]
    assert table.getTableMetaDataString("Units") == "m"


def test_opensims_inverse_kinematics_finds_the_walks_knees_and_elbows(walk, tmp_path, opensim):
    film = walks.as_film(walk)
    formats.write(tmp_path / "walk.trc", film)
    model = opensim_model.build(opensim, rig.fitted_lengths_mm(film))
    found = opensim_model.coordinates_deg(opensim, model, tmp_path / "walk.trc", tmp_path)
    assert set(found) == {"shin_R", "shin_L", "forearm_R", "forearm_L"}
    for body, degrees in found.items():
        name = "knee_angle" if body.startswith("shin") else "elbow_flex"
        truth = walk.angles[f"{name}_{body[-1].lower()}"]
        # The model's head is straight above its neck, the mannequin's 9 mm before it.
        np.testing.assert_allclose(np.abs(degrees), truth, atol=1)


@pytest.mark.parametrize(("unit", "factor"), [("m", 1e-3), ("cm", 0.1), ("mm", 1)])
def test_trc_says_its_unit(walk, tmp_path, unit, factor):
    path = tmp_path / "walk.trc"
    formats.write(path, walks.as_film(walk), options=formats.Options(unit=unit))
    lines = path.read_text().splitlines()
    assert lines[2].split("\t")[:5] == ["30", "30", "90", "16", unit]
    first = np.array(lines[6].split("\t"), float)
    assert first[0] == 1 and first[1] == 0
    expected = walk.joints_3d[0] * (1, -1, -1) * factor
    np.testing.assert_allclose(first[2:].reshape(16, 3), expected, atol=1e-3 * factor)


def test_mot_is_read_by_opensim_with_its_gap(walk, written, opensim):
    table = opensim.TimeSeriesTable(str(written("mot", joints_3d=without_joint(walk))))
    assert table.getTableMetaDataAsString("inDegrees") == "yes"
    for name, degrees in walk.angles.items():
        found = table.getDependentColumn(name).to_numpy()
        is_gap = np.arange(90) // 3 == 1 if name == "elbow_flex_l" else np.zeros(90, bool)
        assert (np.isnan(found) == is_gap).all()
        np.testing.assert_allclose(found[~is_gap], degrees[~is_gap], atol=0.01)


def test_coco_is_read_by_pycocotools_and_like_itself(walk, written):
    coco = pytest.importorskip("pycocotools.coco")
    from pycocotools.cocoeval import COCOeval

    confidence = np.full((90, 16), 0.9)
    confidence[:, joint_index("l_ankle")] = 0.1
    path = written("coco", confidence=confidence)
    truth = coco.COCO(str(path))
    found = truth.loadRes([*truth.dataset["annotations"]])
    score = COCOeval(truth, found, "keypoints")
    score.evaluate()
    score.accumulate()
    score.summarize()
    assert score.stats[0] == 1
    annotation = truth.loadAnns(7)[0]
    names = truth.loadCats(1)[0]["keypoints"]
    points = np.array(annotation["keypoints"]).reshape(17, 3)
    left_knee = points[names.index("left_knee")]
    np.testing.assert_allclose(left_knee, [*walk.joints_2d[6, joint_index("l_knee")], 2], atol=1e-3)
    assert points[names.index("left_ankle"), 2] == 1 and (points[:5] == 0).all()
    image = truth.loadImgs(annotation["image_id"])[0]
    assert image["file_name"] == "walk_000006.jpg" and image["width"] == 1280


def two_people(walk):
    """The walk, and a second person one metre to the right, in every other frame."""
    one, two = walks.as_film(walk).rows, walks.as_film(walk).rows[::2]
    two["joints_3d"][..., 0] += 1000
    two["person"] = 2
    rows = np.concatenate([one, two])
    return sequence.PoseSequence(rows[np.argsort(rows["frame"], kind="stable")], ("walk.mp4",))


def test_the_one_person_of_a_file_keeps_their_number_and_scores(walk, tmp_path):
    formats.write(tmp_path / "x.json", walks.as_film(walk, person=3, score=0.625))
    poses = formats.read(tmp_path / "x.json")
    assert poses.persons == [3] and (poses.rows["score"] == 0.625).all()


def test_several_people_get_a_file_each_where_the_form_holds_one(walk, tmp_path):
    poses = two_people(walk)
    names = [path.name for path in formats.write(tmp_path / "walk.trc", poses)]
    assert names == ["walk_1.trc", "walk_2.trc"]
    rows = [len((tmp_path / name).read_text().splitlines()) - 6 for name in names]
    assert rows == [90, 45]
    numbers = [line.split("\t")[0] for line in (tmp_path / names[1]).read_text().splitlines()[6:]]
    assert numbers[:3] == ["1", "3", "5"]
    formats.write(tmp_path / "walk.csv", poses)
    again = formats.read(tmp_path / "walk.csv")
    assert again.persons == [1, 2] and len(again.rows) == 135
    formats.write(tmp_path / "walk.json", poses)
    assert (formats.read(tmp_path / "walk.json").rows["person"] == poses.rows["person"]).all()


def test_who_enters_a_film_later_is_there_at_their_time(walk, tmp_path):
    """Files of one film that are opened together: each person at the film's times and rate."""
    ezc3d, c3d = pytest.importorskip("ezc3d"), pytest.importorskip("c3d")
    pybvh = pytest.importorskip("pybvh")
    poses, late = enters_later(walk, 40)
    for form in ("bvh", "c3d", "trc", "glb"):
        assert len(formats.write(tmp_path / f"walk.{form}", poses)) == 2
    clips = [pybvh.read_bvh_file(str(tmp_path / f"walk_{person}.bvh")) for person in (1, 2)]
    lines = [(tmp_path / f"walk_{person}.bvh").read_text().splitlines() for person in (1, 2)]
    assert [clip.frame_count for clip in clips] == [90, 90]
    assert [line for line in lines[0] if "Time" in line] == [x for x in lines[1] if "Time" in x]
    assert len(set(lines[1][-90:-49])) == 1 and len(set(lines[1][-50:])) == 50
    films = [ezc3d.c3d(str(tmp_path / f"walk_{person}.c3d")) for person in (1, 2)]
    assert films[0]["header"]["points"]["first_frame"] == 0
    assert films[1]["header"]["points"]["first_frame"] == 40
    rates = [film["parameters"]["POINT"]["RATE"]["value"][0] for film in films]
    assert rates[0] == rates[1] == pytest.approx(30, rel=1e-3)
    with open(tmp_path / "walk_2.c3d", "rb") as file, warnings.catch_warnings():
        warnings.simplefilter("ignore")
        frames = {number: points for number, points, _ in c3d.Reader(file).read_frames()}
    assert list(frames) == list(range(41, 91))
    np.testing.assert_allclose(frames[41][:, :3], late[0] * (1, -1, -1), atol=0.01)
    heads = [(tmp_path / f"walk_{person}.trc").read_text().splitlines() for person in (1, 2)]
    assert heads[0][2].split("\t")[0] == heads[1][2].split("\t")[0]
    for lines, first in zip(heads, ("1", "41"), strict=True):
        names = dict(zip(lines[1].split("\t"), lines[2].split("\t"), strict=True))
        assert names["OrigDataStartFrame"] == lines[6].split("\t")[0] == first


def enters_later(walk, frames):
    """Return two people's film, and the joints of the second, who comes after so many frames.

    Times are rounded to the millisecond.
    """
    rows = walks.as_film(walk, seconds=np.round(walk.seconds, 3)).rows
    late = rows[frames:].copy()
    late["person"] = 2
    both = np.concatenate([rows, late])
    order = np.argsort(both["frame"], kind="stable")
    return sequence.PoseSequence(both[order], ("walk.mp4",)), late["joints_3d"]


def test_times_that_count_from_anywhere_begin_with_the_first_pose(walk, tmp_path):
    """A clock's seconds, say: nobody wants a day of standing still."""
    poses, _ = enters_later(walk, 40)
    poses.rows["seconds"] += 86_400
    assert len(formats.write(tmp_path / "walk.bvh", poses)) == 2
    for person in (1, 2):
        assert "Frames: 90\n" in (tmp_path / f"walk_{person}.bvh").read_text()


def test_a_film_that_pauses_has_a_gap_in_formats_of_one_rate(walk, tmp_path):
    ezc3d = pytest.importorskip("ezc3d")
    film = walks.as_film(walk)
    kept = np.r_[0:20, 30:90]
    rows = film.rows[kept]
    formats.write(tmp_path / "walk.c3d", sequence.PoseSequence(rows, film.images))
    points = ezc3d.c3d(str(tmp_path / "walk.c3d"))["data"]["points"][:3].transpose(2, 1, 0)
    assert len(points) == 90 and np.isnan(points[20:30]).all()
    np.testing.assert_allclose(points[kept], walk.joints_3d[kept] * (1, -1, -1), atol=0.01)


def test_a_pause_too_long_for_one_rate_is_named(walk, tmp_path):
    film = walks.as_film(walk)
    film.rows["seconds"][50:] += 1000
    poses = sequence.PoseSequence(film.rows, film.images, name="long.json")
    for form in ("bvh", "c3d"):
        with pytest.raises(UserError, match=r"long\.json: its pauses are too long"):
            formats.write(tmp_path / f"x.{form}", poses)
    formats.write(tmp_path / "x.glb", poses)


@pytest.mark.parametrize("form", formats.FORMATS)
def test_what_cannot_be_written_is_one_line_and_leaves_nothing(walk, tmp_path, form):
    film = walks.as_film(walk)
    nobody = sequence.PoseSequence(film.rows[:0], film.images, name="poses.json")
    path = tmp_path / f"x{formats.FORMATS[form].suffix}"
    with pytest.raises(UserError, match=r"poses\.json: no person is in it"):
        formats.write(path, nobody)
    if formats.FORMATS[form].film:
        one = sequence.PoseSequence(film.rows[:1], film.images, name="poses.json")
        with pytest.raises(
            UserError, match=rf"poses\.json: {form} holds a film, this is one frame"
        ):
            formats.write(path, one)
        photos = walks.as_film(walk, seconds=np.nan)
        with pytest.raises(UserError, match=f"{form} holds a film, these poses have no times"):
            formats.write(path, photos)
    if form not in ("json", "csv"):
        lacking = "joints_2d" if form == "coco" else "joints_3d"
        with pytest.raises(UserError, match=f"{lacking[-2:].upper()} joints"):
            formats.write(path, walks.as_film(walk, **{lacking: np.nan}))
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("form", ["bvh", "glb"])
def test_a_joint_that_is_never_there_is_named(walk, tmp_path, form):
    joints = without_joint(walk, "r_ankle", slice(None))
    with pytest.raises(UserError, match=r"r_knee and r_ankle|l_knee and l_ankle|r_ankle"):
        joints[:, joint_index("l_ankle")] = np.nan
        formats.write(tmp_path / f"x.{form}", walks.as_film(walk, joints_3d=joints))


def test_a_film_too_long_for_c3d_is_named(walk, tmp_path):
    pytest.importorskip("ezc3d")
    rows = np.repeat(walks.as_film(walk).rows[:1], 65_535)
    rows["frame"] = np.arange(len(rows))
    rows["seconds"] = rows["frame"] / 30
    poses = sequence.PoseSequence(rows, ("long.mp4",), name="long.json")
    with pytest.raises(UserError, match=r"long\.json: c3d counts 65534 frames, this has 65535"):
        formats.write(tmp_path / "long.c3d", poses)


def test_a_suffix_of_no_format_is_named(walk):
    with pytest.raises(UserError, match=r"walk\.fbx: no format has this suffix; there are json"):
        formats.write(Path("walk.fbx"), walks.as_film(walk))
    assert formats.parse_formats("bvh, csv") == ("bvh", "csv")
    with pytest.raises(ValueError, match="'fbx' is unknown: there are json"):
        formats.parse_formats("bvh,fbx")


def test_the_columns_are_those_of_the_angles(walk, written):
    header = written("mot").read_text().splitlines()[8].split("\t")
    assert header == ["time", *angles.COLUMNS]
    assert json.loads(written("json").read_text())[0]["size"] == "metric"
