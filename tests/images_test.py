import io
import os
import struct
import subprocess
import sys
import zlib

import numpy as np
import pytest
from PIL import Image

from hg3d_tf import images, waiting
from hg3d_tf.images import ImageError, pictures_in, read_header, read_picture

ORIENTATION = 0x0112


def corners(width=24, height=16):
    """A picture whose corners differ: red, green, blue and grey quarters."""
    pixels = np.zeros((height, width, 3), np.uint8)
    pixels[: height // 2, : width // 2, 0] = 250
    pixels[: height // 2, width // 2 :, 1] = 250
    pixels[height // 2 :, : width // 2, 2] = 250
    pixels[height // 2 :, width // 2 :] = 128
    return pixels


def stored_with(orientation, file_format, seen):
    """The file whose picture is seen as `seen` [H, W, 3]."""
    turned = Image.fromarray(seen)
    if orientation in images._TURNS:
        turned = turned.transpose(images._BACK[orientation])
    exif = Image.Exif()
    exif[ORIENTATION] = orientation
    buffer = io.BytesIO()
    lossless = {"quality": 100, "subsampling": 0} if file_format == "jpeg" else {}
    turned.save(buffer, file_format, exif=exif, **lossless)
    return buffer.getvalue(), np.asarray(turned)


@pytest.mark.parametrize("file_format", ["jpeg", "png", "tiff", "webp"])
@pytest.mark.parametrize("orientation", range(1, 10))
def test_a_picture_is_read_as_it_is_seen_or_as_it_is_stored(orientation, file_format):
    data, stored = stored_with(orientation, file_format, corners())
    seen = read_picture(data)
    assert seen.size == (24, 16) and seen.image.mode == "RGB"
    assert np.abs(seen.pixels - corners().astype(float)).mean() < 12
    as_stored = read_picture(data, as_stored=True)
    assert as_stored.size == stored.shape[1::-1]
    assert np.abs(as_stored.pixels - stored.astype(float)).mean() < 12
    header = read_header(data)
    assert (header.seen_size, header.stored_size) == (seen.size, as_stored.size)
    assert header.orientation == seen.orientation == (orientation if orientation < 9 else 1)


def encoded(image, file_format="png"):
    buffer = io.BytesIO()
    image.save(buffer, file_format)
    return buffer.getvalue()


@pytest.mark.parametrize("file_format", ["png", "tiff", "ppm"])
def test_grey_of_16_bits_is_scaled(file_format):
    grey = np.arange(256, dtype=np.uint8).reshape(16, 16)
    deep = Image.fromarray(grey.astype(np.uint16) * 257)
    pixels = read_picture(encoded(deep, file_format)).pixels
    np.testing.assert_array_equal(pixels, np.repeat(grey[..., None], 3, 2))


@pytest.mark.parametrize("top", [1.0, 255.0, 65535.0, 3e6])
def test_grey_in_floating_point_is_scaled(top):
    grey = np.linspace(0, top, 256, dtype=np.float32).reshape(16, 16)
    grey[3, 3] = np.nan
    pixels = read_picture(encoded(Image.fromarray(grey), "tiff")).pixels[..., 0]
    assert pixels[0, 0] == pixels[3, 3] == 0 and pixels[-1, -1] == 255
    assert abs(int(pixels[8, 0]) - 128) <= 1


def png_claiming(width, height):
    header = b"IHDR" + struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    chunk = struct.pack(">I", 13) + header + struct.pack(">I", zlib.crc32(header))
    return b"\x89PNG\r\n\x1a\n" + chunk + struct.pack(">I", 9) + b"IDAT"


def test_too_many_pixels_are_refused_before_they_are_decoded():
    with pytest.raises(ImageError, match="more than 179 million pixels: save it smaller"):
        read_picture(png_claiming(20000, 20000))
    assert read_header(png_claiming(20000, 10000)).seen_size == (20000, 10000)


def test_a_large_jpeg_is_read_smaller(monkeypatch):
    monkeypatch.setattr(images, "MAX_PIXELS", 1000)
    monkeypatch.setattr(Image, "MAX_IMAGE_PIXELS", 500)
    data, _ = stored_with(6, "jpeg", corners(90, 60))
    picture = read_picture(data)
    assert picture.size == (90, 60) and picture.image.size == (23, 15)
    np.testing.assert_allclose(picture.scale, (23 / 90, 15 / 60))
    assert picture.pixels[0, 0, 0] > 200 and picture.pixels[0, -1, 1] > 200


@pytest.mark.parametrize(
    "data, reason",
    [
        (b"", "the file is empty"),
        (b"<html>log in</html>", "not a picture"),
        (b"\0\0\0\x18ftypheic\0\0\0\0mif1heic", "HEIC|damaged|not a picture"),
        (encoded(Image.fromarray(corners(200, 200)))[:300], "damaged: "),
    ],
)
def test_what_is_no_picture_says_why(data, reason):
    with pytest.raises(ImageError, match=reason):
        read_picture(data)


def test_reasons_without_numbers_can_be_counted():
    whole = encoded(Image.fromarray(corners(200, 200)), "jpeg")
    reasons = set()
    for end in (len(whole) - 30, len(whole) - 60):
        with pytest.raises(ImageError) as raised:
            read_picture(whole[:end])
        reasons.add(str(raised.value))
    assert len(reasons) == 1


def test_a_folder_names_what_it_passes_over(tmp_path, monkeypatch):
    monkeypatch.setattr(images, "_reads_heic", lambda: False)
    for name in ("b.JPG", "a.png", "._a.png", "c.HEIC", "notes.txt"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "folder.jpg").mkdir()
    pictures, lines = pictures_in(tmp_path)
    assert [path.name for path in pictures] == ["a.png", "b.JPG"]
    assert "passed over 1: ._a.png" in lines[0]
    assert "passed over 1: c.HEIC" in lines[1] and "pillow-heif" in lines[1]


def test_a_folder_gives_whatever_is_read_by_name(tmp_path, monkeypatch):
    names = ["a.avif", "b.jfif", "c.JPE", "d.mpo", "e.jp2"]
    for name in (*names, "f.cr2"):
        (tmp_path / name).write_bytes(b"")
    (tmp_path / "g.jpg").symlink_to(tmp_path / "gone.jpg")
    monkeypatch.setattr(images, "_reads_avif", lambda: True)
    pictures, lines = pictures_in(tmp_path)
    assert [path.name for path in pictures] == names
    assert len(lines) == 2 and "f.cr2 (not read" in lines[0] and "g.jpg (links to" in lines[1]
    monkeypatch.setattr(images, "_reads_avif", lambda: False)
    pictures, lines = pictures_in(tmp_path)
    assert [path.name for path in pictures] == names[1:]
    assert "a.avif (AVIF needs Pillow" in lines[0]
    with pytest.raises(ImageError, match="AVIF needs Pillow"):
        read_header(b"\0\0\0 ftypavif")


@pytest.mark.parametrize(
    "head", [b"\0\0\0 ftypisom", b"\0\0\0 ftypqt  ", b"\x1aE\xdf\xa3", b"RIFF\0\0\0\0AVI LIST"]
)
def test_a_film_is_named_as_one(head):
    with pytest.raises(ImageError, match="a film: give it to predict as --video="):
        read_picture(head + bytes(99))


def test_heic_is_read_where_the_package_is_installed():
    pillow_heif = pytest.importorskip("pillow_heif")
    pillow_heif.register_heif_opener()
    data = encoded(Image.fromarray(corners(64, 64)), "heif")
    assert read_picture(data).size == (64, 64)


def test_no_tensorflow_is_imported():
    code = "import sys, hg3d_tf.images; sys.exit('tensorflow' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code]).returncode == 0


@pytest.mark.parametrize("read", [read_picture, read_header])
def test_a_file_of_which_nothing_comes_is_named(tmp_path, monkeypatch, capsys, read):
    monkeypatch.setattr(waiting, "LONG_S", 0.1)
    os.mkfifo(tmp_path / "a.jpg")
    say = waiting._say

    def say_and_write(what):
        say(what)
        (tmp_path / "a.jpg").write_bytes(b"no picture")

    monkeypatch.setattr(waiting, "_say", say_and_write)
    with pytest.raises((ImageError, OSError)):
        read(tmp_path / "a.jpg")
    assert capsys.readouterr().err == f"waiting for 0 s: the content of {tmp_path / 'a.jpg'}\n"
