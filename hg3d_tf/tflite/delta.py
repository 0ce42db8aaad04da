"""Files for LiteRT that are kept as what differs from another file.

A file for films holds the kernels of that for photos, or almost: what differs is a seventieth of
it, of the page's an eighteenth. A delta is gzip of: the SHA-256 of the other file; the number of
pieces, uint32; for each the place in the other file or -1, int32, and the length, uint32,
little-endian; and the pieces' bytes minus the other's, modulo 256. The page puts both together by
demo/web/src/delta.js.
"""

import gzip
import hashlib

import numpy as np

_ANCHOR = 24  # bytes that must be the same where a piece begins
_STEP = 64  # a piece goes on as long as of so many bytes ...
_LEAST_SAME = 0.4  # ... such a share is the same
_LEAST_VALUES = 6  # different values in an anchor: zeros are everywhere


def pieces(base: bytes, content: bytes) -> list[tuple[int, int]]:
    """Return (place in `base`, or -1 for new bytes; length) of the pieces that make `content`."""
    places: dict[bytes, int] = {}
    for at in range(0, len(base) - _ANCHOR + 1, 4):
        places.setdefault(base[at : at + _ANCHOR], at)
    old, new = np.frombuffer(base, np.uint8), np.frombuffer(content, np.uint8)
    found, start, at = [], 0, 0
    while at < len(content):
        anchor = content[at : at + _ANCHOR]
        place = places.get(anchor) if len(set(anchor)) >= _LEAST_VALUES else None
        length = 0 if place is None else _shared(old[place:], new[at:])
        if not length:
            at += 4
            continue
        if at > start:
            found.append((-1, at - start))
        found.append((place, length))
        start = at = at + length
    return [*found, (-1, len(content) - start)] if start < len(content) else found


def _shared(old: np.ndarray, new: np.ndarray) -> int:
    """Return how far two arrays of bytes are much the same."""
    end = min(len(old), len(new))
    length = 0
    while length < end:
        step = min(_STEP, end - length)
        same = old[length : length + step] == new[length : length + step]
        if same.mean() < _LEAST_SAME:
            break
        length += step
    return length


def make(base: bytes, content: bytes) -> bytes:
    """Return the delta from one file to another."""
    table = pieces(base, content)
    old, new = np.frombuffer(base, np.uint8), np.frombuffer(content, np.uint8)
    parts, at = [], 0
    for place, length in table:
        part = new[at : at + length]
        parts.append(part if place < 0 else part - old[place : place + length])
        at += length
    head = hashlib.sha256(base).digest() + np.uint32(len(table)).tobytes()
    return gzip.compress(
        head + np.array(table, "<i4").tobytes() + b"".join(part.tobytes() for part in parts),
        mtime=0,
    )


def join(base: bytes, delta: bytes) -> bytes:
    """Return the file that `make` took.

    Raises:
      ValueError: if the delta was made from another base.
    """
    raw = gzip.decompress(delta)
    if raw[:32] != hashlib.sha256(base).digest():
        raise ValueError("the delta was made from another file")
    count = int.from_bytes(raw[32:36], "little")
    old, at = np.frombuffer(base, np.uint8), 36 + 8 * count
    parts = []
    for place, length in np.frombuffer(raw, "<i4", 2 * count, 36).reshape(-1, 2):
        part = np.frombuffer(raw, np.uint8, length, at)
        parts.append(part if place < 0 else part + old[place : place + length])
        at += length
    return b"".join(part.tobytes() for part in parts)
