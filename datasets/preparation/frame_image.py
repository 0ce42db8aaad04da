"""Frames of videos as images of which a part is stored, without a detour through RGB."""

import av
import cv2
import numpy as np
import simplejpeg
from av.video.reformatter import ColorRange

from preparation.stored_crop import StoredCrop

# Videos, not parts of images, are worked on in parallel.
cv2.setNumThreads(1)

_FORMATS = ("yuv420p", "yuvj420p")
# Factor and offset from the studio range (luma 16..235, colours 16..240) to the full one of JPEG.
_STRETCHES = ((255 / 219, -16 * 255 / 219), (255 / 224, 128 - 128 * 255 / 224))


class FrameImage:
    """A decoded frame; its planes are cropped, reduced and compressed as they are.

    Attributes:
      size: width and height, px.
      block: what crops are made of, px: the colours have half the resolution.
    """

    block = 2

    def __init__(self, frame: av.VideoFrame):
        known = frame.format.name in _FORMATS
        self._frame = frame if known else frame.reformat(format="yuv420p")
        self.size = (frame.width, frame.height)

    def jpeg(self, crop: StoredCrop, quality: int) -> bytes:
        """Return a part as a JPEG file."""
        full_range = self._frame.color_range == ColorRange.JPEG
        planes = [
            _part(_pixels(plane), crop, subsampling, None if full_range else stretch)
            for plane, subsampling, stretch in zip(
                self._frame.planes, (1, 2, 2), (*_STRETCHES, _STRETCHES[1]), strict=True
            )
        ]
        return simplejpeg.encode_jpeg_yuv_planes(*planes, quality=quality)


def _pixels(plane) -> np.ndarray:
    """Return [height, width] of a plane, whose lines may be longer; nothing is copied."""
    return np.frombuffer(plane, np.uint8).reshape(plane.height, plane.line_size)[:, : plane.width]


def _part(pixels, crop, subsampling, stretch):
    """Return the stored part of one plane."""
    left, top, right, bottom = np.array(crop.region) // subsampling
    part = pixels[top:bottom, left:right]
    height, width = part.shape
    if crop.reduction > 1:  # what follows averages over two pixels each way, not over more
        size = (width // crop.reduction, height // crop.reduction)
        part = cv2.resize(part, size, interpolation=cv2.INTER_AREA)
    size = (crop.width // subsampling, crop.height // subsampling)
    part = cv2.resize(part, size, interpolation=cv2.INTER_LINEAR)
    if stretch:
        factor, offset = stretch
        part = cv2.addWeighted(part, factor, part, 0, offset)
    return part
