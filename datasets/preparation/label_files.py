"""Label files that are something else: one line that names the file and says what it is."""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from hg3d_tf.cli import UserError

# First bytes -> what such a file is, and what to do.
_OTHERS = (
    (b"<!doctype html", "a web page, such as a login: download it again, logged in"),
    (b"<html", "a web page, such as a login: download it again, logged in"),
    (b"version https://git-lfs", "a pointer of Git LFS: fetch the file with `git lfs pull`"),
    (b"pk\x03\x04", "a zip archive: unpack it"),
    (b"\x1f\x8b", "a gzip archive: unpack it"),
    (b"rar!", "a RAR archive: unpack it"),
    (b"\x00\x05\x16\x07", "macOS's notes beside the file of that name: take that"),
)
_MARKS = (b"\xef\xbb\xbf", b"\xff\xfe", b"\xfe\xff")  # of the order of bytes


@contextlib.contextmanager
def reading(path: Path, kind: str) -> Iterator[None]:
    """Turn whatever a reader raises in the block into a UserError that names the file.

    Args:
      path: of the file that the block reads.
      kind: what the file should be, e.g. "MPII's annotations".

    Raises:
      UserError: for anything that goes wrong, but for what names the file itself.
    """
    try:
        yield
    except UserError:
        raise
    except OSError as error:
        if error.strerror and error.filename:
            raise
        raise UserError(problem(path, kind, error)) from error
    except Exception as error:  # Readers raise whatever a file that is something else leads to.
        raise UserError(problem(path, kind, error)) from error


def problem(path: Path, kind: str, error: Exception) -> str:
    """Return a line: the file is not of its kind, but what it is, or what the reader said."""
    return f"{path}: not {kind}, but {what_it_is(path) or _said(error)}"


def what_it_is(path: Path) -> str:
    """Return what a file is by its first bytes; "" if they do not tell."""
    with open(path, "rb") as file:
        head = file.read(512)
    if not head.strip(b"\0"):
        return "empty: download it again" if not head else "zeros: download it again"
    for mark in _MARKS:
        head = head.removeprefix(mark)
    head = head.replace(b"\0", b"") if head[1:2] == b"\0" else head  # text in UTF-16
    start = head.lstrip().lower()
    return next((text for first, text in _OTHERS if start.startswith(first)), "")


def _said(error: Exception) -> str:
    words = " ".join(str(error).split())
    return f"damaged or something else ({type(error).__name__}: {words[:120]})"
