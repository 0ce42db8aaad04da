"""The web page as people use it, in headless Chromium: see demo/web/test/checks.mjs."""

import json
import shutil
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from web_demo_bvh_test import numbers as bvh_numbers
from web_demo_test import CHROMIUM, WEB, node

pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")
pytest.importorskip("av", reason="PyAV is not installed")

pytest.importorskip("embreex", reason="embreex is not installed")

from support import films, rendered_walks

from hg3d_tf import weights
from hg3d_tf.pose_files import formats
from hg3d_tf.prediction import people, person_finder, photos, predictors
from hg3d_tf.skeleton import SEEN_CONFIDENCE
from hg3d_tf.tflite import delta, litert

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not (shutil.which("node") and CHROMIUM), reason="no Node.js or Chromium"),
    pytest.mark.skipif(not (WEB / "node_modules").exists(), reason="`make web` has not been run"),
]
BASE = weights.TFLITE_FILE.read_bytes()
DELTA = WEB / "src/film.delta"


def picture(*persons):
    """Return a grey frame [480, 640, 3] with the page's sample at (x, y, side) of each."""
    frame = Image.new("RGB", (640, 480), (127, 127, 127))
    for x, y, side in persons:
        frame.paste(Image.open(WEB / "src/sample.jpg").resize((side, side)), (x, y))
    return np.asarray(frame)


WALK_FRAMES, FILM_FRAMES = 15, 60
LEAST_RATE = 4
ONE = picture((80, 0, 480))


@pytest.fixture(scope="module")
def walk():
    """A rendered person who walks for a second, 640 x 480 px."""
    walker = rendered_walks.Walker(3, (-500, 700), (700, 900), np.linspace(0, 1, WALK_FRAMES))
    small = rendered_walks.film([walker], WALK_FRAMES, 320, 240)
    frames = small.frames.repeat(2, axis=1).repeat(2, axis=2)
    return small._replace(frames=frames, joints_2d=2 * small.joints_2d + 0.5)


@pytest.fixture(scope="module")
def checked(walk, tmp_path_factory):
    """What came of the checks: one start of the browser for all."""
    folder = tmp_path_factory.mktemp("page")
    nobody, two = picture(), picture((0, 80, 320), (320, 80, 320))
    # The camera begins anew when it is over.
    frames = [*walk.frames, *[nobody] * WALK_FRAMES, *[two] * WALK_FRAMES]
    films.write_y4m(folder / "camera.y4m", np.stack(frames), int(rendered_walks.RATE))
    films.write(folder / "film.mp4", np.stack([ONE] * FILM_FRAMES))
    node("build.mjs", weights.FOLDER, folder / "built")
    paths = [folder / name for name in ("built", "camera.y4m", "film.mp4")]
    return json.loads(node("test/checks.mjs", CHROMIUM, *paths, folder))


@pytest.fixture
def walker_rows(checked):
    """The rows of the page's table in which one person is seen.

    The test is skipped where the page looks so seldom that nobody can be followed.
    """
    rows = formats.read(checked["camera"]["csv"]).rows
    times, counts = np.unique(rows["seconds"], return_counts=True)
    rate = len(times) / np.ptp(times)  # nobody is there for a third of the time
    if rate < LEAST_RATE:
        pytest.skip(f"{rate:.1f} looks a second follow nobody: too busy or slow a machine")
    return rows[np.isin(rows["seconds"], times[counts == 1])]


def test_nothing_fails_and_nothing_large_is_loaded(checked):
    assert checked["errors"] == []
    assert checked["firstLoad"] <= 12


def test_axe_finds_nothing_serious_at_a_phones_and_a_desktops_width(checked):
    assert checked["accessibility"] == []


def test_the_keyboard_reaches_everything_from_top_to_bottom(checked):
    stops = checked["stops"]
    expected = ["camera", "file", "full", "skeleton", "Front", "Side", "Above", "−", "+"]
    places = [stops.index(name) for name in [*expected, "Save", "Time of a frame"]]
    assert places == sorted(places)


@pytest.mark.usefixtures("walker_rows")
def test_the_camera_loses_people_and_finds_them_again(checked):
    camera = checked["camera"]
    seen = camera["seen"]
    counts = [len(ids) for ids in seen]
    lost = counts.index(0, counts.index(1))
    first, again = seen[counts.index(1)], seen[counts.index(1, lost)]
    assert first != again  # somebody new, since nobody knows who it is
    assert max(counts) == 2 and camera["button"] == "Stop camera" and camera["paused"] == "Go on"
    assert "frames a second" in camera["times"] and "drawing" in camera["times"]


def test_before_the_camera_joints_are_those_of_who_walks_there(walker_rows, walk):
    rows = walker_rows
    long = 3 * WALK_FRAMES / rendered_walks.RATE

    def errors(start):
        """Return px [n, 16] if the camera's film had begun `start` s before the poses' clock."""
        frame = ((rows["seconds"] + start) % long) * rendered_walks.RATE
        walks = frame < WALK_FRAMES
        off = rows["joints_2d"][walks] - walk.joints_2d[frame[walks].astype(int), 0]
        return np.linalg.norm(off, axis=-1)

    # When the browser's camera showed its first frame nobody knows.
    off = [errors(start) for start in np.arange(0, long, 0.02)]
    best = min((px for px in off if len(px) >= 10), key=np.median)
    assert np.median(best) < 0.08 * np.ptp(walk.joints_2d[0, 0, :, 1])


def test_a_hundred_frames_leave_no_memory_behind(checked):
    assert checked["camera"]["grown"] < 5  # MB


def test_a_film_shows_the_pose_that_python_finds(checked):
    find = person_finder.LiteRTFinder(weights.FINDER_FILE)
    look = predictors.load_predictor(weights.TFLITE_FILE)
    [expected] = people.find_people(photos.Photo("frame", ONE), look, find)
    clear = ~expected.unclear
    [seen] = checked["film"]["people"]
    off = np.array(seen["pose"]["joints2d"]) - expected.pose["joints_2d"]
    # The box is that of the pose before, the picture went through a codec, no mirror image helps.
    assert clear.sum() >= 10 and np.linalg.norm(off[clear], axis=1).mean() < 12


def test_a_film_is_looked_at_frame_by_frame_by_its_own_times(checked):
    film = checked["film"]
    rows = formats.read(film["json"]).rows
    np.testing.assert_allclose(rows["seconds"], rows["frame"] / 10, atol=1e-6)
    assert len(rows) >= 0.95 * FILM_FRAMES and (np.diff(rows["frame"]) > 0).all()
    for said in (film["said"], film["again"]):
        assert f"all {FILM_FRAMES} frames" in said or f"of {FILM_FRAMES} frames" in said


@pytest.mark.parametrize("kind", ["photo", "film"])
def test_saved_poses_are_read_by_the_package(checked, kind, tmp_path):
    poses = formats.read(checked[kind]["json"])
    [person] = checked[kind]["people"]
    for name, field in (("joints_2d", "joints2d"), ("joints_3d", "joints3d")):
        np.testing.assert_allclose(poses.rows[name][-1], person["pose"][field], atol=1e-3)
    assert poses.is_film == (kind == "film")
    if kind == "film":
        formats.write(tmp_path / "film.bvh", poses)
        expected, found = (
            Path(path).read_text().split("MOTION\n")
            for path in (tmp_path / "film.bvh", checked[kind]["bvh"])
        )
        assert found[0].split() == expected[0].split()
        assert len(bvh_numbers(found[1])) >= 10
        # The JSON's times, which smoothing takes, are rounded to a microsecond.
        np.testing.assert_allclose(bvh_numbers(found[1]), bvh_numbers(expected[1]), atol=0.01)


def test_a_saved_table_holds_the_cameras_people(checked):
    poses = formats.read(checked["camera"]["csv"])
    assert len(poses.rows) > 50 and poses.is_film and set(poses.rows["person"]) >= {1, 2, 3}


def test_a_saved_picture_has_the_films_size(checked):
    with Image.open(checked["film"]["png"]) as saved:
        assert saved.size == (640, 480)


def test_refusals_say_what_is_wrong(checked):
    said = checked["refusals"]
    assert "no picture that the browser can read" in said["noPicture"]
    assert "not allowed" in said["NotAllowedError"] and "no camera" in said["NotFoundError"]


def test_a_bad_address_is_one_line_and_the_controls_are_there(checked):
    assert checked["badAddresses"] == {
        query: f"That did not work: {problem}"
        for query, problem in {
            "photo=nosuch.jpg": "the photo nosuch.jpg cannot be fetched (404)",
            "photo=app.js": "this file is no picture that the browser can read",
            "box=1,2,x": "box=1,2,x is not x1,y1,x2,y2 with x1 < x2 and y1 < y2",
            "box=9,9,5,5": "box=9,9,5,5 is not x1,y1,x2,y2 with x1 < x2 and y1 < y2",
            "box=999,0,1200,90": "the box 999,0,1200,90 lies outside of the picture,"
            " which has 256 x 256 px",
        }.items()
    }


def test_the_page_starts_without_a_network_and_without_isolation(checked):
    assert checked["offline"] == {"people": 1}
    plain = checked["plain"]
    assert plain["people"] == 1 and not plain["isolated"] and plain["errors"] == []


def test_several_threads_find_what_one_finds(checked):
    threads = checked["threads"]
    assert "error" not in threads
    assert "litert_wasm_threaded_internal.js" in threads["asked"]
    [found], [expected] = threads["people"], checked["photo"]["people"]
    for name in ("joints2d", "joints3d"):
        np.testing.assert_allclose(found["pose"][name], expected["pose"][name], atol=0.5)


def test_the_films_file_is_the_photos_and_what_differs():
    content = delta.join(BASE, DELTA.read_bytes())
    with Image.open(WEB / "src/sample.jpg") as sample:
        crop = np.asarray(sample.resize((192, 192))) / np.float32(255)
    outputs = litert.TfliteRunner(content).run("joints", crop)
    expected = litert.TfliteRunner(BASE).run("joints", crop)
    seen = expected["confidence"][0] > SEEN_CONFIDENCE
    off = np.linalg.norm(outputs["joints_2d"] - expected["joints_2d"], axis=-1)[0, seen]
    assert seen.sum() >= 10 and off.mean() < 3
