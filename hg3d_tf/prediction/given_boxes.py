"""Boxes of people that others found: COCO's JSON, MOT's text, a folder of YOLO's.

- COCO: results, a list of image_id, bbox (x, y, width, height px), score, category_id (1 is a
  person; left out, all are), not those of iscrowd; or a dictionary with images and annotations.
  image_id is a photo's name, or its number: in the dictionary by `images`, else as in
  000000000139.jpg.
- MOT, of a film: lines of frame (from 1), id, x, y, width, height px, confidence; an id or a
  confidence of -1 is unknown.
- YOLO: NAME.txt for NAME.jpg, or NAME_12.txt for the 12th frame of the film NAME; lines of class
  (0 is a person), the box's middle x and y and its width and height in those of the picture,
  and, if known, confidence and id.

A photo or frame that is not named has no people. Ids (COCO's track_id), from 1, say who is who in a
film if all of its boxes have one, each once in a frame. Else they are left out, which is said, and
people are followed: followed people's own numbers would meet those given.
"""

import itertools
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hg3d_tf import files
from hg3d_tf.cli import UserError
from hg3d_tf.prediction import boxes, given_coco
from hg3d_tf.prediction.given_coco import NO_NUMBER, Row

_MOT_COLUMNS = ("frame", "id", "x", "y", "width", "height")
_MOT_UNKNOWN = -1
_YOLO_COLUMNS = ("class", "x", "y", "width", "height")


class Given(NamedTuple):
    """The boxes of a picture.

    Attributes:
      boxes: [N, 4] px of the picture as it is seen.
      scores: [N]; 1 where none is given.
      numbers: [N] of the persons, from 1; 0 where none is given. Of a film all boxes have one, or
        none.
    """

    boxes: np.ndarray
    scores: np.ndarray
    numbers: np.ndarray


class _Ids(NamedTuple):
    """How many of a film's boxes have no number, of how many, and the first that repeats one."""

    missing: int
    total: int
    twice: Row | None


class GivenBoxes:
    """The boxes of a file, by photo or by frame.

    Args:
      path: of a .json or .txt file, or of a folder.

    Raises:
      UserError: for what is none of them, with the place of the first mistake.
    """

    def __init__(self, path: str | Path):
        self.path = files.user_path(path)
        self._by_name: dict[str, list[Row]] = {}
        self._by_frame: dict[int, list[Row]] = {}
        self._ids: dict[str, _Ids] = {}  # see `_ids_of`
        self._relative = self.path.is_dir()
        if self._relative:
            if not any(self.path.glob("*.txt")):
                raise UserError(f"{self.path}: holds no .txt: YOLO's boxes are one for each image")
            return  # each photo's file is read with the photo
        try:
            text = self.path.read_text(encoding="utf-8-sig")
        except (OSError, UnicodeError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UserError(
                f"{self.path}: cannot be read as boxes ({reason}): give COCO's .json, a film's .txt"
                " as MOT's, or a folder of YOLO's .txt"
            ) from error
        if self.path.suffix == ".json":
            self._by_name = given_coco.read(self.path, text)
        else:
            self._by_frame = _mot(self.path, text)

    def check_photos(self, names: Iterable[str | Path]) -> None:
        """Raise UserError where there are boxes for none of the photos, by their files' names.

        Or where it cannot be told for which: photos of one name lie in several folders.
        """
        self._check_no_film()
        photos = [Path(name) for name in names if self._has_photo(Path(name))]
        if not photos:
            raise UserError(f"{self.path}: has no box for any image; {self._known()}")
        first: dict[str, Path] = {}
        for photo in photos:
            if (other := first.setdefault(photo.name, photo)) != photo:
                problem = f"boxes go by the image's name, which {other} and {photo} share"
                raise UserError(f"{self.path}: {problem}: predict one folder at a time")

    def check_film(self, film: str) -> None:
        """Raise UserError where the boxes are those of no frame of a film, or cannot be read.

        Where only some have ids, or two of a frame the same, it is said that ids are left out.
        """
        beginning = f"{Path(film).stem}_"
        if not self._by_frame and not any(name.startswith(beginning) for name in self._names()):
            raise UserError(f"{self.path}: has no box for a frame of {film}; {self._known()}")
        ids, consequence = self._ids_of(film), "ids are left out, people are followed"
        if 0 < ids.missing < ids.total:
            lack = f"{ids.missing} of the {ids.total} boxes of {film} have no id from 1 on"
            print(f"warning: {self.path}: {lack}: {consequence}")
        elif (twice := ids.twice) is not None:
            problem = f"id {twice.number} is another box's of the same frame, too"
            print(f"warning: {twice.where}: {problem}: {consequence}")

    def check_size(self, film: str, longer_side: int) -> None:
        """Raise UserError where a box of a film's frame is far too large for its picture.

        Args:
          film: its path.
          longer_side: of its picture, px.
        """
        frames = {f"frame {number}": rows for number, rows in self._by_frame.items()}
        frames |= {name: rows for name, rows in self._by_name.items() if _is_frame_of(film, name)}
        for frame, rows in frames.items():
            for row in rows:
                if boxes.is_too_large(row.box, longer_side):
                    problem = f"the box {boxes.as_text(row.box)} of {frame} {boxes.TOO_LARGE}"
                    size = f"of {film}, whose longer side has {longer_side} px"
                    raise UserError(f"{row.where}: {problem} {size}: mend it or leave it out")

    def of_photo(self, name: str, size) -> Given:
        """Return the boxes of a photo of width and height `size` px, by its file's name.

        Raises:
          UserError: where the boxes are a film's, or a line of them is wrong.
        """
        self._check_no_film()
        if self._relative:
            return _given(_yolo(self._file_of(Path(name))), size)
        return _given(next((self._by_name[k] for k in _keys(Path(name)) if k in self._by_name), []))

    def of_frame(self, film: str, frame: int, size) -> Given:
        """Return the boxes of a film's frame, counted from 0."""
        stem = Path(film).stem
        if self._relative:
            given = _given(_yolo(self.path / f"{stem}_{frame + 1}.txt"), size)
        elif self._by_name:
            # As `hg3d convert --format=coco` and FFmpeg name a film's frames.
            given = _given(self._by_name.get(f"{stem}_{frame:06d}.jpg", []))
        else:
            given = _given(self._by_frame.get(frame + 1, []))
        ids = self._ids_of(film)
        tell = not ids.missing and ids.twice is None
        return given if tell else given._replace(numbers=0 * given.numbers)

    def _ids_of(self, film: str) -> "_Ids":
        """Return what the numbers of a film's boxes are worth."""
        if film not in self._ids:  # of a folder all files are read
            missing = total = 0
            twice = None
            for rows in self._frames_of(film):
                seen: set[int] = set()
                for row in rows:
                    total += 1
                    if row.number == NO_NUMBER:
                        missing += 1
                    elif row.number in seen:
                        twice = twice or row
                    seen.add(row.number)
            self._ids[film] = _Ids(missing, total, twice)
        return self._ids[film]

    def _frames_of(self, film: str) -> Iterator[list[Row]]:
        """Yield the boxes of each frame of a film."""
        names = sorted(name for name in self._names() if _is_frame_of(film, name))
        of_names = (_yolo(self.path / n) if self._relative else self._by_name[n] for n in names)
        return itertools.chain(self._by_frame.values(), of_names)

    def _check_no_film(self) -> None:
        if self._by_frame:
            raise UserError(f"{self.path}: MOT's boxes are a film's: give them with --video")

    def _has_photo(self, photo: Path) -> bool:
        if self._relative:
            return self._file_of(photo).is_file()
        return any(key in self._by_name for key in _keys(photo))

    def _file_of(self, photo: Path) -> Path:
        return self.path / f"{photo.stem}.txt"

    def _names(self) -> Iterator[str]:
        """Yield the names for which there are boxes: of photos, or of a folder's files."""
        if self._relative:
            return (path.name for path in self.path.glob("*.txt"))
        return iter(self._by_name)

    def _known(self) -> str:
        first = min(self._names(), default=None)
        return "it is empty" if first is None else f"it has those of {first}"


def _keys(photo: Path) -> tuple[str, ...]:
    """Return the names that COCO may give a photo."""
    return photo.name, photo.stem, _as_number(photo.stem)


def _is_frame_of(film: str, name: str) -> bool:
    """Tell whether a name is NAME_12, with any suffix, of the film NAME."""
    stem, _, number = Path(name).stem.rpartition("_")
    return stem == Path(film).stem and number.isdecimal()


def _as_number(stem: str) -> str:
    return str(int(stem)) if stem.isascii() and stem.isdecimal() else stem


def _given(rows: list[Row], size=(1, 1)) -> Given:
    values = np.array([row.box for row in rows], np.float32).reshape(-1, 4)
    scores = np.array([row.score for row in rows], np.float32)
    numbers = np.array([row.number for row in rows], int)
    return Given(values * np.tile(size, 2).astype(np.float32), scores, numbers)


def _mot(path: Path, text: str) -> dict[int, list[Row]]:
    rows: dict[int, list[Row]] = {}
    for where, values in _lines(path, text, ",", _MOT_COLUMNS):
        frame, number, x, y, width, height = values[:6]
        score = values[6] if len(values) > 6 and values[6] != _MOT_UNKNOWN else 1.0
        if frame < 1 or frame != int(frame):
            raise UserError(f"{where}: frame is {frame:g}; MOT counts them 1, 2, 3")
        row = given_coco.row((x, y, x + width, y + height), score, number, where)
        rows.setdefault(int(frame), []).append(row)
    if not rows:
        raise UserError(f"{path}: holds no boxes")
    return rows


def _yolo(path: Path) -> list[Row]:
    if not path.is_file():
        return []
    rows = []
    text = path.read_text(encoding="utf-8-sig", errors="replace")
    for where, values in _lines(path, text, None, _YOLO_COLUMNS):
        kind, x, y, width, height = values[:5]
        if kind != 0:
            continue
        score = values[5] if len(values) > 5 else 1.0
        number = values[6] if len(values) > 6 else NO_NUMBER
        box = (x - width / 2, y - height / 2, x + width / 2, y + height / 2)
        if max(map(abs, box)) > 2:
            raise UserError(f"{where}: the box is not in widths and heights of the picture")
        rows.append(given_coco.row(box, score, number, where))
    return rows


def _lines(path: Path, text: str, separator: str | None, columns: tuple[str, ...]):
    """Yield for each line its place, for messages, and its numbers: `columns`, or more."""
    wanted = (separator or " ").join(columns)
    for number, line in enumerate(text.splitlines(), 1):
        where = f"{path}, line {number}"
        if not line.strip():
            continue
        try:
            values = [float(part) for part in line.split(separator)]
        except ValueError:
            raise UserError(f"{where}: {line[:60]!r} is not numbers as {wanted}") from None
        if len(values) < len(columns):
            raise UserError(f"{where}: holds {len(values)} numbers, fewer than {wanted}")
        yield where, values
