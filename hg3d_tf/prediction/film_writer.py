"""Writing films with times of their own: what paused pauses again."""

import os
from fractions import Fraction
from pathlib import Path

import numpy as np

from hg3d_tf.cli import UserError
from hg3d_tf.prediction.film_sources import import_av

# As good a picture as of "veryfast" at 21 in half of the time, in files nearly twice as large: what
# draws has to keep up (experiments/results/speed.md).
_SETTINGS = {"preset": "ultrafast", "crf": "25"}


class FilmWriter:
    """Writes an H.264 film, MP4, from frames and their times; use it as a context.

    A last odd row and column of the frames are left out: the codec halves the colours' resolution.
    The first frame decides the size; others are scaled to it.

    Args:
      path: of the file.
      time_base: seconds of a tick.
      rate: frames each second, on average: a hint for the codec.
      source: what the frames are of, for errors.

    Raises:
      UserError: at the end, if their times cannot be written.
    """

    def __init__(self, path: Path, time_base: Fraction, rate: Fraction, source: str = ""):
        self._av, self._source = import_av(), source or str(path)
        self._time_base, self._rate = time_base, rate
        # FFmpeg takes what stands before a colon for a protocol, but not after a slash.
        self._film = self._av.open(os.path.abspath(path), "w", format="mp4")
        self._stream = None

    def __enter__(self):
        return self

    def __exit__(self, kind, *_):
        try:
            if kind is None and self._stream is not None:
                self._film.mux(self._stream.encode(None))
            self._film.close()
        except self._av.error.FFmpegError as error:  # a damaged film's times can be absurd
            if kind is None:
                raise UserError(f"{self._source}: no film can be written ({error})") from error

    def add(self, pixels: np.ndarray, ticks: int) -> None:
        """Add a frame [H, W, 3] uint8; `ticks` must rise."""
        height, width = pixels.shape[:2]
        even = np.ascontiguousarray(pixels[: height // 2 * 2, : width // 2 * 2])
        self._stream = self._stream or self._new_stream(even)
        frame = self._av.VideoFrame.from_ndarray(even, format="rgb24")
        frame.pts, frame.time_base = ticks, self._time_base
        self._film.mux(self._stream.encode(frame))

    def _new_stream(self, pixels: np.ndarray):
        # A rate that a film wrongly claims would make the codec choose an absurd level.
        rate = min(self._rate, Fraction(240))
        stream = self._film.add_stream("libx264", rate=rate, options=_SETTINGS)
        stream.height, stream.width = pixels.shape[:2]
        stream.pix_fmt = "yuv420p"
        stream.codec_context.time_base = self._time_base
        return stream
