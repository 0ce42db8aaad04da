"""What a dataset was built from, so that a later change of the original files is noticed."""

import hashlib
import os
from collections.abc import Iterable
from pathlib import Path

# Files of more bytes than this together are compared by size and time instead of by content.
HASHED_BYTES = 256 << 20


def fingerprint(folder: Path, patterns: Iterable[str]) -> dict[str, dict]:
    """Return what lies in a folder: path below it -> files, bytes and a hash.

    Args:
      folder: of the original files.
      patterns: globs of what a dataset is built from; a folder that matches counts as a whole.
    """
    found = sorted({path for pattern in patterns for path in folder.glob(pattern)})
    return {path.relative_to(folder).as_posix(): _described(path) for path in found}


def changes(before: dict[str, dict], now: dict[str, dict]) -> list[str]:
    """Return a few words for each path whose fingerprint is another now."""
    differing = [path for path in sorted(before | now) if before.get(path) != now.get(path)]
    return [f"{path} ({_change(before.get(path), now.get(path))})" for path in differing]


def _change(before, now) -> str:
    if not before or not now:
        return "new" if now else "gone"
    if before["files"] != now["files"]:
        return f"{now['files']} files, were {before['files']}"
    return "changed"


def _described(path: Path) -> dict:
    files = _files_in(path) if path.is_dir() else [path]
    sizes = [file.stat().st_size for file in files]
    read = _content if sum(sizes) <= HASHED_BYTES else _time
    digest = hashlib.sha256()
    for file, size in zip(files, sizes, strict=True):
        digest.update(f"{file.relative_to(path)}\0{size}\0".encode(errors="surrogateescape"))
        digest.update(read(file))
    return {"files": len(files), "bytes": sum(sizes), "hash": digest.hexdigest()}


def _files_in(folder: Path) -> list[Path]:
    """Return the files below a folder, but for hidden ones: others write those beside."""
    return sorted(
        Path(parent, name)
        for parent, _, names in os.walk(folder)
        for name in names
        if not name.startswith(".") and Path(parent, name).is_file()
    )


def _content(file: Path) -> bytes:
    return hashlib.sha256(file.read_bytes()).digest()


def _time(file: Path) -> bytes:
    return str(file.stat().st_mtime_ns).encode()
