"""Where films come from: files and cameras, through PyAV."""

import sys
from typing import NamedTuple

from hg3d_tf import extras
from hg3d_tf.cli import UserError


class Source(NamedTuple):
    """What FFmpeg opens: a file, or a camera, which has a `form`."""

    address: str
    form: str | None = None


# The first camera of a computer, by sys.platform.
_CAMERAS = {"linux": Source("/dev/video0", "v4l2"), "darwin": Source("default", "avfoundation")}


def first_camera() -> Source:
    """Return this computer's first camera. Raises UserError where none is known by name."""
    if sys.platform not in _CAMERAS:
        raise UserError("--webcam: unknown on this system; name the camera by --video")
    return _CAMERAS[sys.platform]


def file_or_camera(address: str) -> Source:
    """Return the source that a path names."""
    return Source(address, "v4l2" if address.startswith("/dev/video") else None)


def import_av():
    """Return PyAV. Raises UserError where it is not installed."""
    try:
        import av
    except ImportError as error:
        raise extras.missing("a video", "PyAV", "video") from error
    return av
