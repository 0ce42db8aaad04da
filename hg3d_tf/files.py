"""Files that are either whole or absent: write under a temporary name, then rename.

And the one place that says what a path that a user writes means, and who may write where.
"""

import contextlib
import errno
import json
import os
import secrets
import shutil
import textwrap
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TextIO

try:
    import fcntl
except ImportError:  # Windows
    fcntl = None


# What the system says where there is no room: on the disk, for the user, in the file.
NO_ROOM = (errno.ENOSPC, errno.EDQUOT, errno.EFBIG)
# Of the patterns of TensorFlow's file systems, but for the separator of Windows.
_PATTERN_CHARACTERS = set("*?[\\") - {os.sep}


def user_path(text: str | os.PathLike) -> Path:
    """Return the path that a user's text means: `~` is home, all else stands for itself.

    Shells leave `~` as it is after `--flag=`. Where a path becomes a pattern, `glob.escape` it.
    """
    try:
        return Path(text).expanduser()
    except RuntimeError:  # `~name` of nobody: a name like any other
        return Path(text)


def is_address(text: str) -> bool:
    """Tell whether a user's text is an address of the web, of which a path would eat a slash."""
    return "://" in text and not os.path.exists(text)


def tensorflow_path(text: str | os.PathLike) -> Path:
    """Return the path of a folder that TensorFlow works in, as `user_path`.

    Raises:
      ValueError: for a name that TensorFlow, which takes paths as patterns, would not find again.
    """
    path = user_path(text)
    if found := sorted(_PATTERN_CHARACTERS & set(str(path))):
        raise ValueError(
            f"{path}: TensorFlow takes {' '.join(found)} in a path for a pattern: choose a name"
            " without it"
        )
    return path


@contextlib.contextmanager
def only_one(folder: str | os.PathLike) -> Iterator[bool]:
    """Yield whether this process is the only one within such a block for `folder`.

    The folder is made. The lock is the system's: it ends with the process, however that ends, and
    nothing of it stays on disk. Where the system has no such lock, True is yielded.
    """
    Path(folder).mkdir(parents=True, exist_ok=True)
    if fcntl is None:
        yield True
        return
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        yield _lock(descriptor, folder)
    finally:
        os.close(descriptor)


def _lock(descriptor: int, folder) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        # Another process may have finished, and removed what was opened here, in between.
        return os.path.samestat(os.fstat(descriptor), os.stat(folder))
    except BlockingIOError:
        return False
    except FileNotFoundError:
        return False
    except OSError:  # Some network file systems have no locks.
        return True


def words_of(error: OSError) -> str:
    """Return what an error says, and of which file where it names one."""
    where = f"{error.filename}: " if error.filename else ""
    return f"{where}{error.strerror or error}"


@contextlib.contextmanager
def named(path: str | os.PathLike) -> Iterator[None]:
    """Give an OSError for want of room the name of the file: what writing raises has none."""
    try:
        yield
    except OSError as error:
        if error.errno in NO_ROOM and error.filename is None:
            error.filename = str(path)
        raise


def require_no_folder(path: str | os.PathLike) -> None:
    """Raise IsADirectoryError where a folder stands in the place of a file to be written.

    That is so at the end of the work, too; better it is said before.
    """
    if Path(path).is_dir():
        text = "a folder stands where a file is to be written: move it away"
        raise IsADirectoryError(errno.EISDIR, text, str(path))


@contextlib.contextmanager
def atomic_path(path: str | os.PathLike) -> Iterator[Path]:
    """Yield a temporary name beside `path`; move what was written there to `path` on success.

    Works for a file or a folder; an existing file or folder of that name is replaced. After an
    error nothing is left behind and what was there before is untouched.
    """
    path = Path(path)
    path.parent.mkdir(parents=True, exist_ok=True)
    # Machines that share a folder may have a process of the same number.
    writer = f"{os.getpid()}.{secrets.token_hex(4)}"
    temporary = path.with_name(f".{path.stem}.{writer}.partial{path.suffix}")
    try:
        with named(path):
            yield temporary
        if not temporary.is_dir():
            require_no_folder(path)
        elif path.is_dir():
            shutil.rmtree(path)
        os.replace(temporary, path)
    except OSError as error:
        if str(error.filename) != str(temporary):
            raise
        # The user does not know the temporary file.
        raise OSError(error.errno, error.strerror, str(path)) from error
    finally:
        if temporary.is_dir():
            shutil.rmtree(temporary, ignore_errors=True)
        else:
            temporary.unlink(missing_ok=True)


@contextlib.contextmanager
def atomic_text(path: str | os.PathLike) -> Iterator[TextIO]:
    """As `atomic_path`, yielding a text file (UTF-8, line ends as written) that is open."""
    require_no_folder(path)
    with atomic_path(path) as temporary, open(temporary, "w", encoding="utf-8", newline="") as file:
        yield file


def write_text(path: str | os.PathLike, text: str) -> None:
    """Write `text` to `path`, wholly or not at all."""
    with atomic_path(path) as temporary:
        temporary.write_text(text, encoding="utf-8")


def write_json(path: str | os.PathLike, value) -> None:
    """Write `value` as indented JSON to `path`, wholly or not at all."""
    write_text(path, json.dumps(value, indent=2) + "\n")


@contextlib.contextmanager
def json_list(path: str | os.PathLike, indent: int | None = None) -> Iterator[Callable]:
    """Yield a function that writes a value into the JSON list `path`, whole when the block ends.

    A value is a line; with `indent` it is spread over several.
    """
    start = "[\n"

    def add(value) -> None:
        nonlocal start
        text = json.dumps(value, indent=indent)
        file.write(start + textwrap.indent(text, " " * (indent or 0)))
        start = ",\n"

    with atomic_text(path) as file:
        yield add
        file.write("[]\n" if start == "[\n" else "\n]\n")
