"""Sheets of any number of poses, page by page, with few of them in memory at a time."""

from pathlib import Path

from hg3d_tf import files
from hg3d_tf.pictures import pose_sheet
from hg3d_tf.pictures.pose_sheet import ShownPose

ROWS_OF_PAGE = 50


class Pages:
    """Writes NAME.png, then NAME_2.png and so on, each with at most `ROWS_OF_PAGE` poses.

    It keeps what it is given until a page is full: give `pose_sheet.shown_part` of poses.

    Attributes:
      failures: a line for each page in whose place a folder stands; the others are written.
    """

    def __init__(self, path: Path):
        self._path, self._count, self._poses = Path(path), 0, []
        self.failures: list[str] = []

    def add(self, pose: ShownPose) -> None:
        self._poses.append(pose)
        if len(self._poses) == ROWS_OF_PAGE:
            self.close()

    def close(self) -> None:
        """Write what is there as a last page."""
        if self._poses:
            self._count += 1
            suffix = f"_{self._count}" if self._count > 1 else ""
            poses, self._poses = self._poses, []
            try:
                pose_sheet.write(self._path.with_stem(self._path.stem + suffix), poses)
            except IsADirectoryError as error:
                self.failures.append(files.words_of(error))
