"""Photos as they are found, read and handed to networks."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from support.commands import fails_with_one_line, run
from support.looker import Looker, find_whole

from hg3d_tf import images
from hg3d_tf.cli import UserError
from hg3d_tf.prediction import photos, predictors
from hg3d_tf.prediction.finders import finder
from hg3d_tf.prediction.photos import Photo, find_images, read_photo

JOINTS = np.random.default_rng(0).uniform((10, 20), (50, 60), (16, 2))


def save(path, width=60, height=80, **options):
    grey = np.linspace(20, 230, width * height, dtype=np.uint8).reshape(height, width)
    Image.fromarray(grey).convert("RGB").save(path, **options)
    return path


def test_a_folder_gives_its_pictures_once_and_names_the_others(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(images, "_reads_heic", lambda: False)
    save(tmp_path / "b.jpg"), save(tmp_path / "a.png")
    (tmp_path / "._a.png").write_bytes(b"\0\5\x16\7")
    (tmp_path / "c.heic").write_bytes(b"")
    found = find_images([str(tmp_path / "b.jpg"), str(tmp_path)])
    assert [path.name for path in found] == ["b.jpg", "a.png"]
    lines = capsys.readouterr().out.splitlines()
    assert len(lines) == 2 and "._a.png" in lines[0] and "pillow-heif" in lines[1]


def test_a_folder_of_nothing_else_says_why(tmp_path, monkeypatch):
    monkeypatch.setattr(images, "_reads_heic", lambda: False)
    (tmp_path / "c.heic").write_bytes(b"")
    with pytest.raises(UserError, match=r"holds no images .*c\.heic .*pillow-heif"):
        find_images([str(tmp_path)])


def test_a_folder_names_its_films(tmp_path, capsys):
    save(tmp_path / "a.jpg"), (tmp_path / "B.MOV").touch(), (tmp_path / "notes.txt").touch()
    assert find_images([str(tmp_path)]) == [tmp_path / "a.jpg"]
    said = capsys.readouterr().out
    assert "passed over 1: B.MOV (a film: " in said and "--video=" in said


def test_a_folder_of_folders_says_how_to_give_their_pictures(tmp_path):
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError) as raised:
        find_images([str(tmp_path)])
    assert "/**'" not in str(raised.value)
    (tmp_path / "day").mkdir()
    save(tmp_path / "day/a.jpg")
    with pytest.raises(UserError, match="holds no images") as raised:
        find_images([str(tmp_path)])
    (pattern,) = re.findall("'(.*)'", str(raised.value))
    assert find_images([pattern]) == [tmp_path / "day/a.jpg"]


def test_patterns_and_lists_give_their_pictures(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("a/1.jpg", "a/b/2.jpg", "a/b/3.jpg", "a[1].jpg"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        save(tmp_path / name)
    (tmp_path / "a/notes.md").write_text("no picture")
    (tmp_path / "list.txt").write_text("\ufeffa/b/3.jpg\r\n\n  gone.jpg\n", encoding="utf-8")
    assert find_images(["a/**"]) == [Path("a/1.jpg"), Path("a/b/2.jpg"), Path("a/b/3.jpg")]
    assert find_images(["a/*/3.*", "list.txt"]) == [Path("a/b/3.jpg"), Path("gone.jpg")]
    assert find_images(["a[1].jpg"]) == [Path("a[1].jpg")]


@pytest.mark.parametrize("reads", [False, True])
def test_names_that_are_looked_for_are_those_that_are_read(tmp_path, monkeypatch, reads):
    monkeypatch.setattr(images, "_reads_heic", lambda: reads)
    monkeypatch.setattr(images, "_reads_avif", lambda: reads)
    expected = {".jpg", ".heic", ".avif"} if reads else {".jpg"}
    for argument in (tmp_path, tmp_path / "*"):
        with pytest.raises(UserError, match="no images") as raised:
            find_images([str(argument)])
        said = re.findall(r"\.\w+", str(raised.value).rpartition("(")[2])
        assert {".jpg", ".heic", ".avif", ".svg"}.intersection(said) == expected


def test_paths_of_a_list_count_from_the_current_folder_or_else_from_its_own(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    Path("lists").mkdir()
    for name in ("here.jpg", "both.jpg", "lists/both.jpg", "lists/there.jpg"):
        Path(name).touch()
    lines = ["here.jpg", "both.jpg", "there.jpg", "gone.jpg", f"{tmp_path}/here.jpg", "x" * 5000]
    Path("lists/list.txt").write_text("\n".join(lines))
    found = [str(path) for path in find_images(["lists/list.txt"])]
    assert found == [*lines[:2], "lists/there.jpg", *lines[3:]]


def test_patterns_and_lists_of_nothing_are_named(tmp_path):
    with pytest.raises(UserError, match=r"\*\.jpg fits no images"):
        find_images([str(tmp_path / "*.jpg")])
    for content in (b"", b"\n \n", b"\xff\xfe", b"a\0b", b"words\nof mine"):
        (tmp_path / "list.txt").write_bytes(content)
        with pytest.raises(UserError, match=r"list\.txt: is no list of images"):
            find_images([str(tmp_path / "list.txt")])


def test_an_address_is_named_as_it_was_given():
    with pytest.raises(UserError, match=r"^https://a\.org/b\.jpg: .* download it first"):
        find_images(["https://a.org/b.jpg"])


def test_an_address_in_a_list_is_named_as_it_was_typed_with_its_line(tmp_path):
    path = tmp_path / "list.txt"
    path.write_text("a.jpg\n\n https://a.org/b.jpg\n")
    with pytest.raises(UserError, match=r"list\.txt, line 3: https://a\.org/b\.jpg: .* download"):
        find_images([str(path)])


def test_home_is_home(tmp_path, monkeypatch):
    monkeypatch.setenv("HOME", str(tmp_path))
    save(tmp_path / "a.jpg")
    assert find_images(["~/a.jpg"]) == [tmp_path / "a.jpg"]


def test_a_photo_is_turned_and_grey_of_16_bits_is_scaled(tmp_path):
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = read_photo(save(tmp_path / "a.jpg", exif=exif))
    assert turned.pixels.shape == (60, 80, 3)
    deep = np.linspace(0, 65535, 4800).astype(np.uint16).reshape(80, 60)
    Image.fromarray(deep).save(tmp_path / "deep.png")
    pixels = read_photo(tmp_path / "deep.png").pixels
    np.testing.assert_allclose(pixels[..., 0], deep / 257, atol=1)


def test_what_is_no_picture_is_named(tmp_path):
    (tmp_path / "a.jpg").write_text("<html>")
    with pytest.raises(UserError, match=r"a\.jpg: cannot be read as an image \(not a picture\)"):
        read_photo(tmp_path / "a.jpg")
    with pytest.raises(UserError, match=r"b\.jpg: cannot be read \(No such file"):
        read_photo(tmp_path / "b.jpg")


def test_of_a_picture_read_smaller_poses_are_in_its_own_px(tmp_path, monkeypatch):
    path = save(tmp_path / "large.jpg", 240, 160)
    monkeypatch.setattr(images, "MAX_PIXELS", 120 * 80)
    photo = read_photo(path)
    assert photo.pixels.shape == (80, 120, 3)
    look = Looker(JOINTS)
    [person] = finder(look, find_whole)(photo)
    np.testing.assert_allclose(person.pose["joints_2d"], 2 * JOINTS)
    np.testing.assert_allclose(person.box, 2 * look.boxes[-1], rtol=1e-6)
    [person] = finder(look, box=np.array([20, 30, 200, 150]))(photo)
    np.testing.assert_allclose(look.boxes[-1], [10, 15, 100, 75])
    np.testing.assert_allclose(person.box, [20, 30, 200, 150])


@pytest.mark.parametrize(
    ("shape", "dtype"),
    [
        ((8, 9, 3), float),
        ((8, 9, 3), np.uint16),
        ((8, 9), np.uint8),
        ((8, 9, 1), np.uint8),
        ((8, 9, 4), np.uint8),
        ((1, 8, 9, 3), np.uint8),
        ((0, 9, 3), np.uint8),
    ],
)
def test_pixels_of_another_kind_are_named(shape, dtype):
    name = f"{np.dtype(dtype)} {list(shape)}"
    with pytest.raises(ValueError, match=rf"x: .* uint8 RGB \[H, W, 3\].* not {re.escape(name)}"):
        Photo("x", np.zeros(shape, dtype))


def test_a_picture_of_pillow_is_neither_pixels_nor_a_path():
    picture = Image.new("RGB", (9, 8))
    with pytest.raises(ValueError, match=r"uint8 RGB .* not Image"):
        Photo("x", picture)
    with pytest.raises(TypeError, match="takes a path, not Image"):
        read_photo(picture)


@pytest.mark.parametrize("box", [(60, 0, 70, 10), (0, -50, 10, -1), (-9, 0, 0.5, 9)])
def test_a_box_outside_of_the_picture_is_named(box):
    photo = Photo("a.jpg", np.zeros((80, 60, 3), np.uint8))
    with pytest.raises(UserError, match=r"a\.jpg: the box .* outside .* 60 x 80 px"):
        finder(Looker(JOINTS), box=np.array(box))(photo)


@pytest.mark.parametrize("box", [(0, 0, 1000, 9), (0, 0, 1e9, 1e9), (-1e38, -1e38, 1e38, 1e38)])
def test_a_box_far_larger_than_the_picture_is_named(box):
    photo = Photo("a.jpg", np.zeros((80, 60, 3), np.uint8))
    with pytest.raises(UserError, match=r"a\.jpg: the box .* more than 10 times .* 60 x 80 px"):
        finder(Looker(JOINTS), box=np.array(box))(photo)


@pytest.fixture(scope="module")
def predictor(saved_model):
    return predictors.load_predictor(saved_model)


@pytest.mark.slow
def test_a_panorama_is_made_smaller_for_a_saved_model(predictor):
    small = Photo("small", np.random.default_rng(0).integers(0, 255, (24, 3000, 3), np.uint8))
    large = Photo("large", small.pixels.repeat(3, 0).repeat(3, 1))
    assert large.for_served_graph.pixels.shape[1] == images.MAX_SERVED_SIDE
    assert small.for_served_graph.pixels is small.pixels
    box = np.array([1500, 0, 1530, 24], np.float32)
    ours, theirs = predictor(large, 3 * box), predictor(small, box)
    assert np.median(np.abs(ours["joints_2d"] - 3 * theirs["joints_2d"])) < 10
    whole = predictor(large)["joints_2d"]
    assert whole[:, 0].max() <= 9000 and whole[:, 0].max() > 10


def test_what_tensorflow_refuses_is_one_line(predictor):
    photo = Photo("a.jpg", np.zeros((8, 8, 3), np.uint8))
    photo.__dict__["for_served_graph"] = photo
    photo.__dict__["encoded"] = b"no picture"
    with pytest.raises(UserError, match=r"a\.jpg: the model refuses it \(.*not a JPEG") as raised:
        predictor(photo)
    assert "\n" not in str(raised.value)


@pytest.mark.slow
def test_one_bad_photo_does_not_lose_the_others(saved_model, tmp_path):
    paths = [save(tmp_path / "a.png", 300, 200), save(tmp_path / "b.png"), tmp_path / "c.png"]
    paths[2].write_bytes(paths[0].read_bytes()[:90])
    output = tmp_path / "out"
    process = run(
        *("-m", "hg3d_tf.predict", "--box=100,10,250,190", f"--output_dir={output}"),
        *("--nopictures", *paths),
    )
    assert process.returncode == 1 and "Traceback" not in process.stderr
    errors = [line for line in process.stderr.splitlines() if "error:" in line]
    assert len(errors) == 2 and "b.png: the box" in errors[0] and "c.png: cannot" in errors[1]
    [record] = json.loads((output / "poses.json").read_text())
    assert record["image"] == str(paths[0])
    fails_with_one_line(run("-m", "hg3d_tf.predict", paths[2], cwd=tmp_path), "c.png: cannot be")


def test_the_module_needs_no_tensorflow():
    assert run("-c", f"import sys, {photos.__name__}; assert 'tensorflow' not in sys.modules")
