import contextlib

import av
import numpy as np
import pytest

from preparation.video import UnreadableVideo, decode_frames

SIZE = 64
# (file, codec, encoder options): closed and open groups of pictures, with frames shown out of the
# order in which they are stored, and the codecs of AVI files.
FORMS = {
    "closed.mp4": ("libx264", {"g": "7", "bf": "3"}),
    "open.mp4": (
        "libx264",
        {"x264-params": "open-gop=1:keyint=7:min-keyint=7:bframes=3:scenecut=0"},
    ),
    "h264.avi": ("libx264", {"g": "7", "bf": "2"}),
    "mpeg4.avi": ("mpeg4", {"g": "7", "b": "2M"}),
}


def write_video(
    path, frames, codec="libx264", options=None, size=(SIZE, SIZE), rate=50, pixels="yuv420p"
):
    with av.open(str(path), "w") as container:
        stream = container.add_stream(codec, rate=rate, options=options or {"crf": "8"})
        stream.width, stream.height, stream.pix_fmt = *size, pixels
        for image in frames:
            container.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        container.mux(stream.encode())


def numbered_frames(count):
    """Frames whose grey levels tell their numbers."""
    return [np.full((SIZE, SIZE, 3), 20 + 4 * i, np.uint8) for i in range(count)]


def number_of(frame):
    return round((frame.to_ndarray(format="rgb24").mean() - 20) / 4)


@pytest.mark.parametrize("name", FORMS)
@pytest.mark.parametrize("wanted", [range(40), range(0, 40, 9), [3, 38, 39], [20, 21]])
def test_frames_carry_their_true_numbers(tmp_path, name, wanted):
    write_video(tmp_path / name, numbered_frames(40), *FORMS[name])
    decoded = [(index, number_of(frame)) for index, frame in decode_frames(tmp_path / name, wanted)]
    assert decoded == [(index, index) for index in wanted]


def test_stretches_without_wanted_frames_are_not_decoded(tmp_path, monkeypatch):
    write_video(tmp_path / "v.mp4", numbered_frames(50), *FORMS["closed.mp4"])
    seen = []
    import preparation.video as video

    sound = video._sound_frames
    monkeypatch.setattr(
        video, "_sound_frames", lambda *a: (seen.append(item) or item for item in sound(*a))
    )
    assert [index for index, _ in decode_frames(tmp_path / "v.mp4", [0, 45])] == [0, 45]
    assert len(seen) < 10


@pytest.mark.parametrize("name", FORMS)
def test_a_truncated_file_gives_the_true_frames_up_to_its_end(tmp_path, name):
    path = tmp_path / name
    write_video(path, numbered_frames(40), *FORMS[name])
    whole = path.read_bytes()
    decoded = []
    for tenths in range(1, 10):
        path.write_bytes(whole[: len(whole) * tenths // 10])
        with contextlib.suppress(UnreadableVideo):
            decoded += [
                (index, number_of(frame)) for index, frame in decode_frames(path, range(60))
            ]
    assert all(index == number for index, number in decoded)
    # An MP4 file that lacks its end lacks its index too.
    assert bool(decoded) == path.name.endswith("avi")


def test_a_lost_frame_costs_no_other_where_each_stands_by_itself(tmp_path):
    path = tmp_path / "mjpeg.avi"
    write_video(path, numbered_frames(12), "mjpeg", {"qmin": "2", "qmax": "3"}, pixels="yuvj420p")
    with av.open(str(path)) as container:
        place, size = [(packet.pos, packet.size) for packet in container.demux(video=0)][5]
    whole = path.read_bytes()
    for shift, sound in ((0, [*range(5), *range(6, 12)]), (8, range(5))):
        data = bytearray(whole)
        # Shifted, the next packet's name is lost too, and with it the count.
        data[place + shift : place + shift + size] = bytes(size)
        path.write_bytes(data)
        decoded = [(index, number_of(frame)) for index, frame in decode_frames(path, range(20))]
        assert decoded == [(index, index) for index in sound]


@pytest.mark.parametrize("name", FORMS)
def test_a_damaged_file_does_not_stop_the_build(tmp_path, name):
    path = tmp_path / name
    write_video(path, numbered_frames(40), *FORMS[name])
    whole = path.read_bytes()
    rng = np.random.default_rng(0)
    for start in rng.integers(0, len(whole) - 100, 20):
        path.write_bytes(whole[:start] + rng.bytes(100) + whole[start + 100 :])
        with contextlib.suppress(UnreadableVideo):
            indices = [index for index, _ in decode_frames(path, range(60))]
            assert indices == sorted(set(indices))
