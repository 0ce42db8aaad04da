"""Frames of videos as images of which a part is stored, without a detour through RGB."""

import av
import cv2
import numpy as np
import simplejpeg
from av.video.reformatter import ColorRange, Colorspace

from preparation.stored_crop import StoredCrop

# Videos, not parts of images, are worked on in parallel.
cv2.setNumThreads(1)

_FORMATS = ("yuv420p", "yuvj420p")
# A JPEG's colours are those of BT.601; what a film does not say is taken for these too. (Not said,
# BT.470BG, SMPTE 170M, of H.273, table 4.)
_COLOURS_OF_JPEG = (2, 5, 6)
# Factor and offset from the studio range (luma 16..235, colours 16..240) to the full one of JPEG.
_STRETCHES = ((255 / 219, -16 * 255 / 219), (255 / 224, 128 - 128 * 255 / 224))


class FrameImage:
    """A decoded frame as players show it; its planes are cropped, reduced and compressed.

    A frame that the film's display matrix turns, or of other colours than a JPEG's (BT.709, say) is
    converted first.

    Attributes:
      size: width and height, px.
      block: what crops are made of, px: the colours have half the resolution.
    """

    block = 2

    def __init__(self, frame: av.VideoFrame):
        self._frame = _with_jpeg_planes(_upright(frame) if frame.rotation else frame)
        self.size = (self._frame.width, self._frame.height)

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


def _upright(frame: av.VideoFrame) -> av.VideoFrame:
    """Return a frame turned as its display matrix says, in RGB: counterclockwise, in degrees."""
    pixels = np.rot90(frame.to_ndarray(format="rgb24"), round(frame.rotation / 90))
    return av.VideoFrame.from_ndarray(np.ascontiguousarray(pixels), format="rgb24")


def _with_jpeg_planes(frame: av.VideoFrame) -> av.VideoFrame:
    if frame.format.name in _FORMATS and frame.colorspace in _COLOURS_OF_JPEG:
        return frame
    return frame.reformat(format="yuv420p", dst_colorspace=Colorspace.ITU601)


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
