import re
from fractions import Fraction

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("av")

from support import films

from hg3d_tf.cli import UserError
from hg3d_tf.prediction import film_reader, film_sources
from hg3d_tf.prediction.film_reader import FilmReader
from hg3d_tf.prediction.film_sources import Source, file_or_camera

TIMES_MS = [0, 33, 67, 100, 133, 1133, 1167, 1200]


def read(path, seconds=None):
    with FilmReader(file_or_camera(str(path)), seconds) as reader:
        return list(reader), reader.remarks()


# Quarter turns and mirrors of the display matrix a, b, c, d -> what undoes them on the pixels.
STORED = {
    (1, 0, 0, 1): lambda frames: frames,
    (0, 1, -1, 0): lambda frames: np.rot90(frames, 1, (1, 2)),
    (-1, 0, 0, -1): lambda frames: np.rot90(frames, 2, (1, 2)),
    (0, -1, 1, 0): lambda frames: np.rot90(frames, -1, (1, 2)),
    (-1, 0, 0, 1): lambda frames: frames[:, :, ::-1],
    (1, 0, 0, -1): lambda frames: frames[:, ::-1],
}


@pytest.mark.parametrize("matrix", STORED)
def test_frames_are_turned_as_the_display_matrix_says(tmp_path, matrix):
    upright = films.moving_square()
    films.write(tmp_path / "clip.mp4", STORED[matrix](upright))
    films.set_display_matrix(tmp_path / "clip.mp4", *matrix)
    frames, remarks = read(tmp_path / "clip.mp4")
    assert remarks == [] and len(frames) == 8
    for frame, expected in zip(frames, upright, strict=True):
        assert frame.pixels.flags.c_contiguous
        assert np.abs(frame.pixels.astype(int) - expected).mean() < 8


@pytest.mark.parametrize("matrix", [(1, 0, 0, 1), (0, 1, -1, 0)])
def test_pixels_that_are_not_square_are_made_so_before_the_turn(tmp_path, matrix):
    upright = films.moving_square(width=128)
    stored = STORED[matrix](upright)[:, :, ::2]
    films.write(tmp_path / "clip.mp4", stored, aspect=Fraction(2))
    films.set_display_matrix(tmp_path / "clip.mp4", *matrix)
    frames, _ = read(tmp_path / "clip.mp4")
    for frame, expected in zip(frames, upright, strict=True):
        assert frame.pixels.shape == expected.shape and frame.pixels.flags.c_contiguous
        assert np.abs(frame.pixels.astype(int) - expected).mean() < 8
    with FilmReader(Source(str(tmp_path / "clip.mp4"))) as reader:
        assert reader.longer_side == 128


@pytest.mark.parametrize("aspect", [None, Fraction(1), Fraction(200, 201), Fraction(99)])
def test_pixels_that_are_square_or_absurd_stay_as_they_are(tmp_path, aspect):
    films.write(tmp_path / "clip.mp4", films.moving_square(), aspect=aspect)
    stored, _ = films.shown(tmp_path / "clip.mp4")
    frames, _ = read(tmp_path / "clip.mp4")
    np.testing.assert_array_equal([frame.pixels for frame in frames], stored)


def test_pixels_that_change_their_shape_are_named(tmp_path):
    for name, aspect in (("a", Fraction(1)), ("b", Fraction(2))):
        films.write(tmp_path / f"{name}.ts", films.moving_square(40), aspect=aspect)
    parts = [tmp_path / f"{name}.ts" for name in "ab"]
    (tmp_path / "clip.ts").write_bytes(b"".join(part.read_bytes() for part in parts))
    frames, [line] = read(tmp_path / "clip.ts")
    assert len(frames) == 80 and len({frame.pixels.shape for frame in frames}) == 1
    found = re.search(r"clip\.ts: from about ([\d.]+) s on its pixels have another shape", line)
    assert 3 < float(found[1]) <= 4.1
    assert [read(part)[1] for part in parts] == [[], []]


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mkv"])
def test_times_are_the_frames_own(tmp_path, name):
    films.write(tmp_path / name, films.moving_square(), times=TIMES_MS)
    frames, remarks = read(tmp_path / name)
    np.testing.assert_allclose([f.seconds for f in frames], np.array(TIMES_MS) / 1000, atol=0.001)
    # A film that counts its frames is known to be whole.
    pause = f"{tmp_path / name}: no frame from 0.13 to 1.13 s: a pause, or lost by damage"
    assert remarks == ([] if name == "clip.mp4" else [pause])


@pytest.mark.parametrize("name", ["clip.ts", "clip.webm"])
def test_frames_that_a_format_loses_unseen_are_named(tmp_path, name):
    codec = "libvpx" if name == "clip.webm" else "libx264"
    films.write(tmp_path / name, films.moving_square(24), codec, lost=(9, 10))
    frames, remarks = read(tmp_path / name)
    assert len(frames) == 22
    gap = "no frame from 0.80 to 1.10 s: a pause, or lost by damage"
    assert remarks == [f"{tmp_path / name}: {gap}"]


def test_a_film_of_varying_rate_misses_nothing(tmp_path):
    times = np.cumsum(np.random.default_rng(0).integers(20, 200, 20)).tolist()
    films.write(tmp_path / "clip.mkv", films.moving_square(20), times=times)
    assert read(tmp_path / "clip.mkv")[1] == []


def test_times_of_a_transport_stream_count_from_its_first_frame(tmp_path):
    films.write(tmp_path / "clip.ts", films.moving_square())
    frames, _ = read(tmp_path / "clip.ts")
    np.testing.assert_allclose([frame.seconds for frame in frames], np.arange(8) / 10)


def test_a_clock_without_stamps_or_that_jumps_back_still_rises():
    clock = film_reader._Clock(film_reader.Fraction(1, 1000), 10, starts_anywhere=False)
    stamps = [0, 100, None, 300, 300, 5, 105]
    assert [clock.ticks(stamp) for stamp in stamps] == [0, 100, 200, 300, 301, 401, 501]


def test_frames_end_after_the_seconds_asked_for(tmp_path):
    films.write(tmp_path / "clip.mp4", films.moving_square(), times=TIMES_MS)
    frames, remarks = read(tmp_path / "clip.mp4", 1.15)
    assert len(frames) == 6 and remarks == []


@pytest.mark.parametrize(("name", "codec"), [("clip.avi", "mjpeg"), ("clip.mp4", "libx264")])
def test_a_damaged_packet_costs_itself_and_is_named(tmp_path, name, codec):
    films.write(tmp_path / name, films.moving_square(12), codec)
    films.lose_packet(tmp_path / name, 5)
    frames, remarks = read(tmp_path / name)
    assert len(frames) == 11
    [line] = remarks
    assert name in line and "left out 1 damaged frame, at 0." in line
    missing = set(range(12)) - {round(10 * frame.seconds) for frame in frames}
    assert f"at {missing.pop() / 10:.2f} s" in line


@pytest.mark.parametrize(
    ("name", "codec", "options"),
    [
        ("clip.mp4", "libx264", {"options": {"movflags": "faststart"}}),
        ("clip.mkv", "libx264", {}),
        ("clip.avi", "mjpeg", {}),
    ],
)
def test_of_a_half_download_what_is_readable_is_kept(tmp_path, name, codec, options):
    films.write(tmp_path / name, films.noise(), codec, **options)
    films.cut_off(tmp_path / name)
    frames, remarks = read(tmp_path / name)
    assert 5 < len(frames) < 24
    assert [frame.seconds for frame in frames[:3]] == [0, 0.1, 0.2]
    assert sum("cut off" in line for line in remarks) == 1 and name in remarks[-1]


def test_what_cannot_be_opened_is_named(tmp_path):
    films.write(tmp_path / "half.mp4", films.noise())
    films.cut_off(tmp_path / "half.mp4")  # its index, at the end, is missing
    (tmp_path / "no.mp4").write_text("no video")
    for name in ("half.mp4", "no.mp4"):
        with pytest.raises(UserError, match=rf"{name}: cannot be read as a video .* whole\?"):
            FilmReader(file_or_camera(str(tmp_path / name)))
    with pytest.raises(UserError, match=r"missing\.mp4: .*no such file"):
        FilmReader(file_or_camera(str(tmp_path / "missing.mp4")))


def test_a_webp_that_moves_is_read_or_named(tmp_path):
    import av

    first, second = (Image.fromarray(pixels) for pixels in films.noise()[:2])
    first.save(tmp_path / "a.webp", save_all=True, append_images=[second])
    source = file_or_camera(str(tmp_path / "a.webp"))
    if "webp_anim" in av.formats_available:  # FFmpeg's of PyAV 19
        with FilmReader(source) as reader:
            assert len(list(reader)) == 2
    else:
        with pytest.raises(UserError, match=r"a\.webp: a WebP that moves .* as GIF or MP4"):
            FilmReader(source)


def test_what_holds_only_sound_is_named(tmp_path):
    import av

    with av.open(str(tmp_path / "sound.mp4"), "w") as film:
        stream = film.add_stream("aac", rate=44100)
        sound = av.AudioFrame.from_ndarray(np.zeros((1, 2048), np.float32), "fltp", "mono")
        sound.sample_rate = 44100
        film.mux(stream.encode(sound))
        film.mux(stream.encode(None))
    with pytest.raises(UserError, match=r"sound\.mp4: holds no video"):
        FilmReader(Source(str(tmp_path / "sound.mp4")))


def test_a_system_without_a_known_camera_is_named(monkeypatch):
    monkeypatch.setattr(film_sources.sys, "platform", "win32")
    with pytest.raises(UserError, match="--webcam: unknown on this system"):
        film_sources.first_camera()


def test_a_photo_is_no_film_but_numbered_photos_are(tmp_path):
    (tmp_path / "001.jpg").touch()
    with pytest.raises(UserError, match=r"001\.jpg is a photo: give it without --video="):
        file_or_camera(str(tmp_path / "001.jpg"))
    numbered = str(tmp_path / "%03d.jpg")
    assert file_or_camera(numbered) == Source(numbered)
