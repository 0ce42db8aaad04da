"""Where each record of a prepared split begins: found once, and kept beside the data."""

import contextlib
import mmap
import os
import struct
from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds

from hg3d_tf.files import atomic_path

# A TFRecord is its length, a checksum of that, the data, and a checksum of those.
_LENGTH = struct.Struct("<Q")
_FRAME_BYTES = _LENGTH.size + 4 + 4


def record_offsets(builder: tfds.core.DatasetBuilder, split: str) -> np.ndarray:
    """Return where the records of a split begin in their files, [N] int64 bytes, file by file.

    What a damaged file has lost begins where the damage does, so that reading it fails.
    """
    info = builder.info.splits[split]
    paths = [Path(path) for path in info.filepaths]
    sizes = np.array([path.stat().st_size if path.exists() else 0 for path in paths], np.int64)
    kept_in = Path(builder.data_dir) / f"{split}.offsets.npz"
    offsets = _kept(kept_in, sizes, info.num_examples)
    if offsets is None:
        found = [_scan(path, n) for path, n in zip(paths, info.shard_lengths, strict=True)]
        offsets = np.concatenate([offsets for offsets, _ in found])
        if all(whole for _, whole in found):  # else they may become whole
            # In a folder that only others may write to, they are found again each time.
            with contextlib.suppress(OSError), atomic_path(kept_in) as path:
                np.savez(path, sizes=sizes, offsets=offsets)
    return offsets


def first_record(builder: tfds.core.DatasetBuilder, split: str) -> bytes | None:
    """Return the first record of a split, read without TensorFlow; None where it is damaged."""
    info = builder.info.splits[split]
    paths = zip(info.filepaths, info.shard_lengths, strict=True)
    path = Path(next(path for path, count in paths if count))
    with contextlib.suppress(OSError, struct.error), path.open("rb") as file:
        (length,) = _LENGTH.unpack(file.read(_LENGTH.size))
        file.seek(4, os.SEEK_CUR)
        return file.read(length) if length < path.stat().st_size else None
    return None


def _kept(path: Path, sizes: np.ndarray, count: int) -> np.ndarray | None:
    """Return the offsets in a file, None unless they are those of files of these sizes."""
    # Whatever is wrong with the file, it can be made anew.
    with contextlib.suppress(Exception), np.load(path) as kept:
        if np.array_equal(kept["sizes"], sizes) and kept["offsets"].shape == (count,):
            return kept["offsets"]
    return None


def _scan(path: Path, count: int) -> tuple[np.ndarray, bool]:
    """Return where `count` records of a file begin, and whether it holds just them."""
    offsets, end = np.zeros(count, np.int64), 0
    if not path.exists() or not (size := path.stat().st_size):
        return offsets, not count
    with (
        path.open("rb") as file,
        mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ) as content,
    ):
        for i in range(count):
            offsets[i] = start = end
            if start + _FRAME_BYTES <= size:
                end = start + _FRAME_BYTES + _LENGTH.unpack_from(content, start)[0]
            if not start < end <= size:
                offsets[i:] = start
                return offsets, False
    return offsets, end == size
