"""Photos: which files they are, and their pixels."""

import contextlib
import dataclasses
import functools
import glob
import io
import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
from PIL import Image

from hg3d_tf import files, images
from hg3d_tf.cli import UserError

_NOT_FETCHED = "addresses are not fetched: download it first"
_BELOW = "for those in the folders below it give '{}/**'"


@dataclasses.dataclass(frozen=True)
class Photo:
    """An image as a person sees it: pixels [H, W, 3] uint8.

    Those of a file that is too large are fewer than it has: there are `scale` [2], x and y, of them
    for each.

    Raises:
      ValueError: if the pixels are of another type or shape, or none.
    """

    name: str
    pixels: np.ndarray
    scale: np.ndarray = dataclasses.field(default_factory=lambda: np.ones(2))

    def __post_init__(self):
        pixels = self.pixels
        is_array = isinstance(pixels, np.ndarray)
        if is_array and pixels.dtype == np.uint8 and pixels.shape[2:] == (3,) and pixels.size:
            return
        found = f"{pixels.dtype} {list(pixels.shape)}" if is_array else type(pixels).__name__
        wanted = "a photo's pixels are uint8 RGB [H, W, 3], 0 to 255"
        raise ValueError(f"{self.name}: {wanted}, not {found}")

    @functools.cached_property
    def encoded(self) -> bytes:
        """Return bytes that TensorFlow decodes."""
        buffer = io.BytesIO()
        Image.fromarray(self.pixels).save(buffer, "png", compress_level=1)
        return buffer.getvalue()

    @functools.cached_property
    def for_served_graph(self) -> "Photo":
        """Return the photo, smaller if it has more pixels than an exported graph takes.

        The other's `scale` is that of its pixels to this one's.
        """
        size = np.array(self.pixels.shape[1::-1])
        if size.max() <= images.MAX_SERVED_SIDE:
            return dataclasses.replace(self, scale=np.ones(2))
        image = Image.fromarray(self.pixels)
        image.thumbnail((images.MAX_SERVED_SIDE,) * 2, reducing_gap=2.0)
        return Photo(self.name, np.asarray(image), np.array(image.size) / size)


def find_images(arguments: Iterable[str]) -> list[Path]:
    """Return the images that arguments mean, once each, in order.

    An argument is an image; a folder, for the pictures directly in it; a pattern, in which ** is
    any folders, for the pictures that it fits; or a .txt file with the path of an image a line,
    from the current folder or else from the list's own. An image of such a list that is in neither
    is an error in its turn, not here, if another is there. Films in a folder, and what looks like a
    picture but cannot be read, are named on the screen.

    Raises:
      UserError: for an address, a path that does not exist, a folder, a pattern or a list without
        images.
    """
    paths: dict[Path, None] = {}
    for argument in arguments:
        path = files.user_path(argument)
        if path.is_dir():
            found = _pictures_in(path)
        elif files.is_address(argument):
            raise UserError(f"{argument}: {_NOT_FETCHED}")
        elif not path.exists() and glob.has_magic(str(path)):
            found = _fitting(path)
        elif not path.exists():
            raise UserError(f"{path} does not exist: give image files or folders of them")
        else:
            found = _listed(path) if path.suffix.lower() == ".txt" else [path]
        paths.update(dict.fromkeys(found))
    return list(paths)


def _fitting(pattern: Path) -> list[Path]:
    found = sorted(filter(images.is_picture, map(Path, glob.iglob(str(pattern), recursive=True))))
    if not found:
        raise UserError(f"{pattern} fits no images ({images.readable_suffixes()})")
    return found


def _listed(path: Path) -> list[Path]:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeError as error:
        raise UserError(f"{path}: is no list of images: a path a line, in UTF-8") from error
    if any("\0" in line for line in lines) or not any(map(str.strip, lines)):
        raise UserError(f"{path}: is no list of images: a path a line, in UTF-8")
    for number, line in enumerate(lines, 1):
        if files.is_address(line.strip()):
            raise UserError(f"{path}, line {number}: {line.strip()}: {_NOT_FETCHED}")
    found = [_from(path.parent, line.strip()) for line in lines if line.strip()]
    if not any(map(os.path.exists, found)):
        first = f"its first is {str(found[0])[:80]}"
        raise UserError(f"{path}: is no list of images: none of its lines is a file; {first}")
    return found


def _from(folder: Path, line: str) -> Path:
    """Return the path of a line: that in `folder` only where it is there and not as it is written.

    Of an absolute path both are the same.
    """
    path = files.user_path(line)
    is_in_folder = not os.path.exists(path) and os.path.exists(folder / path)
    return folder / path if is_in_folder else path


def _pictures_in(folder: Path) -> list[Path]:
    pictures, passed_over = images.pictures_in(folder)
    if not pictures:
        below = [_BELOW.format(folder)] if _has_pictures_below(folder) else []
        why = "".join(f"; {line}" for line in (*below, *passed_over))
        raise UserError(f"{folder} holds no images ({images.readable_suffixes()}){why}")
    for line in passed_over:
        print(f"warning: {line}")
    return pictures


def _has_pictures_below(folder: Path) -> bool:
    """Return whether there are pictures one folder further down, not in all of a large tree."""
    for path in folder.iterdir():
        with contextlib.suppress(OSError):  # one that may not be read
            if path.is_dir() and any(map(images.is_picture, path.iterdir())):
                return True
    return False


def read_photo(path: Path) -> Photo:
    """Read an image file as viewers show it.

    Raises:
      UserError: if it cannot be read as an image.
      TypeError: if it is no path.
    """
    if not isinstance(path, str | os.PathLike):
        kind = type(path).__name__
        raise TypeError(f"read_photo takes a path, not {kind}: of pixels make Photo(name, pixels)")
    try:
        picture = images.read_picture(path)
    except images.ImageError as error:
        raise UserError(f"{path}: cannot be read as an image ({error})") from error
    except OSError as error:
        raise UserError(f"{path}: cannot be read ({error.strerror or error})") from error
    return Photo(str(path), picture.pixels, picture.scale)
