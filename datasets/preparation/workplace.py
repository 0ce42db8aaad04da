"""Where a dataset is built: beside its place, by one process at a time."""

import contextlib
import errno
import os
import shutil
from collections.abc import Iterator
from pathlib import Path

from hg3d_tf.cli import UserError
from hg3d_tf.files import NO_ROOM, only_one, words_of

_UNWRITABLE = (*NO_ROOM, errno.EROFS, errno.EIO)
_SYSTEM_SAYS = [os.strerror(number) for number in _UNWRITABLE]


@contextlib.contextmanager
def workplace_of(dataset: str, data_dir: Path) -> Iterator[Path]:
    """Yield an empty folder; what else lies beside it stays until a build succeeds.

    Raises:
      UserError: if another process is at work there.
    """
    folder = data_dir / f".building-{dataset.replace('/', '-')}"
    workplace = folder / "data"
    with only_one(folder) as alone:
        if not alone:
            raise UserError(
                f"{dataset} is being built in {data_dir} by another process: wait until it is done,"
                " or choose another --data_dir"
            )
        shutil.rmtree(workplace, ignore_errors=True)
        workplace.mkdir(parents=True)
        try:
            yield workplace
            shutil.rmtree(folder)
        finally:
            shutil.rmtree(workplace, ignore_errors=True)
            with contextlib.suppress(OSError):  # it is not empty, or gone
                folder.rmdir()


@contextlib.contextmanager
def write_errors(data_dir: Path) -> Iterator[None]:
    """Turn what is raised where nothing can be written, a full disk say, into one line.

    Raises:
      UserError: with the folder, and the file if the error names it; TensorFlow has errors of its
        own, which TFDS wraps in others.
    """
    try:
        yield
    except (UserError, KeyboardInterrupt):
        raise
    except Exception as error:
        reason = _write_error(error)
        if reason is None:
            raise
        raise UserError(f"cannot write to {data_dir}: {reason}; make room there") from error


def _write_error(error: BaseException | None) -> str | None:
    """Return what an error, or one that it came from, says of writing; None if it is another."""
    import tensorflow as tf

    while error is not None:
        if isinstance(error, tf.errors.OpError) and any(
            text in error.message for text in _SYSTEM_SAYS
        ):
            return error.message
        if isinstance(error, OSError) and error.errno in _UNWRITABLE:
            return words_of(error)
        error = error.__cause__ or error.__context__
    return None
