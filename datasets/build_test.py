import json
import re
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.commands import fork, run

from own_photos.own_photos_dataset_builder_test import coco, joints_px
from preparation.painted_people import jpeg, paint

BUILD = Path(__file__).with_name("build.py")


@pytest.fixture(autouse=True)
def no_default_folder(monkeypatch):
    monkeypatch.delenv("TFDS_DATA_DIR", raising=False)


def build(*flags, start=fork, **options):
    return start(BUILD, *flags, **options)


def own_photos(folder, count=2):
    """Write photos of painted people, of whom `count` are labelled; return the flags of a build."""
    (folder / "own/images").mkdir(parents=True, exist_ok=True)
    for number in range(2):
        image = paint(joints_px(number), (310, 330), 6, number)
        (folder / f"own/images/photo {number:02d}.jpg").write_bytes(jpeg(image))
    content = coco(2)
    content["annotations"] = content["annotations"][:count]
    (folder / "own/annotations.json").write_text(json.dumps(content))
    return [
        "--dataset=own_photos",
        f"--manual_dir={folder / 'own'}",
        f"--data_dir={folder / 'data'}",
    ]


def error_line(result):
    assert result.returncode == 1
    lines = [line for line in result.stderr.splitlines() if line.startswith("error: ")]
    assert len(lines) == 1 and "Traceback" not in result.stderr
    return lines[0]


@pytest.mark.parametrize(
    "flags, message",
    [
        ([], "--dataset is missing: one of .*synthetic_humans"),
        (["--dataset=nothing"], "--dataset=nothing: unknown; there are .*synthetic_humans"),
        (["--dataset=synthetic_humans/wild", "stray"], "unexpected argument 'stray'"),
        (
            ["--dataset=synthetic_humans/wild", "--data_dir=/dev/null/data"],
            "cannot write to /dev/null/data",
        ),
    ],
)
def test_mistakes_get_one_line(flags, message):
    assert re.search(message, error_line(build(*flags)))


def test_config_must_exist(tmp_path):
    line = error_line(build("--dataset=synthetic_humans", f"--data_dir={tmp_path}"))
    assert "synthetic_humans/CONFIG, one of studio, wild" in line


@pytest.mark.slow
def test_build_again_with_other_options_and_with_overwrite(tmp_path):
    flags = ["--dataset=synthetic_humans/wild", f"--data_dir={tmp_path}", "--image_size=32"]
    flags += ["--num_train=2", "--num_validation=1", "--num_test=1", "--num_processes=1"]
    sheet = tmp_path / "sheet.png"

    first = build(*flags, f"--preview={sheet}", start=run)
    assert first.returncode == 0, first.stderr
    assert "built 2 train, 1 validation, 1 test" in first.stdout
    indices = sorted(path.name for path in tmp_path.rglob("*.offsets.npz"))
    assert indices == ["test.offsets.npz", "train.offsets.npz", "validation.offsets.npz"]
    with Image.open(sheet) as picture:
        assert picture.size[0] > 400
    assert [path.name for path in tmp_path.iterdir() if path.is_dir()] == ["synthetic_humans"]

    again = build(*flags)
    assert again.returncode == 0 and "already there" in again.stdout

    assert "built with seed=0, not 5; add --overwrite" in error_line(build(*flags, "--seed=5"))

    other = build(*flags, "--seed=5", "--overwrite")
    assert other.returncode == 0 and "built 2 train" in other.stdout
    assert "already there" in build(*flags, "--seed=5").stdout


@pytest.mark.slow
def test_other_labels_or_photos_than_built_from_are_refused(tmp_path):
    flags = own_photos(tmp_path, count=1)
    assert "built 1 train" in build(*flags, "--image_size=96").stdout
    assert "built with image_size=96, not 384" in error_line(build(*flags))
    flags.append("--image_size=96")
    assert "label_pixels=seen, not stored" in error_line(build(*flags, "--label_pixels=stored"))
    again = build(*flags)
    assert again.returncode == 0 and "already there" in again.stdout

    own_photos(tmp_path)
    line = error_line(build(*flags))
    assert "built from other files than now lie in" in line and "annotations.json (changed)" in line
    assert "built 2 train" in build(*flags, "--overwrite").stdout

    (tmp_path / "own/images/photo 02.jpg").write_bytes(b"another")
    assert "images (3 files, were 2)" in error_line(build(*flags))
    # Who does not give the original files is not asked for them.
    assert "already there" in build(flags[0], *flags[2:]).stdout
    mistyped = build(*flags, f"--manual_dir={tmp_path / 'onw'}")
    assert "already there" in mistyped.stdout
    assert f"warning: --manual_dir={tmp_path / 'onw'}: no such folder" in mistyped.stderr


def test_nothing_labelled_is_an_error_and_leaves_no_dataset(tmp_path):
    assert "nothing is labelled with joints" in error_line(build(*own_photos(tmp_path, count=0)))
    assert not (tmp_path / "data").exists()


def test_a_login_page_in_place_of_labels_is_named(tmp_path):
    flags = own_photos(tmp_path)
    (tmp_path / "own/annotations.json").write_text("<!DOCTYPE html><html>log in</html>")
    assert re.search(r"own/annotations\.json: not .*, but a web page", error_line(build(*flags)))


@pytest.mark.slow
def test_the_same_build_twice_at_a_time_is_refused_until_the_first_has_died(tmp_path):
    flags = ["--dataset=synthetic_humans/wild", f"--data_dir={tmp_path}", "--image_size=32"]
    few = ["--num_train=2", "--num_validation=1", "--num_test=1", "--num_processes=1"]
    first = subprocess.Popen(
        [sys.executable, str(BUILD), *flags, "--num_train=100000", "--num_processes=1"],
        stderr=subprocess.DEVNULL,
    )
    try:
        deadline = time.monotonic() + 60
        while not (tmp_path / ".building-synthetic_humans-wild/data").exists():
            assert time.monotonic() < deadline and first.poll() is None
            time.sleep(0.1)
        line = error_line(build(*flags, *few))
        assert "synthetic_humans/wild is being built" in line and "by another process" in line
    finally:
        first.kill()
        first.wait()
    assert "built 2 train" in build(*flags, *few).stdout


@pytest.mark.parametrize("name", ["~/[a] b*?", "~/{x} $HOME %d"])
def test_paths_stand_for_themselves_but_for_home(tmp_path, name):
    own_photos(tmp_path)
    flags = ["--dataset=own_photos", "--manual_dir=~/own", f"--data_dir={name}"]
    options = {"HOME": str(tmp_path), "cwd": tmp_path}
    sheet = "--preview=~/sheet.png"
    first = build(*flags, sheet, **options)
    assert "built 2 train" in first.stdout, first.stderr
    assert "already there" in build(*flags, **options).stdout
    assert (tmp_path / name.removeprefix("~/") / "own_photos/1.0.0/dataset_info.json").exists()
    assert (tmp_path / "sheet.png").exists() and not (tmp_path / "~").exists()


# Files of more than 2000 bytes cannot be written.
WITH_A_FULL_DISK = """
import resource, runpy, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (2000, 2000))
del sys.argv[0]
runpy.run_path(sys.argv[0], run_name="__main__")
"""


@pytest.mark.slow
def test_a_full_disk_is_said_in_one_line(tmp_path):
    line = error_line(run("-c", WITH_A_FULL_DISK, BUILD, *own_photos(tmp_path)))
    assert f"cannot write to {tmp_path / 'data'}: " in line and "File too large" in line
    assert not (tmp_path / "data/own_photos").exists()


@pytest.mark.slow
def test_short_names_are_built_and_the_preview_has_the_name_given(tmp_path):
    pytest.importorskip("embreex", reason="the render extra is not installed")
    counts = [f"--num_{split}=1" for split in ("train", "validation", "test", "processes")]
    sheet = tmp_path / "sheet.png"
    flags = ["--dataset=wild,studio", f"--data_dir={tmp_path / 'data'}", f"--preview={sheet}"]
    result = build(*flags, *counts, "--image_size=64")
    assert result.returncode == 0, result.stderr
    assert "synthetic_humans/wild: built 1 train" in result.stdout
    assert [path.name for path in tmp_path.glob("*.png")] == ["sheet.png"]
    with Image.open(sheet) as image:
        picture = np.asarray(image)
    assert picture.shape[1] / picture.shape[0] > 5  # one row of six, of which four are taken
    third = picture[:, picture.shape[1] // 3 : picture.shape[1] // 2, :3]
    assert (third < 255).any()  # the second dataset's
