"""Many photos: flat memory, pictures, what goes on after an interruption."""

import gc
import json
import signal
import subprocess
import sys
import time
import weakref

import numpy as np
import pytest
from PIL import Image
from support import full_disk
from support.commands import ROOT
from support.looker import Looker, find_whole

from hg3d_tf import weights
from hg3d_tf.cli import UserError
from hg3d_tf.pictures import pose_pages
from hg3d_tf.prediction import batch
from hg3d_tf.prediction.drawing import Drawing, names
from hg3d_tf.prediction.finders import finder
from hg3d_tf.prediction.one_photo import PhotoWork, Setting
from hg3d_tf.prediction.results import Results

JOINTS = np.random.default_rng(0).uniform((20, 20), (180, 130), (16, 2))


@pytest.fixture
def photos(tmp_path):
    folder = tmp_path / "photos"
    folder.mkdir()
    paths = [folder / f"{number}.png" for number in range(4)]
    for number, path in enumerate(paths):
        Image.new("RGB", (200, 150), (40 * number, 90, 90)).save(path)
    return paths


def predict(
    paths, folder, find=None, pictures=True, html=False, sheet=None, again=False, **drawing
):
    folder.mkdir(exist_ok=True)
    look = Looker(JOINTS)
    drawn = Drawing(folder, pictures, html, sheet is not None, **drawing)
    pages = sheet and pose_pages.Pages(sheet)
    run = batch.in_this_process(PhotoWork(find or finder(look, find_whole), drawn))
    with Results(folder / "poses.json", {"model": 1}, again) as done:
        status = batch.predict(paths, run, done, drawn, pages)
    return status, len(look.boxes)


def test_what_is_done_is_not_looked_at_again(photos, tmp_path):
    out = tmp_path / "out"
    assert predict(photos, out) == (0, 4)
    first = (out / "poses.json").read_text()
    assert len(json.loads(first)) == 4
    assert predict(photos, out) == (0, 0)
    assert (out / "poses.json").read_text() == first
    assert predict(photos[1:], out) == (0, 0)
    assert len(json.loads((out / "poses.json").read_text())) == 3
    assert predict(photos, out, again=True) == (0, 4)


def test_on_a_full_disk_what_is_done_stays_done(photos, tmp_path):
    out = tmp_path / "out"
    predict(photos[:1], out, pictures=False)
    lines = out / "poses.jsonl"
    with full_disk.room_for(int(2.5 * lines.stat().st_size)), pytest.raises(OSError) as raised:
        predict(photos, out, pictures=False)
    assert raised.value.filename == str(lines)
    assert predict(photos, out, pictures=False) == (0, 2)
    assert len(json.loads((out / "poses.json").read_text())) == 4


def test_missing_pictures_are_drawn_of_known_poses(photos, tmp_path):
    out = tmp_path / "out"
    predict(photos, out, pictures=False)
    assert not list(out.glob("*.png"))
    assert predict(photos, out) == (0, 0)
    drawn = {path: path.read_bytes() for path in out.glob("*.png")}
    assert sorted(path.name for path in drawn) == [f"{number}_pose.png" for number in range(4)]
    (out / "2_pose.png").unlink()
    predict(photos, out)
    assert {path: path.read_bytes() for path in out.glob("*.png")} == drawn


@pytest.mark.parametrize("earlier", [False, True])
def test_pictures_drawn_otherwise_are_drawn_again_of_known_poses(photos, tmp_path, earlier):
    photos, out = photos[:1], tmp_path / "out"
    pictures = []
    for angles in (False, True, True, False):
        assert predict(photos, out, html=True, angles=angles) == (0, 0 if pictures else 1)
        if earlier:  # whose lines did not say how pictures were drawn
            _change_lines(out, lambda line: line | {"drawn": list(line["drawn"])})
        pictures.append((out / "0_pose.png").read_bytes())
    assert pictures[0] == pictures[3] != pictures[1] == pictures[2]


def _change_lines(folder, change):
    path = folder / "poses.jsonl"
    lines = [change(json.loads(line)) for line in path.read_text().splitlines()]
    path.write_text("".join(json.dumps(line) + "\n" for line in lines))


def test_what_is_drawn_as_it_was_is_not_drawn_again(photos, tmp_path):
    out, wanted = tmp_path / "out", {"html": True, "angles": True}
    predict(photos, out, **wanted)
    times = {path: path.stat().st_mtime_ns for path in out.glob("*_pose.*")}
    predict(photos, out, **wanted)
    assert {path: path.stat().st_mtime_ns for path in out.glob("*_pose.*")} == times
    predict(photos, out, **wanted | {"angles": False})
    predict(photos, out, pictures=False, html=True, angles=True)  # pages have no angles
    png = (out / "0_pose.png").read_bytes()
    predict(photos, out, angles=False)
    assert (out / "0_pose.png").read_bytes() == png


@pytest.mark.slow
def test_a_picture_that_another_photo_of_the_name_replaced_is_drawn_again(photos, tmp_path):
    (tmp_path / "other").mkdir()
    both, out = [photos[0], tmp_path / "other/0.png"], tmp_path / "out"
    Image.new("RGB", (150, 200), "white").save(both[1])
    predict(both, out)
    names_of = ("0_pose.png", "0_2_pose.png")
    first, second = (hash((out / name).read_bytes()) for name in names_of)
    assert predict(both[1:], out) == (0, 0)
    assert hash((out / "0_pose.png").read_bytes()) == second != first
    assert predict(both, out) == (0, 0)
    assert [hash((out / name).read_bytes()) for name in names_of] == [first, second]


def test_only_one_photo_is_in_memory_at_a_time(photos, tmp_path):
    seen, most = [], []
    find = finder(Looker(JOINTS), find_whole)

    def counted(photo):
        gc.collect()
        seen.append(weakref.ref(photo.pixels))
        most.append(sum(pixels() is not None for pixels in seen))
        return find(photo)

    sheet = tmp_path / "sheet.png"
    predict(photos, tmp_path / "out", counted, sheet=sheet)
    assert max(most) == 1 and len(most) == 4 and sheet.exists()


def test_a_sheet_of_many_poses_has_pages(photos, tmp_path, monkeypatch):
    monkeypatch.setattr(pose_pages, "ROWS_OF_PAGE", 3)
    for _ in range(2):  # with known poses too
        predict(photos, tmp_path / "out", sheet=tmp_path / "sheet.png")
        for name, rows in (("sheet.png", 3), ("sheet_2.png", 1)):
            with Image.open(tmp_path / name) as sheet:
                assert sheet.height == rows * 360
        assert len(list(tmp_path.glob("sheet*"))) == 2
        (tmp_path / "sheet.png").unlink(), (tmp_path / "sheet_2.png").unlink()


def test_the_rows_of_a_sheet_name_their_photos(photos, tmp_path, monkeypatch):
    named = []
    monkeypatch.setattr(pose_pages.pose_sheet, "write", lambda _, poses: named.extend(poses))
    predict(photos, tmp_path / "out", pictures=False, sheet=tmp_path / "sheet.png")
    assert [pose.name for pose in named] == list(map(str, photos))


def test_bad_photos_are_named_in_the_end_and_tried_again(photos, tmp_path, capsys):
    photos[1].write_bytes(b"no picture")
    find = finder(Looker(JOINTS), find_whole)

    def refuses(photo):
        if photo.name.endswith("2.png"):
            raise UserError(f"{photo.name}: the model refuses it")
        if photo.name.endswith("3.png"):
            raise MemoryError
        return find(photo)

    status, _ = predict(photos, tmp_path / "out", refuses)
    lines = capsys.readouterr().err.splitlines()
    errors = [line for line in lines if line.startswith("error:")]
    assert status == 1 and len(errors) == 3
    for error, word in zip(errors, ["1.png: cannot be", "refuses", "too large"], strict=True):
        assert word in error
    assert len(json.loads((tmp_path / "out/poses.json").read_text())) == 1
    assert predict(photos, tmp_path / "out") == (1, 2)


@pytest.mark.parametrize("suffix", ["png", "html"])
def test_a_folder_in_the_place_of_a_picture_costs_its_photo_a_line(
    photos, tmp_path, capsys, suffix
):
    out = tmp_path / "out"
    (out / f"1_pose.{suffix}/kept").mkdir(parents=True)
    assert predict(photos, out, html=True) == (1, 4)
    [line] = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error:")]
    assert f"1.png: {out}/1_pose.{suffix}: a folder stands" in line and "move it away" in line
    assert len(json.loads((out / "poses.json").read_text())) == 3
    assert (out / f"1_pose.{suffix}/kept").is_dir() and (out / "3_pose.html").is_file()
    (out / f"1_pose.{suffix}").rename(tmp_path / "away")
    assert predict(photos, out, html=True) == (0, 1)


def test_a_folder_in_the_place_of_a_sheets_page_costs_that_page(
    photos, tmp_path, capsys, monkeypatch
):
    monkeypatch.setattr(pose_pages, "ROWS_OF_PAGE", 1)
    (tmp_path / "sheet_2.png/kept").mkdir(parents=True)
    assert predict(photos, tmp_path / "out", sheet=tmp_path / "sheet.png") == (1, 4)
    [line] = [line for line in capsys.readouterr().err.splitlines() if line.startswith("error:")]
    assert f"error: {tmp_path}/sheet_2.png: a folder stands" in line and "move it away" in line
    assert len(json.loads((tmp_path / "out/poses.json").read_text())) == 4
    assert all((tmp_path / f"sheet{number}.png").is_file() for number in ("", "_3", "_4"))
    assert (tmp_path / "sheet_2.png/kept").is_dir()


def test_pictures_of_the_same_name_get_a_number(tmp_path):
    paths = [tmp_path / folder / "a.jpg" for folder in "xyz"]
    assert list(names(paths)) == ["a_pose", "a_2_pose", "a_3_pose"]
    paths[1] = paths[1].with_name("a_2.jpg")
    assert list(names(paths)) == ["a_pose", "a_2_pose", "a_3_pose"]


@pytest.mark.slow
def test_two_processes_give_what_one_gives(photos, tmp_path):
    """With the networks in the package, a damaged photo and a sheet."""
    photos[1].write_bytes(b"no picture")
    box = np.array([40, 20, 160, 140], np.float32)
    outputs = []
    for count in (1, 2):
        folder = tmp_path / str(count)
        folder.mkdir()
        drawn = Drawing(folder, True, sheet=True)
        setting = Setting(str(weights.TFLITE_FILE), drawn, box)
        with batch.workers(setting, count) as workers, Results(folder / "poses.json", {}) as done:
            run = workers.run if count > 1 else batch.in_this_process(setting.load())
            pages = pose_pages.Pages(folder / "sheet.png")
            assert batch.predict(photos, run, done, drawn, pages) == 1
        outputs.append({path.name: path.read_bytes() for path in folder.iterdir()})
    assert outputs[0] == outputs[1] and len(outputs[0]) == 6


@pytest.fixture
def listens():
    """Let processes that are started hear of Ctrl-C, in a suite that runs in the background too."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.slow
@pytest.mark.usefixtures("listens")
@pytest.mark.parametrize("processes", [1, 2])
def test_after_ctrl_c_the_same_command_goes_on(tmp_path, processes):
    folder, out = tmp_path / "photos", tmp_path / "out"
    folder.mkdir()
    for number in range(400):
        noise = np.random.default_rng(number).integers(0, 255, (30, 40, 3), np.uint8)
        Image.fromarray(noise).save(folder / f"{number:03d}.png")
    flags = ["--nopictures", "--box=0,0,40,30", f"--output_dir={out}", f"--processes={processes}"]
    command = [sys.executable, "-m", "hg3d_tf.predict", *flags]
    process = subprocess.Popen(
        [*command, str(folder)], cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    lines = out / "poses.jsonl"
    end = time.monotonic() + 120
    while (not lines.exists() or not lines.stat().st_size) and time.monotonic() < end:
        time.sleep(0.02)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 130 and "Traceback" not in errors, errors
    count = len(json.loads((out / "poses.json").read_text()))
    assert 1 <= count < 400
    assert f"interrupted: {count} of 400 images are done; the same command goes on" in errors
    few = [str(path) for path in sorted(folder.iterdir())[: count + 1]]
    process = subprocess.run([*command, *few], cwd=ROOT, capture_output=True, text=True)
    assert f"{count} of {count + 1} images had been done before: --again" in process.stdout
    assert len(json.loads((out / "poses.json").read_text())) == count + 1


def test_whom_a_file_of_boxes_does_not_have_is_said_of_it(capsys):
    batch.warn("a.jpg", [], "boxes.json")
    assert "a.jpg: no person found: boxes.json has no box in this image" in capsys.readouterr().out


@pytest.mark.parametrize(
    ("boxes", "question"),
    [("boxes.json", "does a box hold one whole person?"), (None, "is one whole person in sight?")],
)
def test_an_unclear_pose_is_not_put_down_to_a_box_that_nobody_gave(capsys, boxes, question):
    batch.warn("a.jpg", [{"confidence": {"r_knee": 0.1, "l_knee": 0.1}}], boxes)
    assert capsys.readouterr().out == f"warning: a.jpg: most joints are unclear: {question}\n"
