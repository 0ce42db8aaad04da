"""The pictures that are made of photos: one each, 3D pages, sheets of all."""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np

from hg3d_tf.pictures import pose_sheet, view_3d
from hg3d_tf.pictures.pose_sheet import ShownPose
from hg3d_tf.prediction import bends, people, pose_json
from hg3d_tf.prediction.photos import Photo


class Drawn(NamedTuple):
    """What was drawn of an image.

    Attributes:
      files: the names of the files, and how each was drawn: JSON that says all that it depends on
        besides the poses.
      parts: the poses for a sheet, each with its part of the image.
    """

    files: Mapping[str, dict]
    parts: Sequence[ShownPose] = ()


class Drawing:
    """Draws photos' poses into a folder.

    Args:
      folder: for NAME_pose.png and NAME_pose.html.
      pictures, html: whether to make these.
      sheet: whether the poses are wanted for one; see `pose_pages`.
      angles: write those of knees and elbows beside them.
      placed: leave the pages to `photo_pages`, which writes them of poses that are placed.
    """

    def __init__(
        self,
        folder: Path,
        pictures: bool,
        html: bool = False,
        sheet: bool = False,
        angles: bool = False,
        placed: bool = False,
    ):
        self._folder, self._pictures = folder, pictures
        self._html, self._placed = html and not placed, html and placed
        self._sheet, self._angles = sheet, angles

    def lacks(self, stem: str, line: dict) -> bool:
        """Tell whether anything is to be drawn for an image, done before, by its result's line."""
        if not line["poses"]:
            return False
        # The line must not go on saying that the page is of its poses.
        if self._sheet or (self._placed and f"{stem}.html" in line["drawn"]):
            return True
        return any(
            line["drawn"].get(name) != how or not (self._folder / name).exists()
            for name, how in self._files(stem).items()
        )

    def draw(self, photo: Photo, poses: Sequence[dict], stem: str) -> Drawn:
        """Draw an image's poses, as `pose_json` writes them."""
        if not poses:
            return Drawn({})
        shown = list(_shown(photo, poses, self._angles))
        if self._pictures:
            pose_sheet.write(self._folder / f"{stem}.png", shown)
        if self._html:
            page = self._folder / f"{stem}.html"
            view_3d.write(page, Path(photo.name).name, [_shot(photo, shown)])
        named = (pose._replace(name=photo.name) for pose in shown)
        parts = [pose_sheet.shown_part(pose) for pose in named] if self._sheet else []
        return Drawn(self._files(stem), parts)

    def _files(self, stem: str) -> dict[str, dict]:
        """Return what is drawn of an image, and how; see `Drawn`."""
        kinds = [(self._pictures, ".png", {"angles": self._angles}), (self._html, ".html", {})]
        return {stem + suffix: how for wanted, suffix, how in kinds if wanted}


def _shown(photo: Photo, poses: Iterable[dict], angles: bool) -> Iterator[ShownPose]:
    for record in poses:
        pose = pose_json.from_json(record)
        unclear = people.are_unclear(pose["confidence"])
        texts = bends.labels(pose["joints_3d"], unclear) if angles else None
        joints_2d = pose["joints_2d"] * photo.scale
        yield ShownPose(photo.pixels, joints_2d, pose["joints_3d"], unclear, labels=texts)


def _shot(photo: Photo, shown: Iterable[ShownPose]) -> view_3d.Shot:
    people_shown = [view_3d.ShownPerson(p.joints_2d, p.joints_3d, p.unclear) for p in shown]
    return view_3d.Shot(people_shown, photo.pixels)


def names(paths: Iterable[Path]) -> Iterator[str]:
    """Yield the stem of each image's pictures; images of the same name get a number."""
    taken: set[str] = set()
    last: dict[str, int] = {}  # name -> the number given last
    for path in paths:
        number = last.get(path.stem, 0) + 1
        while (stem := _stem(path, number)) in taken:
            number += 1
        last[path.stem] = number
        taken.add(stem)
        yield stem


def _stem(path: Path, number: int) -> str:
    return f"{path.stem}_{number}_pose" if number > 1 else f"{path.stem}_pose"


def too_unclear(pose: dict) -> bool:
    """Tell whether most joints of a pose, as `pose_json` writes it, were hardly seen."""
    confidence = np.array(list(pose["confidence"].values()))
    return bool(people.are_unclear(confidence).mean() > 0.5)
