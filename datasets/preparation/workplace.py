"""Where a dataset is built: beside its place, by one process at a time."""

import contextlib
import shutil
from collections.abc import Iterator
from pathlib import Path

from hg3d_tf.cli import UserError
from hg3d_tf.files import only_one


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
    """Turn what TensorFlow raises, e.g. where the disk is full, into one line with the file."""
    import tensorflow as tf

    try:
        yield
    except tf.errors.OpError as error:
        raise UserError(f"{data_dir}: could not be written: {error.message}") from error
    except OSError as error:
        if error.filename:
            raise
        raise UserError(f"{data_dir}: could not be written: {error}") from error
