"""What a network said of a film's frames, kept until the film is whole.

A film that was interrupted is read again from its beginning, but not looked at again: the same
command asks for the same boxes in the same order, and gets the same answers from a file.
"""

import json
from pathlib import Path

import numpy as np

from hg3d_tf.cli import UserError
from hg3d_tf.prediction.photos import Photo
from hg3d_tf.prediction.predictors import Predictor


class RememberedLooks:
    """A predictor (see `predictors.Predictor`) whose answers are kept in a file, in order.

    The file begins with a line of settings. Where they differ, or the last answer is not whole, as
    after a crash, the network is asked from there on.

    Args:
      predictor: asked for what the file does not hold.
      path: of the file; None keeps nothing.
      settings: all that the answers depend on; JSON.

    Raises:
      UserError: if the file cannot be written.
    """

    def __init__(self, predictor: Predictor, path: Path | None, settings: dict):
        self._predictor, self._path, self._file = predictor, path, None
        self._is_empty = True
        self._is_replayed = True  # the file holds no more answers
        if path is None:
            return
        head = json.dumps(settings).encode() + b"\n"
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            # Closed by __exit__.
            self._file = open(path, "r+b" if path.exists() else "w+b")  # noqa: SIM115
        except OSError as error:
            raise UserError(f"{path}: cannot be written ({error.strerror})") from error
        self._is_replayed = self._file.read(len(head)) != head
        if self._is_replayed:
            self._file.seek(0)
            self._file.truncate()
            self._file.write(head)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._file is not None:
            self._file.close()
            if self._is_empty:
                self._path.unlink()

    def __call__(self, photo: Photo, box: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Return the pose in a box of a photo."""
        if not self._is_replayed and (pose := self._next()) is not None:
            self._is_empty = False
            return pose
        pose = self._predictor(photo, box)
        if self._file is not None:
            np.save(self._file, _as_row(pose))
            self._file.flush()
            self._is_empty = False
        return pose

    def forget(self) -> None:
        """Remove the file: the film is whole."""
        if self._file is not None:
            self._file.close()
            self._path.unlink()
            self._file = None

    def _next(self) -> dict[str, np.ndarray] | None:
        place = self._file.tell()
        try:
            row = np.load(self._file)[0]
        except (EOFError, ValueError):
            self._is_replayed = True
            self._file.seek(place)
            self._file.truncate()
            return None
        return {name: row[name] for name in row.dtype.names}


def _as_row(pose: dict[str, np.ndarray]) -> np.ndarray:
    """Return a pose as an array of one row, every value in its own type."""
    arrays = {name: np.asarray(value) for name, value in pose.items()}
    row = np.zeros(1, [(name, value.dtype, value.shape) for name, value in arrays.items()])
    for name, value in arrays.items():
        row[name][0] = value
    return row
