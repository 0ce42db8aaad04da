"""Films made for tests: squares that move, stored, turned, timed and damaged as asked."""

import struct
from fractions import Fraction

import av
import numpy as np


def moving_square(count=8, height=96, width=64):
    """Frames [N, H, W, 3]: grey, red above, blue at the left, a white square walks down."""
    frames = np.full((count, height, width, 3), 128, np.uint8)
    frames[:, :16] = (200, 30, 30)
    frames[:, 16:, :16] = (30, 30, 200)
    for number, frame in enumerate(frames):
        frame[24 + 4 * number : 40 + 4 * number, 24:40] = 255
    return frames


def noise(count=24, height=96, width=64):
    """Frames [N, H, W, 3] that hardly compress: most of a file is frames."""
    rng = np.random.default_rng(0)
    return (
        rng.integers(0, 255, (count, height // 4, width // 4, 3), np.uint8)
        .repeat(4, 1)
        .repeat(4, 2)
    )


def write(path, frames, codec="libx264", times=None, rate=10, lost=(), aspect=None, **options):
    """Write frames [N, H, W, 3], by their times in 1/1000 s if given, but not those in `lost`.

    `aspect` is the width of a pixel in its heights.
    """
    with av.open(str(path), "w", **options) as film:
        stream = film.add_stream(codec, rate=rate)
        stream.height, stream.width = frames.shape[1:3]
        stream.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        if times is not None:
            stream.codec_context.time_base = Fraction(1, 1000)
        if aspect is not None:
            stream.codec_context.sample_aspect_ratio = aspect
        if lost:
            stream.codec_context.gop_size = 1  # no frame needs another
        for number, pixels in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels))
            if times is not None:
                frame.pts, frame.time_base = times[number], stream.codec_context.time_base
            _mux(film, stream.encode(frame), lost)
        _mux(film, stream.encode(None), lost)


def write_y4m(path, frames, rate=10):
    """Write frames [N, H, W, 3] as the uncompressed film that Chromium takes for a camera."""
    height, width = frames.shape[1:3]
    with open(path, "wb") as file:
        file.write(f"YUV4MPEG2 W{width} H{height} F{rate}:1 Ip A1:1 C420jpeg\n".encode())
        for pixels in frames:
            frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels))
            file.write(b"FRAME\n" + frame.to_ndarray(format="yuv420p").tobytes())


def _mux(film, packets, lost):
    for packet in packets:
        if round(packet.pts * packet.time_base * packet.stream.average_rate) not in lost:
            film.mux(packet)


def set_display_matrix(path, a, b, c, d):
    """Let the only track of an MP4 be shown with stored x, y at a x + c y, b x + d y."""
    upright = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    turned = struct.pack(">9i", a << 16, b << 16, 0, c << 16, d << 16, 0, 0, 0, 1 << 30)
    data = path.read_bytes()
    place = data.index(upright, data.index(b"tkhd"))
    path.write_bytes(data[:place] + turned + data[place + len(turned) :])


def lose_packet(path, number):
    """Overwrite one packet's data by zeros."""
    with av.open(str(path)) as film:
        places = [(packet.pos, packet.size) for packet in film.demux(video=0) if packet.size]
    position, size = places[number]
    data = bytearray(path.read_bytes())
    data[position : position + size] = bytes(size)
    path.write_bytes(data)


def cut_off(path, share=0.6):
    """Keep the first part of a file."""
    data = path.read_bytes()
    path.write_bytes(data[: int(share * len(data))])


def shown(path):
    """Return the frames' pixels and times, as stored: the films written here are not turned."""
    with av.open(str(path)) as film:
        frames = list(film.decode(video=0))
    assert not any(frame.rotation for frame in frames)
    return [frame.to_ndarray(format="rgb24") for frame in frames], [frame.time for frame in frames]
