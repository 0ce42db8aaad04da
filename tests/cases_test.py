"""Files that failed once, from public bug reports, as they were: each does what it must.

The folder `cases` lies beside the one that HG3D_DATA names; without it these tests are skipped.
What they are about is tested on made-up files beside the code as well.
"""

import json
import os
import re
import shutil
import subprocess
from pathlib import Path

import numpy as np
import pytest
from support.commands import ROOT, fork, fork_shrunk

CASES = Path(os.environ.get("HG3D_DATA", "nowhere")).parent / "cases"
BUILD = ROOT / "datasets/build.py"

pytestmark = [
    pytest.mark.slow,
    pytest.mark.skipif(not CASES.is_dir(), reason="no folder `cases` beside HG3D_DATA"),
]


@pytest.fixture
def case(request):
    """The input of the case that a test is called after."""
    folder = CASES / request.node.name.removeprefix("test_").partition("[")[0] / "input"
    if not folder.is_dir():
        pytest.skip(f"{folder} is not there")
    return folder


def build(manual_dir, data_dir, dataset="own_photos"):
    flags = (f"--dataset={dataset}", f"--manual_dir={manual_dir}", f"--data_dir={data_dir}")
    return fork(BUILD, *flags)


def predict(*arguments, cwd):
    """Return the poses in the JSON file that predict wrote, and the finished process."""
    process = fork("-m", "hg3d_tf.predict", f"--output_dir={cwd}", *arguments, cwd=cwd)
    assert "Traceback" not in process.stderr, process.stderr
    [written] = cwd.glob("*poses.json")
    return json.loads(written.read_text()), process


def joints_px(pose):
    return np.array(list(pose["joints_2d_px"].values()))


def skipped(data_dir):
    [path] = Path(data_dir).rglob("skipped.json")
    return path.read_text()


def test_coco_backslash_paths(case, tmp_path):
    assert "built 4 train" in build(case, tmp_path).stdout


def test_coco_image_not_listed(case, tmp_path):
    assert "built 3 train" in build(case, tmp_path).stdout
    assert re.search(r"annotation \d+.*image_id", skipped(tmp_path))


def test_coco_names_with_spaces(case, tmp_path):
    assert "built 4 train" in build(case, tmp_path).stdout


def test_coco_nothing_labelled(case, tmp_path):
    process = build(case, tmp_path)
    assert process.returncode == 1 and "nothing is labelled" in process.stderr
    assert not list(tmp_path.rglob("dataset_info.json"))


def test_coco_photo_listed_twice(case, tmp_path):
    process = build(case, tmp_path)
    assert re.search("built [46] train", process.stdout) and "Traceback" not in process.stderr


def test_label_studio_export(case, tmp_path):
    assert "built 4 train" in build(case, tmp_path).stdout


def test_labels_added_later(case, tmp_path):
    photos = tmp_path / "photos"
    shutil.copytree(case, photos, copy_function=shutil.copy)
    photos.chmod(0o755)
    build(photos, tmp_path / "data")
    (photos / "annotations_later.json").rename(photos / "annotations.json")
    process = build(photos, tmp_path / "data")
    assert process.returncode == 1 and "annotations.json" in process.stderr
    assert "already there" not in process.stdout


@pytest.mark.parametrize("dataset", ["mpii", "h36m/paper"])
def test_login_page_mpii_h36m(case, tmp_path, dataset):
    process = build(case / dataset.partition("/")[0], tmp_path, dataset)
    lines = [line for line in process.stderr.splitlines() if line.startswith("error: ")]
    assert process.returncode == 1 and len(lines) == 1 and "Traceback" not in process.stderr
    assert re.search(r"(\.mat|metadata\.xml): .*web page", lines[0])


def test_own_photos_exif(case, tmp_path):
    assert "built 4 train" in build(case, tmp_path).stdout
    flags = ("--workdir=shipped", "--dataset=own_photos", "--split=train", "--protocol=pck_box")
    process = fork("-m", "hg3d_tf.evaluate", *flags, f"--data_dir={tmp_path}")
    percent = [float(number) for number in re.findall(r"\d+\.\d+", process.stdout)]
    assert next(value for value in percent if value > 1) > 80, process.stdout


def test_curl_usual_photo(case, tmp_path):
    command = re.search(r"( {4}printf .*?--data-binary @-)", document("serving/README.md"), re.S)
    photo = case / "photo.jpg"
    assert photo.stat().st_size > 96_000
    script = command[1].replace("photo.jpg", str(photo)).replace("8501", "1")
    process = subprocess.run(["bash", "-c", script], capture_output=True, text=True, check=False)
    assert "too long" not in process.stderr
    assert "connect" in process.stderr


def document(name):
    return (ROOT / name).read_text(encoding="utf-8")


def test_gray_16_bit(case, tmp_path):
    poses, _ = predict("--nopictures", case / "gray8.png", case / "gray16.png", cwd=tmp_path)
    assert np.abs(joints_px(poses[0]) - joints_px(poses[1])).max() < 2


def test_int8_to_predict(case, tmp_path):
    model = f"--model={case / 'int8.tflite'}"
    [pose], process = predict(model, "--nopictures", case / "a.jpg", cwd=tmp_path)
    assert process.returncode == 0 and np.isfinite(joints_px(pose)).all()


def test_panorama_saved_model(case, shipped_saved_model, tmp_path):
    images = case / "a.jpg", case / "panorama.jpg"
    poses, process = predict(
        f"--model={shipped_saved_model}", "--nopictures", *images, cwd=tmp_path
    )
    assert any(pose["image"].endswith("a.jpg") for pose in poses)
    assert len(poses) == 2 or "panorama.jpg" in process.stdout + process.stderr


def test_phone_video_rotated(case, tmp_path):
    av = pytest.importorskip("av")
    poses = {}
    for name in ("clip", "upright"):
        (tmp_path / name).mkdir()
        video = f"--video={case / name}.mp4"
        poses[name], _ = predict(video, cwd=tmp_path / name)
    off = [
        np.median(np.linalg.norm(joints_px(a) - joints_px(b), axis=1))
        for a, b in zip(poses["clip"], poses["upright"], strict=True)
    ]
    assert np.median(off) < 4
    with av.open(str(tmp_path / "clip/clip_pose.mp4")) as film:
        assert (film.streams.video[0].width, film.streams.video[0].height) == (160, 240)


def test_video_lost_frame(case, tmp_path):
    poses, process = predict(f"--video={case / 'clip.avi'}", cwd=tmp_path)
    seconds = np.array([pose["seconds"] for pose in poses])
    assert len(poses) == 11 and np.isclose(np.diff(seconds), np.diff(seconds).min() * 2).sum() == 1
    assert "1" in process.stdout + process.stderr and "frame" in process.stdout + process.stderr


def test_video_variable_rate(case, tmp_path):
    poses, _ = predict(f"--video={case / 'clip.mp4'}", cwd=tmp_path)
    expected = [0, 33, 67, 100, 133, 1133, 1167, 1200, 1233, 1267]
    np.testing.assert_allclose([1000 * pose["seconds"] for pose in poses], expected, atol=5)


@pytest.fixture(scope="module")
def rendered():
    """Flags of a build of a few rendered people."""
    few = ("--num_train=16", "--num_validation=2", "--num_test=8", "--image_size=80")
    return ("--dataset=synthetic_humans/studio,synthetic_humans/wild", *few)


def test_workdir_brackets(case, tmp_path):
    workdir = f"--workdir={tmp_path / '[run 1]'}"
    process = fork("-m", "hg3d_tf.train", f"--flagfile={case / 'small.flags'}", workdir)
    assert process.returncode == 1 and "[run 1]" in process.stderr
    assert not (tmp_path / "[run 1]").exists()


def test_home_tilde(case, tmp_path, rendered):
    data = "--data_dir=~/data"
    commands = [
        ("train", f"--flagfile={case / 'small.flags'}", data, "--workdir=~/run"),
        ("evaluate", data, "--workdir=~/run", "--dataset=wild", "--protocol=pck_box"),
        ("export", "--workdir=~/run", "--output_dir=~/served", "--people=0"),
    ]
    (tmp_path / "here").mkdir()
    at_home = {"cwd": tmp_path / "here", "HOME": str(tmp_path)}
    processes = [fork(BUILD, *rendered, data, **at_home)]
    processes += [fork_shrunk(f"hg3d_tf.{name}", *flags, **at_home) for name, *flags in commands]
    for process in processes:
        assert process.returncode == 0, process.stderr
    assert not list((tmp_path / "here").iterdir())
    assert {"data", "run", "served"} <= {path.name for path in tmp_path.iterdir()}
