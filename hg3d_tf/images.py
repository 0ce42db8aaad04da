"""One way to read a picture: its orientation, its grey levels, its size, and what is no picture.

Everything that opens photos reads them here: prediction, the client and the builders of datasets.
It imports nothing heavier than NumPy and Pillow; HEIC is read where pillow-heif is installed.
"""

import contextlib
import dataclasses
import functools
import importlib.util
import io
import threading
import warnings
from pathlib import Path

import numpy as np
from PIL import Image, features

from hg3d_tf import extras, waiting

SUFFIXES = (
    *(".jpg", ".jpeg", ".jpe", ".jfif", ".jif", ".mpo", ".png", ".bmp", ".dib", ".gif", ".webp"),
    *(".tif", ".tiff", ".ppm", ".pgm", ".jp2"),
)
HEIC_SUFFIXES = (".heic", ".heif", ".hif")
AVIF_SUFFIXES = (".avif",)
# Pictures, too, of which a folder's are not passed over without a word.
_OTHER_SUFFIXES = (
    *(".jxl", ".svg", ".psd", ".tga", ".dng", ".cr2", ".cr3", ".nef", ".arw", ".raf", ".orf"),
    ".rw2",
)
_FILM_SUFFIXES = (
    *(".mp4", ".mov", ".m4v", ".avi", ".mkv", ".webm", ".wmv", ".mpg", ".mpeg", ".3gp", ".mts"),
    ".m2ts",
)
# What macOS writes beside each file of a disk that is not its own: no picture, but named as one.
APPLE_DOUBLE_PREFIX = "._"

# More are not decoded at once: Pillow's own limit, half a gigabyte of pixels.
MAX_PIXELS = 2 * 89_478_485
# Sides of the largest picture that an exported graph decodes, px: 200 MB of pixels.
MAX_SERVED_SIDE = 8192
_MAX_JPEG_PIXELS = 1_000_000_000  # which are reduced while they are decoded
# Others, of the forty that Pillow knows, start programs or are no photos.
_FORMATS = ("JPEG", "MPO", "PNG", "BMP", "DIB", "GIF", "WEBP", "TIFF", "PPM", "JPEG2000", "AVIF")
_HEIC_BRANDS = (b"heic", b"heix", b"heim", b"heis", b"hevc", b"hevx", b"mif1", b"msf1")
_AVIF_BRANDS = (b"avif", b"avis")
_FILM_FIX = "a film: give it to predict as --video=FILE"
_AVIF_FIX = "AVIF needs Pillow 11.3 or later: install it, or save as JPEG"

_ORIENTATION_TAG = 0x0112
# Exif 2.3, 4.6.4: orientation -> what turns the stored picture into the one that is seen.
_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
# The others undo themselves.
_BACK = _TURNS | {6: _TURNS[8], 8: _TURNS[6]}
_unguarded = threading.Lock()
# Pillow warns of half of what it refuses; what is refused here gets a line of its own.
warnings.filterwarnings("ignore", category=Image.DecompressionBombWarning)


class ImageError(Exception):
    """A file that is not read as a picture: its text says why, but not the file's name."""


@dataclasses.dataclass(frozen=True)
class Header:
    """What a file says about its picture.

    Attributes:
      seen_size, stored_size: width and height px.
      orientation: Exif's, 1 to 8; 1 where there is none.
      file_format, mode: as Pillow calls them.
    """

    seen_size: tuple[int, int]
    stored_size: tuple[int, int]
    orientation: int
    file_format: str
    mode: str


@dataclasses.dataclass(frozen=True)
class Picture:
    """A decoded picture.

    Attributes:
      image: in RGB.
      size: width and height px that coordinates count: the image's, unless it was too large.
      orientation: Exif's, 1 to 8; it has been applied, unless the picture was read as stored.
    """

    image: Image.Image
    size: tuple[int, int]
    orientation: int

    @property
    def pixels(self) -> np.ndarray:
        """[H, W, 3] uint8."""
        return np.asarray(self.image)

    @property
    def scale(self) -> np.ndarray:
        """[2] px of `image` per px of `size`, x and y: 1 unless the picture was too large."""
        return np.array(self.image.size) / np.array(self.size)


def read_header(source: str | Path | bytes) -> Header:
    """Return the sizes and the orientation of a picture, as `read_picture` would find them.

    Raises ImageError or OSError as that does.
    """
    with _opened(source) as image:
        orientation = _orientation(image)
        other = image.size[::-1] if orientation >= 5 else image.size
        # Pillow turns TIFF by itself.
        sizes = (image.size, other) if image.format == "TIFF" else (other, image.size)
        return Header(*sizes, orientation, image.format, image.mode)


def read_picture(source: str | Path | bytes, as_stored: bool = False) -> Picture:
    """Read a picture as viewers show it: turned as its Exif says.

    Grey of 16 bits is scaled to 8. A JPEG of more than `MAX_PIXELS` is read in half, a quarter or
    an eighth of its size. Of an animation the first frame is read.

    Args:
      source: the file, or its bytes.
      as_stored: leave out the turn: what programs see that know nothing of Exif.

    Raises:
      ImageError: if it cannot be read as a picture.
      OSError: if the file cannot be opened.
    """
    with _opened(source) as image:
        orientation, size = _orientation(image), image.size
        _reduce_to(MAX_PIXELS, image)
        try:
            image.load()
            rgb = _in_rgb(image)
        except Exception as error:  # Pillow raises whatever a broken file leads it to.
            raise ImageError(_reason(error)) from error
        turn = _turn(orientation, image.format == "TIFF", as_stored)
    if turn is not None:
        rgb = rgb.transpose(turn)
        size = size[::-1] if orientation >= 5 else size
    return Picture(rgb, size, orientation)


def is_picture(path: Path) -> bool:
    """Tell by a file's name whether it is a picture that can be read here."""
    if path.name.startswith(APPLE_DOUBLE_PREFIX):
        return False
    suffix = path.suffix.lower()
    heic = suffix in HEIC_SUFFIXES and _reads_heic()
    return suffix in SUFFIXES or heic or (suffix in AVIF_SUFFIXES and _reads_avif())


def readable_suffixes() -> str:
    """Return what the names of pictures that can be read here end in, in one line."""
    heic, avif = HEIC_SUFFIXES if _reads_heic() else (), AVIF_SUFFIXES if _reads_avif() else ()
    return ", ".join((*SUFFIXES, *heic, *avif))


def pictures_in(folder: Path) -> tuple[list[Path], list[str]]:
    """Return the pictures directly in a folder, in order, and lines that name what is passed over.

    That is what macOS writes beside pictures, films, links to nothing, and what is not read here.
    """
    named = sorted(folder.iterdir())
    files = [path for path in named if path.is_file()]
    pictures = [path for path in files if is_picture(path)]
    beside = [path for path in files if path.name.startswith(APPLE_DOUBLE_PREFIX)]
    taken = {*pictures, *beside}
    others = [path for path in files if path not in taken]
    links = [path for path in named if path.is_symlink() and not path.exists()]
    every = (*SUFFIXES, *HEIC_SUFFIXES, *AVIF_SUFFIXES, *_OTHER_SUFFIXES)
    groups = (
        (beside, "macOS's notes beside files of that name"),
        (_called(others, HEIC_SUFFIXES), _heic_fix()),
        (_called(others, AVIF_SUFFIXES), _AVIF_FIX),
        (_called(others, _OTHER_SUFFIXES), "not read here: save as JPEG"),
        (_called(others, _FILM_SUFFIXES), _FILM_FIX),
        (_called(links, every), "links to what is not there"),
    )
    return pictures, [_passed_over(folder, paths, why) for paths, why in groups if paths]


def _called(paths: list[Path], suffixes: tuple[str, ...]) -> list[Path]:
    return [path for path in paths if path.suffix.lower() in suffixes]


def _heic_fix() -> str:
    return str(extras.missing("HEIC", "pillow-heif", "heic", "save as JPEG"))


def _passed_over(folder, paths, why) -> str:
    names = ", ".join(path.name for path in paths[:5]) + (", ..." if len(paths) > 5 else "")
    return f"{folder}: passed over {len(paths)}: {names} ({why})"


@contextlib.contextmanager
def _opened(source):
    """Yield a picture of which only the header has been read."""
    with _file(source) as file:
        try:
            image = _open(file)
        except Exception as error:  # As above.
            raise ImageError(_no_picture(file, error)) from error
        yield image


@contextlib.contextmanager
def _file(source):
    """Yield an open file, and name it if its content does not come."""
    if isinstance(source, bytes):
        yield io.BytesIO(source)
        return
    with waiting.said(lambda: f"the content of {source}"), open(source, "rb") as file:
        yield file


def _open(file) -> Image.Image:
    formats = _readable_formats()
    try:
        return Image.open(file, formats=formats)
    except Image.DecompressionBombError:
        # A header is no danger: what is decoded of the picture is decided afterwards.
        with _unguarded:
            limit, Image.MAX_IMAGE_PIXELS = Image.MAX_IMAGE_PIXELS, None
            try:
                file.seek(0)
                return Image.open(file, formats=formats)
            finally:
                Image.MAX_IMAGE_PIXELS = limit


@functools.cache
def _readable_formats() -> list[str]:
    Image.init()
    if _reads_heic():
        import pillow_heif

        pillow_heif.register_heif_opener()
    return [name for name in (*_FORMATS, "HEIF") if name in Image.OPEN]


def _reads_heic() -> bool:
    return importlib.util.find_spec("pillow_heif") is not None


def _reads_avif() -> bool:
    return "avif" in features.modules and features.check("avif")


def _no_picture(file, error) -> str:
    file.seek(0)
    head = file.read(12)
    if not head:
        return "the file is empty"
    if head[4:8] == b"ftyp" and head[8:12] in _HEIC_BRANDS and not _reads_heic():
        return _heic_fix()
    if head[4:8] == b"ftyp" and head[8:12] in _AVIF_BRANDS and not _reads_avif():
        return _AVIF_FIX
    if _is_film(head):
        return _FILM_FIX
    return "not a picture" if isinstance(error, Image.UnidentifiedImageError) else _reason(error)


def _is_film(head: bytes) -> bool:
    """Tell by its first 12 bytes whether a file is MP4, QuickTime, Matroska, AVI, WMV or MPEG."""
    if head[4:8] == b"ftyp":
        return head[8:12] not in _HEIC_BRANDS + _AVIF_BRANDS
    quicktime = head[4:8] in (b"moov", b"mdat", b"wide")
    avi = head.startswith(b"RIFF") and head[8:] == b"AVI "
    return quicktime or avi or head.startswith((b"\x1aE\xdf\xa3", b"0&\xb2u", b"\0\0\1\xba"))


def _reason(error) -> str:
    """Return what is wrong, without the numbers and addresses that would split the count."""
    text = str(error) or type(error).__name__
    return "damaged: " + text.split(" (")[0].split(" <")[0].rstrip(" '\"0123456789")


def _orientation(image) -> int:
    try:
        value = image.getexif().get(_ORIENTATION_TAG, 1)
    except Exception:  # Broken Exif does not cost the picture.
        return 1
    return value if value in _TURNS else 1


def _turn(orientation: int, turned_already: bool, as_stored: bool):
    if as_stored:
        return _BACK.get(orientation) if turned_already else None
    return None if turned_already else _TURNS.get(orientation)


def _reduce_to(max_pixels: int, image) -> None:
    """Let the decoder reduce a picture that is too large, or raise ImageError."""
    width, height = image.size
    if width * height <= max_pixels:
        return
    most = _MAX_JPEG_PIXELS if image.format in ("JPEG", "MPO") else max_pixels
    if width * height > most:
        raise ImageError(f"more than {most / 1e6:.0f} million pixels: save it smaller, as JPEG")
    fits = (r for r in (2, 4, 8) if -(-width // r) * -(-height // r) <= max_pixels)
    reduction = next(fits, 8)
    image.draft("RGB", (width // reduction, height // reduction))


def _in_rgb(image) -> Image.Image:
    """Return a loaded image in RGB; Pillow's own conversion clips more than 8 bits to white."""
    if image.mode[0] in "IF":
        # Mode I holds 16 bits in some formats and versions of Pillow, 32 in others.
        tops = (1, 255, 65535) if image.mode == "F" else (65535,)
        values = np.nan_to_num(np.asarray(image, np.float32), posinf=0, neginf=0)
        top = next((top for top in tops if values.max() <= top), values.max())
        image = Image.fromarray(np.rint(values.clip(0) * (255 / top)).astype(np.uint8))
    return image if image.mode == "RGB" else image.convert("RGB")
