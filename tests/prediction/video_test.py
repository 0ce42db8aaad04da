"""People followed through films."""

import json
from fractions import Fraction
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("av")

from support import films
from support.looker import Looker, find_whole

from hg3d_tf.cli import UserError
from hg3d_tf.pose_files import reading
from hg3d_tf.prediction import bends, people, video
from hg3d_tf.prediction.film_reader import FilmReader
from hg3d_tf.prediction.film_sources import Source, file_or_camera
from hg3d_tf.prediction.given_boxes import Given, GivenBoxes
from hg3d_tf.prediction.person_finder import Found
from hg3d_tf.prediction.remembered import RememberedLooks
from hg3d_tf.prediction.tracking import Wanted


@pytest.fixture
def joints():
    return np.random.default_rng(0).uniform((10, 20), (50, 90), (16, 2))


def predict(path, look, find=find_whole, **options):
    status = video.predict(
        *(file_or_camera(str(path)), look, find, Wanted(), path.parent), video.Options(**options)
    )
    records = json.loads((path.parent / f"{path.stem}_poses.json").read_text())
    return status, records, *films.shown(path.parent / f"{path.stem}_pose.mp4")


def test_a_film_gives_a_film_and_a_pose_for_each_frame(joints, tmp_path):
    films.write(tmp_path / "clip.mp4", np.full((4, 120, 100, 3), 128, np.uint8))
    look = Looker(joints)
    status, records, drawn, times = predict(tmp_path / "clip.mp4", look, smoothing=0)
    assert status == 0
    assert [record["seconds"] for record in records] == times == [0, 0.1, 0.2, 0.3]
    assert records[2]["joints_2d_px"]["r_ankle"] == np.round(joints[0], 3).tolist()
    assert len(drawn) == 4
    assert np.abs(drawn[0].astype(int) - 128).max() > 60  # a skeleton was drawn
    assert len(look.boxes) == 4
    assert [record["person"] for record in records] == [1, 1, 1, 1]


def test_a_colon_in_a_films_name_is_no_protocol(joints, tmp_path, monkeypatch):
    films.write(tmp_path / "12:30.mp4", films.moving_square())
    monkeypatch.chdir(tmp_path)
    film = file_or_camera("12:30.mp4")
    assert not video.predict(film, Looker(joints), find_whole, Wanted(), Path(), video.Options())
    assert len(films.shown(tmp_path / "12:30_pose.mp4")[0]) == 8


def test_what_pauses_pauses_again(joints, tmp_path):
    milliseconds = [0, 33, 67, 100, 133, 1133, 1167, 1200]
    films.write(tmp_path / "clip.mp4", films.moving_square(), times=milliseconds)
    _, records, _, times = predict(tmp_path / "clip.mp4", Looker(joints))
    for seconds in ([record["seconds"] for record in records], times):
        np.testing.assert_allclose(seconds, np.array(milliseconds) / 1000, atol=0.001)


def test_a_film_stored_lying_is_written_upright(joints, tmp_path):
    upright = films.moving_square(height=97)  # the codec takes 96 lines
    films.write(tmp_path / "clip.mkv", upright[:, :96])
    films.write(tmp_path / "clip.mp4", np.rot90(upright[:, :96], 1, (1, 2)))
    films.set_display_matrix(tmp_path / "clip.mp4", 0, 1, -1, 0)
    _, _, drawn, _ = predict(tmp_path / "clip.mp4", Looker(joints))
    assert drawn[0].shape == (96, 64, 3)
    assert drawn[0][4, 4, 0] > 150 and drawn[0][92, 4, 2] > 150


def test_a_film_stored_squeezed_is_looked_at_and_written_as_players_show_it(joints, tmp_path):
    films.write(tmp_path / "clip.mp4", films.moving_square(), aspect=Fraction(16, 11))
    _, records, drawn, _ = predict(tmp_path / "clip.mp4", Looker(joints))
    assert records[0]["image_size_px"] == [93, 96]
    assert drawn[0].shape == (96, 92, 3)  # the codec wants even sides
    with FilmReader(Source(str(tmp_path / "clip_pose.mp4"))) as reader:
        assert next(iter(reader)).pixels.shape == drawn[0].shape


def test_damage_and_a_missing_end_are_named_and_the_rest_is_written(joints, tmp_path, capsys):
    films.write(tmp_path / "clip.avi", films.moving_square(12), "mjpeg")
    films.lose_packet(tmp_path / "clip.avi", 4)
    films.cut_off(tmp_path / "clip.avi", 0.7)
    status, records, drawn, _ = predict(tmp_path / "clip.avi", Looker(joints))
    lines = [line for line in capsys.readouterr().out.splitlines() if "warning" in line]
    assert status == 0 and len(records) == len(drawn) >= 5
    assert len(lines) == 2 and "damaged frames, at 0.40, " in lines[0] and "cut off" in lines[1]


def test_a_film_without_a_sound_frame_is_named_and_leaves_nothing(joints, tmp_path):
    films.write(tmp_path / "clip.avi", films.moving_square(1), "mjpeg")
    films.lose_packet(tmp_path / "clip.avi", 0)
    with pytest.raises(UserError, match=r"clip\.avi: left out 1 damaged frame.*no frame can be"):
        predict(tmp_path / "clip.avi", Looker(joints))
    assert [path.name for path in tmp_path.iterdir()] == ["clip.avi"]


@pytest.mark.parametrize("name", ["clip_pose.mp4", "clip_poses.json"])
def test_a_folder_in_the_place_of_a_film_is_named_before_the_work(joints, tmp_path, name):
    films.write(tmp_path / "clip.mp4", films.moving_square(1))
    (tmp_path / name).mkdir()
    look = Looker(joints)
    with pytest.raises(IsADirectoryError, match=f"a folder stands .*{name}"):
        predict(tmp_path / "clip.mp4", look)
    assert not look.boxes and len(list(tmp_path.iterdir())) == 2


def test_given_boxes_that_cannot_be_are_named_before_the_film_starts(joints, tmp_path):
    (tmp_path / "boxes.txt").write_text("1,1,10,20,30,40\n7,1,0,0,1e6,1e6\n")
    films.write(tmp_path / "clip.mp4", films.moving_square())
    film, look = str(tmp_path / "clip.mp4"), Looker(joints)
    given = GivenBoxes(tmp_path / "boxes.txt")
    wanted = Wanted(
        given=lambda *of: given.of_frame(film, *of),
        check_given=lambda side: given.check_size(film, side),
    )
    with pytest.raises(UserError, match=r"line 2: .* of frame 7 .*clip\.mp4.* side has 96 px"):
        video.predict(file_or_camera(film), look, None, wanted, tmp_path, video.Options())
    assert not look.boxes and len(list(tmp_path.iterdir())) == 2


def test_what_is_wrong_with_a_frame_is_said_with_the_films_name(joints, tmp_path):
    films.write(tmp_path / "clip.mp4", films.moving_square())
    wanted = Wanted(np.array([500, 500, 600, 600], np.float32))
    arguments = (Looker(joints), find_whole, wanted, tmp_path, video.Options())
    with pytest.raises(UserError, match=r"clip\.mp4: frame 0: the box 500,.* lies outside"):
        video.predict(file_or_camera(str(tmp_path / "clip.mp4")), *arguments)
    assert len(list(tmp_path.iterdir())) == 1


class Interrupted(Looker):
    def __call__(self, photo, box=None):
        if photo.name == "frame 3":
            raise KeyboardInterrupt
        return super().__call__(photo, box)


def test_an_interrupted_film_is_kept_so_far(joints, tmp_path, capsys):
    films.write(tmp_path / "clip.mp4", films.moving_square())
    status, records, drawn, _ = predict(tmp_path / "clip.mp4", Interrupted(joints))
    assert status == 130 and len(records) == len(drawn) == 3
    assert "interrupted" in capsys.readouterr().err


def test_the_same_command_goes_on_where_a_film_was_interrupted(joints, tmp_path, capsys):
    films.write(tmp_path / "clip.mp4", films.moving_square())
    whole = predict(tmp_path / "clip.mp4", Looker(joints))
    predict(tmp_path / "clip.mp4", Interrupted(joints))
    with (tmp_path / "clip_looks.part").open("ab") as file:
        file.write(b"the end of a process that was killed")
    look = Looker(joints)
    again = predict(tmp_path / "clip.mp4", look)
    assert again[:2] == whole[:2]
    assert len(look.boxes) == 5  # frames 3 to 7
    assert not (tmp_path / "clip_looks.part").exists()


@pytest.mark.parametrize("changed", ["film", "settings", "again", "version"])
def test_what_changed_is_looked_at_from_the_beginning(joints, tmp_path, monkeypatch, changed):
    films.write(tmp_path / "clip.mp4", films.moving_square())
    predict(tmp_path / "clip.mp4", Interrupted(joints), settings={"box": None})
    if changed == "film":
        films.write(tmp_path / "clip.mp4", films.moving_square(7))
    if changed == "version":
        monkeypatch.setattr(video, "__version__", "another")
    look = Looker(joints)
    settings = {"box": [1, 2, 3, 4]} if changed == "settings" else {"box": None}
    predict(tmp_path / "clip.mp4", look, settings=settings, again=changed == "again")
    frames = 7 if changed == "film" else 8
    assert len(look.boxes) == frames


@pytest.mark.parametrize("options", [{"again": True}, {"settings": {"box": [1, 2, 3, 4]}}])
def test_a_run_that_comes_to_nothing_forgets_no_looks(joints, tmp_path, options):
    def find(photo):
        raise KeyboardInterrupt

    films.write(tmp_path / "clip.mp4", films.moving_square())
    predict(tmp_path / "clip.mp4", Interrupted(joints))
    before = (tmp_path / "clip_looks.part").read_bytes()
    with pytest.raises(KeyboardInterrupt):
        predict(tmp_path / "clip.mp4", Looker(joints), find, **options)
    assert (tmp_path / "clip_looks.part").read_bytes() == before


@pytest.mark.parametrize("again", [False, True])
def test_looks_that_were_not_asked_for_stay(joints, tmp_path, again):
    path = tmp_path / "looks.part"
    with RememberedLooks(Looker(joints), path, {}) as look:
        look(None)
    before = path.read_bytes()
    with RememberedLooks(Looker(joints), path, {}, again=again):
        pass
    assert path.read_bytes() == before


def test_an_interrupted_film_done_again_goes_on_without_again(joints, tmp_path, capsys):
    films.write(tmp_path / "clip.mp4", films.moving_square())
    predict(tmp_path / "clip.mp4", Interrupted(joints), again=True)
    assert "s; without --again the same command goes on" in capsys.readouterr().err
    look = Looker(joints)
    predict(tmp_path / "clip.mp4", look)
    assert len(look.boxes) == 5  # frames 3 to 7


def test_a_camera_films_until_it_is_interrupted(joints, tmp_path):
    # FFmpeg's test picture stands in for a camera: it has no end and is opened in the same way.
    endless = Source("testsrc=size=64x48:rate=10", "lavfi")
    assert (
        video.predict(
            *(endless, Interrupted(joints), find_whole, Wanted(), tmp_path), video.Options()
        )
        == 0
    )
    assert len(json.loads((tmp_path / "testsrc=size=64x48:rate=10_poses.json").read_text())) == 3
    assert (tmp_path / "testsrc=size=64x48:rate=10_pose.mp4").stat().st_size > 500


def test_the_skeleton_is_drawn_dotted_where_it_is_unclear(joints):
    joints[:] = 20
    joints[14], joints[15] = (20, 50), (180, 50)  # the left forearm
    pixels = np.zeros((100, 200, 3), np.uint8)
    lit = []
    for confidence in (0.9, 0.1):
        pose = {"joints_2d": joints, "confidence": np.full(16, confidence)}
        drawn = video.overlay(pixels.copy(), [people.Person(np.zeros(4), pose)])
        assert drawn.shape == pixels.shape and not pixels.any()
        lit.append((drawn[50, 20:180].max(axis=1) > 0).mean())
    assert lit[0] == 1 and 0.3 < lit[1] < 0.8


def test_angles_are_written_beside_clear_knees_and_elbows(joints):
    pixels = np.zeros((200, 300, 3), np.uint8)
    joints_3d = np.zeros((16, 3))
    joints_3d[:3] = (0, 90, 40), (0, 50, 0), (0, 0, 0)  # right ankle, knee, hip
    confidence = np.full(16, 0.1)
    confidence[:3] = 0.9
    pose = {"joints_2d": joints, "joints_3d": joints_3d, "confidence": confidence}
    person = people.Person(np.zeros(4), pose)
    assert bends.labels(joints_3d, person.unclear) == {1: "45\N{DEGREE SIGN}"}
    plain, written = (video.overlay(pixels.copy(), [person], angles) for angles in (False, True))
    changed = np.argwhere((plain != written).any(axis=-1))
    x, y = joints[1]
    assert len(changed) and (np.abs(changed - (y, x + 12)) < (9, 16)).all()


@pytest.mark.parametrize("shift", [(-400, 0), (0, 400), (160, 40)])
def test_a_skeleton_may_lie_outside_of_the_picture(joints, shift):
    pixels = np.zeros((100, 200, 3), np.uint8)
    pose = {"joints_2d": joints + shift, "confidence": np.full(16, 0.9)}
    drawn = video.overlay(pixels.copy(), [people.Person(np.zeros(4), pose)])
    assert drawn.shape == pixels.shape and drawn.any() == (shift == (160, 40))


def test_of_several_people_the_numbers_stand_beside_the_heads(joints):
    pixels = np.zeros((100, 200, 3), np.uint8)
    pose = {"joints_2d": joints, "confidence": np.full(16, 0.9)}
    one, two = (people.Person(np.zeros(4), pose, 1.0, number) for number in (1, 2))
    alone, both = video.overlay(pixels.copy(), [one]), video.overlay(pixels.copy(), [one, two])
    assert (alone != both).any()


def find_two(photo):
    """Find people in the left and in the right half."""
    height, width = photo.pixels.shape[:2]
    halves = [[0, 0, width / 2, height], [width / 2, 0, width, height]]
    return Found(np.array(halves, np.float32), np.array([0.9, 0.8], np.float32))


class InBoxes(Looker):
    """Sees a pose in the middle of the half that a box is in."""

    def __call__(self, photo, box):
        pose = super().__call__(photo, box)
        half = photo.pixels.shape[1] / 2
        shift = half if (box[0] + box[2]) / 2 > half else 0
        return pose | {"joints_2d": pose["joints_2d"] / 2 + [shift, 0]}


def test_several_people_of_a_film_are_followed_and_read_again(joints, tmp_path):
    films.write(tmp_path / "clip.mp4", np.full((12, 120, 100, 3), 128, np.uint8))
    status, records, _, _ = predict(tmp_path / "clip.mp4", InBoxes(joints), find_two)
    assert status == 0 and len(records) == 24
    assert [record["person"] for record in records[:4]] == [1, 2, 1, 2]
    read = reading.read(tmp_path / "clip_poses.json")
    assert read.persons == [1, 2] and len(read.of_person(2).rows) == 12
    left, right = (read.of_person(person).rows["joints_2d"][..., 0].mean() for person in (1, 2))
    assert left < 50 < right


def test_where_nobody_is_found_the_film_is_written_and_it_is_said(joints, tmp_path, capsys):
    films.write(tmp_path / "clip.mp4", films.moving_square())
    nobody = Found(np.zeros((0, 4), np.float32), np.zeros(0, np.float32))
    finds = []

    def find(photo):
        finds.append(photo.name)
        return nobody

    status, records, drawn, _ = predict(tmp_path / "clip.mp4", Looker(joints), find)
    assert status == 0 and records == [] and len(drawn) == 8
    assert "no person found in 8 frames" in capsys.readouterr().out
    video.write_page(file_or_camera(str(tmp_path / "clip.mp4")), tmp_path)
    assert not (tmp_path / "clip_3d.html").exists()


def test_where_nobody_is_given_no_box_is_advised(joints, tmp_path, capsys):
    path = tmp_path / "clip.mp4"
    films.write(path, films.moving_square())

    def given(frame, size):
        return Given(np.zeros((0, 4), np.float32), np.zeros(0), np.zeros(0, int))

    source = file_or_camera(str(path))
    wanted = Wanted(given=given)
    assert video.predict(source, Looker(joints), None, wanted, tmp_path, video.Options()) == 0
    assert "no person found in 8 frames: --boxes has none" in capsys.readouterr().out


def test_what_the_finder_said_is_replayed_too(joints, tmp_path):
    films.write(tmp_path / "clip.mp4", films.moving_square(24))

    class Late(InBoxes):
        def __call__(self, photo, box=None):
            if photo.name == "frame 21":
                raise KeyboardInterrupt
            return super().__call__(photo, box)

    finds = []

    def find(photo):
        finds.append(photo.name)
        return find_two(photo)

    predict(tmp_path / "clip.mp4", Late(joints), find)
    assert finds == ["frame 0", "frame 10", "frame 20"]
    status, records, _, _ = predict(tmp_path / "clip.mp4", InBoxes(joints), find)
    assert status == 0 and len(records) == 48 and len(finds) == 3
