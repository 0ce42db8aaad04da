"""Frames of films and cameras as players show them, each with its own time.

What is damaged is left out and counted: `FilmReader.remarks` says so.
"""

import os
from collections import Counter
from collections.abc import Iterable, Iterator
from fractions import Fraction
from typing import NamedTuple

import numpy as np

from hg3d_tf.cli import UserError
from hg3d_tf.prediction.film_sources import Source, import_av

_DEFAULT_RATE = 30
_NAMED_PLACES = 5
# FFmpeg's flag of formats whose clock starts anywhere, and may jump: MPEG-TS and the like.
_CLOCK_STARTS_ANYWHERE = 0x0200
# Of a film's length: what may be missing where sound, which may be longer, tells the length too.
_SLACK_WITH_SOUND_S = 0.5
# Share of the steps from frame to frame that are equal in a film with an even rate.
_EVEN = 0.8
# How many times as wide as high a pixel may be, or the other way round: beyond is damage.
_MOST_UNEQUAL = 4


class Frame(NamedTuple):
    """A frame.

    Attributes:
      pixels: [H, W, 3] uint8, contiguous, square (those of a film whose pixels are not are scaled
        in its width), turned as the film's display matrix says.
      ticks: its time in units of the reader's `time_base`; it always rises.
      seconds: the same.
    """

    pixels: np.ndarray
    ticks: int
    seconds: float


class FilmReader:
    """Iterates once over the frames of a film.

    Times are the film's own; a camera's, and those of MPEG-TS, count from the first frame.

    Attributes:
      time_base: seconds of a tick.
      rate: frames each second, on average; both are fractions.

    Raises:
      UserError: if the source cannot be opened or holds no video.
    """

    def __init__(self, source: Source, seconds: float | None = None):
        """Open `source`; the frames end after `seconds`, if given."""
        self._av = import_av()
        self._source, self._seconds = source, seconds
        self._film = _open(self._av, source)
        self._stream = self._film.streams.best("video")
        # PyAV's own fractions, of its newer versions, know less.
        self.time_base = Fraction(str(self._stream.time_base or "1/90000"))
        self.rate = Fraction(str(self._stream.average_rate or _DEFAULT_RATE))
        starts_anywhere = source.form or int(self._film.format.flags) & _CLOCK_STARTS_ANYWHERE
        self._clock = _Clock(self.time_base, self.rate, bool(starts_anywhere))
        self._pixel_aspect = _pixel_aspect(self._stream)
        self._coded_aspects: dict[Fraction, float] = {}  # as the codec says them -> since when
        self._damaged: dict = {}  # time stamp, or anything where there is none -> seconds or None
        self._steps = _Steps()
        self._end = 0.0
        self._was_ended = False

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self._film.close()

    @property
    def longer_side(self) -> int:
        """Of the picture, px, as the film says it."""
        return max(_square_width(self._stream.width, self._pixel_aspect), self._stream.height)

    @property
    def expected_frames(self) -> int | None:
        """How many frames the film says that it has, up to the seconds asked for."""
        total = self._stream.frames or None
        if self._seconds is None:
            return total
        wanted = int(self._seconds * self.rate)
        return min(total or wanted, wanted)

    def __iter__(self) -> Iterator[Frame]:
        first = None
        for frame in self._sound_frames():
            ticks = self._clock.ticks(frame.pts)
            first = ticks if first is None else first
            if self._seconds is not None and (ticks - first) * self.time_base >= self._seconds:
                self._was_ended = True
                return
            duration = frame.duration * self.time_base if frame.duration else 1 / self.rate
            self._end = max(self._end, float(ticks * self.time_base + duration))
            self._steps.add(float(ticks * self.time_base))
            # Frames do not know theirs, and the codec may be ahead of them.
            coded = _pixel_aspect(self._stream.codec_context)
            self._coded_aspects.setdefault(coded, float(ticks * self.time_base))
            pixels = _upright(frame, self._pixel_aspect)
            yield Frame(pixels, ticks, float(ticks * self.time_base))

    def remarks(self) -> list[str]:
        """Return a line for whatever was left out or not followed, after the last frame."""
        lines = []
        if self._damaged:
            count = len(self._damaged)
            what = "1 damaged frame" if count == 1 else f"{count} damaged frames"
            lines.append(f"left out {what}, {_places(self._damaged.values())}")
        elif not self._source.form and not self._stream.frames:
            # The formats that do not count their frames lose them unseen.
            lines += [f"no frame {gap}: a pause, or lost by damage" for gap in self._steps.gaps()]
        first, *others = self._coded_aspects or [None]
        if others and first == self._pixel_aspect:  # else the film's own overrules the codec's
            since = f"from about {self._coded_aspects[others[0]]:.2f} s on"
            lines.append(f"{since} its pixels have another shape, not followed: cut it there")
        if not self._was_ended and not self._source.form and self._is_cut():
            kept = f"the {self._end:.2f} s that can be read are kept"
            lines.append(f"the film is cut off, as by a half download: {kept}")
        return [f"{self._source.address}: {line}" for line in lines]

    def _sound_frames(self):
        for packet in self._packets():
            try:
                frames = packet.decode()
            except self._av.error.EOFError:
                return
            except self._av.error.FFmpegError:
                self._note_damage(packet)
                continue
            if packet.is_corrupt:
                self._note_damage(packet)
            for frame in frames:
                if frame.is_corrupt:
                    self._note_damage(frame)
                else:
                    self._damaged.pop(frame.pts, None)  # The decoder made a frame of it after all.
                    yield frame

    def _packets(self):
        """Yield packets; a film that fails is asked again as long as it yields more."""
        progress = True
        while progress:
            progress = False
            try:
                for packet in self._film.demux(self._stream):
                    progress = progress or packet.size > 0
                    yield packet
                return
            except self._av.error.FFmpegError:
                self._damaged[object()] = None

    def _note_damage(self, part) -> None:
        stamp = part.pts if part.pts is not None else part.dts
        time = None if stamp is None else self._clock.seconds(stamp)
        self._damaged[object() if stamp is None else stamp] = time
        self._end = max(self._end, (time or 0.0) + float(1 / self.rate))

    def _is_cut(self) -> bool:
        if self._film.format.name == "avi" and _says_more_than_it_holds(self._source.address):
            return True
        if self._film.duration is None:
            return False
        # Matroska counts its duration from 0, MP4 from its first frame, which lies near it.
        missing = self._film.duration / self._av.time_base - self._end
        only = len(self._film.streams) == 1
        return missing > max(float(1.5 / self.rate), 0 if only else _SLACK_WITH_SOUND_S)


class _Clock:
    """Times that rise, from the time stamps of frames."""

    def __init__(self, time_base: Fraction, rate, starts_anywhere: bool):
        self._time_base = time_base
        self._step = max(1, round(1 / (rate * time_base)))
        self._origin = None if starts_anywhere else 0
        self._last = None

    def ticks(self, stamp: int | None) -> int:
        """Return the time of the next frame; `stamp` is what the film says."""
        if self._origin is None:
            self._origin = stamp or 0
        after = 0 if self._last is None else self._last + self._step
        if stamp is None:
            ticks = after
        elif self._last is not None and stamp - self._origin < self._last:
            # The clock jumped back: it goes on from here.
            self._origin, ticks = stamp - after, after
        else:
            ticks = stamp - self._origin
        self._last = ticks if self._last is None else max(ticks, self._last + 1)
        return self._last

    def seconds(self, stamp: int) -> float:
        """Return the time that a stamp means now."""
        return float((stamp - (self._origin or 0)) * self._time_base)


class _Steps:
    """Finds where a film of an even rate leaves out frames."""

    def __init__(self):
        self._last = None
        self._counts: Counter = Counter()  # of steps, in ms
        self._first: dict[int, list[float]] = {}  # step in ms -> where the first such ones begin

    def add(self, seconds: float) -> None:
        """Note a frame's time."""
        if self._last is not None:
            step = round(1000 * (seconds - self._last))
            self._counts[step] += 1
            if len(places := self._first.setdefault(step, [])) < _NAMED_PLACES:
                places.append(self._last)
        self._last = seconds

    def gaps(self) -> list[str]:
        """Return from when to when there is no frame, the first ones; nothing if steps vary."""
        usual = self._counts.most_common(1)[0][0] if self._counts else 0
        even = sum(count for step, count in self._counts.items() if abs(step - usual) <= 1)
        if even < _EVEN * self._counts.total():
            return []
        steps = [step for step in self._first if step > 1.5 * usual + 1]
        gaps = sorted((start, start + step / 1000) for step in steps for start in self._first[step])
        return [f"from {start:.2f} to {end:.2f} s" for start, end in gaps[:_NAMED_PLACES]]


def _open(av, source: Source):
    # FFmpeg takes what stands before a colon for a protocol, but not after a slash.
    address = source.address if source.form else os.path.abspath(source.address)
    try:
        opened = av.open(address, format=source.form)
    except (av.error.FFmpegError, OSError, UnicodeError) as error:
        reason = str(getattr(error, "strerror", None) or error).lower()
        fix = "" if source.form or not os.path.isfile(source.address) else "; is the file whole?"
        raise UserError(f"{source.address}: cannot be read as a video ({reason}){fix}") from error
    if not opened.streams.video:
        raise UserError(f"{source.address}: holds no video")
    # FFmpeg up to PyAV 18's has no size for a WebP that moves, and reads no frame of it.
    if opened.format.name == "webp_pipe" and not opened.streams.best("video").width:
        raise UserError(f"{source.address}: a WebP that moves is not read: save it as GIF or MP4")
    return opened


def _pixel_aspect(stream) -> Fraction:
    """Return the width of a film's pixels in their heights, 1 where it is not known."""
    aspect = Fraction(str(stream.sample_aspect_ratio or 1))
    return aspect if 1 <= aspect * _MOST_UNEQUAL <= _MOST_UNEQUAL**2 else Fraction(1)


def _square_width(width: int, pixel_aspect: Fraction) -> int:
    return max(1, round(width * pixel_aspect))


def _upright(frame, pixel_aspect: Fraction) -> np.ndarray:
    """Return a frame's pixels [H, W, 3]: square, turned and mirrored as its display matrix says."""
    # The matrix turns what is square already. A width as it is costs nothing.
    width = _square_width(frame.width, pixel_aspect)
    pixels = frame.to_ndarray(format="rgb24", width=width)
    matrix = frame.side_data.get("DISPLAYMATRIX")
    if matrix is not None:
        # Stored x, y -> seen a x + c y, b x + d y, in 16.16 fixed point.
        a, b, _, c, d, *_ = np.frombuffer(matrix, np.int32).tolist()
        if abs(b) > abs(a):
            pixels, a, d = pixels.swapaxes(0, 1), c, b
        pixels = pixels[:: -1 if d < 0 else 1, :: -1 if a < 0 else 1]
    # Pillow needs six times as long for lines with gaps, which many widths have.
    return np.ascontiguousarray(pixels)


def _places(times: Iterable[float | None]) -> str:
    known = [f"{time:.2f}" for time in times if time is not None]
    if not known:
        return "at an unknown time"
    return f"at {', '.join(known[:_NAMED_PLACES])}{', ...' if len(known) > _NAMED_PLACES else ''} s"


def _says_more_than_it_holds(path: str) -> bool:
    """Tell whether the first bytes of an AVI file count more than there are."""
    with open(path, "rb") as file:
        head = file.read(8)
    return int.from_bytes(head[4:8], "little") + 8 > os.path.getsize(path)
