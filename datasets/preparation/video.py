"""Chosen frames of a video; nothing that the decoder had to guess."""

import bisect
import contextlib
from collections.abc import Iterator, Sequence
from pathlib import Path

import av


def decode_frames(path: Path, wanted: Sequence[int]) -> Iterator[tuple[int, av.VideoFrame]]:
    """Yield index (from 0) and frame for those of `wanted` that can be decoded soundly.

    Left out are frames beyond the end, those that the decoder reports as damaged, and all that
    build on these. Stretches between key frames that hold no wanted frame are not decoded.

    Args:
      path: of a video with a constant frame rate.
      wanted: increasing indices.

    Raises:
      FileNotFoundError: if there is no such file.
      UnreadableVideo: if the file is not a video, or can no longer be read as one.
    """
    wanted = list(wanted)
    with _opened(path) as container:
        stream = container.streams.video[0]
        # Videos, not frames, are decoded in parallel: one process for each.
        stream.codec_context.thread_count = 1
        # Better no frame than one whose lost parts were made up.
        stream.codec_context.options = {"err_detect": "explode"}
        # The times of frames in AVI files are unreliable: there, frames are counted.
        timeline = None if container.format.name == "avi" else _Timeline(container, stream)
        frames = _sound_frames(container, stream, timeline)
        index, place, start = -1, 0, 0
        while place < len(wanted):
            if timeline and timeline.key_frame_before(wanted[place]) > max(start, index + 1):
                start = timeline.key_frame_before(wanted[place])
                timeline.seek(container, start)
                frames = _sound_frames(container, stream, timeline)
            for index, frame in frames:
                place = bisect.bisect_left(wanted, index, place)
                if place < len(wanted) and wanted[place] == index:
                    yield index, frame
                    place += 1
                    break
            else:
                return


class UnreadableVideo(Exception):
    """A file that is not a video, or no longer one."""


def _opened(path):
    try:
        container = av.open(str(path))
    except FileNotFoundError:
        raise
    except av.error.FFmpegError as error:
        raise UnreadableVideo(path) from error
    stream = next(iter(container.streams.video), None)
    if stream is None or stream.codec_context is None or not stream.average_rate:
        raise UnreadableVideo(path)
    return container


class _Timeline:
    """Where the frames of a stream lie in time, in frames from its start."""

    def __init__(self, container, stream):
        self._stream = stream
        self._start = stream.start_time or 0
        self._duration = 1 / (stream.average_rate * stream.time_base)
        # Not from the file's index: it holds the times of decoding, not of showing.
        packets = _readable(container.demux(stream))
        times = [packet.pts for packet in packets if packet.is_keyframe and packet.pts is not None]
        self._key_frames = sorted(self._index(time) for time in times) or [0]
        self.seek(container, 0)

    def _index(self, time) -> int:
        return round((time - self._start) / self._duration)

    def index(self, frame) -> int:
        return self._index(frame.pts)

    def key_frame_before(self, index: int) -> int:
        """Return the last frame up to `index` from which decoding may start."""
        return self._key_frames[max(bisect.bisect(self._key_frames, index) - 1, 0)]

    def seek(self, container, key_frame: int) -> None:
        try:
            container.seek(self._start + round(key_frame * self._duration), stream=self._stream)
        except av.error.FFmpegError as error:
            raise UnreadableVideo(container.name) from error


def _readable(packets):
    """Yield packets up to the first that cannot be read."""
    with contextlib.suppress(av.error.FFmpegError):
        yield from packets


def _sound_frames(container, stream, timeline):
    """Yield index and frame; after damage, nothing before the next key frame."""
    if timeline is None and _are_single(container.name, stream):
        yield from _single_frames(container, stream)
        return
    damaged = False
    for count, frame in enumerate(_frames_or_none(container, stream)):
        if frame is None or frame.is_corrupt:
            damaged = True
        if frame is None or (damaged and timeline is None):
            # Counting goes wrong once a frame may be missing.
            if timeline is None:
                return
            continue
        damaged = damaged and not (frame.key_frame and not frame.is_corrupt)
        if not damaged:
            yield (timeline.index(frame) if timeline else count), frame


def _are_single(path, stream) -> bool:
    """Tell whether each frame stands by itself (MJPEG), and no packet is missing in their count."""
    if not stream.codec_context.codec.intra_only:
        return False
    with _opened(path) as again:
        packets = _readable(again.demux(again.streams.video[0]))
        return stream.frames == sum(1 for packet in packets if packet.size)


def _single_frames(container, stream):
    """Yield index and frame where each packet is one frame by itself; a damaged one counts."""
    for index, packet in enumerate(_readable(container.demux(stream))):
        with contextlib.suppress(av.error.FFmpegError):
            yield from ((index, frame) for frame in packet.decode() if not frame.is_corrupt)


def _frames_or_none(container, stream):
    """Yield the frames, and None wherever the decoder or the file fails."""
    packets = container.demux(stream)
    while True:
        try:
            packet = next(packets)
            yield from packet.decode()
        except StopIteration:
            return
        except av.error.EOFError:
            return
        except av.error.FFmpegError:
            yield None
