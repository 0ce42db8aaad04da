"""Where films come from: files and cameras, through PyAV."""

import sys
from pathlib import Path
from typing import NamedTuple

from hg3d_tf import extras, images
from hg3d_tf.cli import UserError


class Source(NamedTuple):
    """What FFmpeg opens: a file, or a camera, which has a `form`."""

    address: str
    form: str | None = None


# The first camera of a computer, by sys.platform.
_CAMERAS = {"linux": Source("/dev/video0", "v4l2"), "darwin": Source("default", "avfoundation")}
# Of images' names those that films have, too.
_MAY_MOVE = (".gif", ".webp")


def first_camera() -> Source:
    """Return this computer's first camera. Raises UserError where none is known by name."""
    if sys.platform not in _CAMERAS:
        raise UserError("--webcam: unknown on this system; name the camera by --video")
    return _CAMERAS[sys.platform]


def file_or_camera(address: str) -> Source:
    """Return the source that a path names. Raises UserError for a photo.

    FFmpeg's patterns of numbered photos, such as frame_%04d.jpg, are films.
    """
    suffix = Path(address).suffix.lower()
    if suffix in images.SUFFIXES and suffix not in _MAY_MOVE and Path(address).is_file():
        raise UserError(f"--video={address} is a photo: give it without --video=")
    return Source(address, "v4l2" if address.startswith("/dev/video") else None)


def import_av():
    """Return PyAV. Raises UserError where it is not installed."""
    try:
        import av
    except ImportError as error:
        raise extras.missing("a video", "PyAV", "video") from error
    return av
