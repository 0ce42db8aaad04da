"""What networks said of a film's frames, kept until the film is whole.

A film that was interrupted is read again from its beginning, but not looked at again: the same
command asks for the same boxes in the same order, and gets the same answers from a file.
"""

import json
from pathlib import Path

import numpy as np

from hg3d_tf.cli import UserError
from hg3d_tf.prediction.person_finder import Found, PersonFinder
from hg3d_tf.prediction.photos import Photo
from hg3d_tf.prediction.predictors import Predictor


class RememberedLooks:
    """A predictor (see `predictors.Predictor`) and a finder whose answers are kept, in order.

    The file begins with a line of settings. Where they differ, or the last answer is not whole, as
    after a crash, the network is asked from there on. What the file held stays until there is an
    answer to replace it: a run may come to nothing.

    Args:
      predictor: asked for what the file does not hold.
      finder: so is this, by `find`; None where boxes are given.
      path: of the file; None keeps nothing.
      settings: all that the answers depend on; JSON.

    Raises:
      UserError: if the file cannot be written.
    """

    def __init__(
        self,
        predictor: Predictor,
        path: Path | None,
        settings: dict,
        finder: PersonFinder | None = None,
        again: bool = False,
    ):
        self._predictor, self._finder = predictor, finder
        self._path, self._file = path, None
        self._head: bytes | None = None  # to be written before the next answer
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
        self._is_replayed = again or self._file.read(len(head)) != head
        if self._is_replayed:
            self._head = head

    def __enter__(self):
        return self

    def __exit__(self, *_):
        if self._file is not None:
            self._file.close()
            if not self._path.stat().st_size:
                self._path.unlink()

    def __call__(self, photo: Photo, box: np.ndarray | None = None) -> dict[str, np.ndarray]:
        """Return the pose in a box of a photo."""
        return self._kept(lambda: self._predictor(photo, box))

    def find(self, photo: Photo) -> Found:
        """Return the people of a photo."""

        def ask() -> dict[str, np.ndarray]:
            found = self._finder(photo)
            # A row of nothing could not be read again.
            return found._asdict() | {"count": np.array(len(found.boxes))}

        answer = self._kept(ask)
        return Found(answer["boxes"], answer["scores"])

    def _kept(self, ask) -> dict[str, np.ndarray]:
        """Return the file's next answer, or that of `ask`."""
        if not self._is_replayed and (answer := self._next()) is not None:
            return answer
        answer = ask()
        if self._file is not None:
            self._write_head()
            np.save(self._file, _as_row(answer))
            self._file.flush()
        return answer

    def _write_head(self) -> None:
        """Begin the file anew, if that is still to be done."""
        if self._head is not None:
            self._file.seek(0)
            self._file.truncate()
            self._file.write(self._head)
            self._head = None

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


def _as_row(answer: dict[str, np.ndarray]) -> np.ndarray:
    """Return an answer as an array of one row, every value in its own type."""
    arrays = {name: np.asarray(value) for name, value in answer.items()}
    row = np.zeros(1, [(name, value.dtype, value.shape) for name, value in arrays.items()])
    for name, value in arrays.items():
        row[name][0] = value
    return row
