"""The pictures that are made of photos: one each, 3D pages, sheets of all."""

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from hg3d_tf.pictures import pose_pages, pose_sheet, view_3d
from hg3d_tf.pictures.pose_sheet import ShownPose
from hg3d_tf.prediction import bends, people, pose_json
from hg3d_tf.prediction.photos import Photo


class Drawing:
    """Draws photos' poses into a folder.

    Args:
      folder: for NAME_pose.png and NAME_pose.html.
      pictures, html: whether to make these.
      sheet: PNG of all poses, or None; see `pose_pages`.
      angles: write those of knees and elbows beside them.
    """

    def __init__(
        self, folder: Path, pictures: bool, html: bool, sheet: Path | None, angles: bool = False
    ):
        self._folder, self._pictures, self._html = folder, pictures, html
        self._angles = angles
        self._pages = None if sheet is None else pose_pages.Pages(sheet)

    def lacks(self, stem: str, line: dict) -> bool:
        """Tell whether anything is to be drawn for an image, done before, by its result's line."""
        there = {name for name in line["drawn"] if (self._folder / name).exists()}
        wanted = set(self._names(stem)) if line["poses"] else set()
        anew = self._pages is not None or (self._pictures and self._angles)
        return not wanted <= there or (anew and bool(line["poses"]))

    def draw(self, photo: Photo, poses: Sequence[dict], stem: str) -> list[str]:
        """Draw an image's poses, as `pose_json` writes them; return the names of the files."""
        if not poses:
            return []
        shown = list(_shown(photo, poses, self._angles))
        if self._pictures:
            pose_sheet.write(self._folder / f"{stem}.png", shown)
        if self._html:
            page = self._folder / f"{stem}.html"
            view_3d.write(page, Path(photo.name).name, [_shot(photo, shown)])
        if self._pages is not None:
            for pose in shown:
                self._pages.add(pose)
        return self._names(stem)

    def close(self) -> None:
        """Write what is still to come of the sheet."""
        if self._pages is not None:
            self._pages.close()

    def _names(self, stem: str) -> list[str]:
        kinds = ((self._pictures, ".png"), (self._html, ".html"))
        return [stem + suffix for wanted, suffix in kinds if wanted]


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


def names(paths: Sequence[Path]) -> list[str]:
    """Return the stem of each image's pictures; images of the same name get a number."""
    taken: set[str] = set()
    stems = []
    for path in paths:
        stem, number = f"{path.stem}_pose", 1
        while stem in taken:
            number += 1
            stem = f"{path.stem}_{number}_pose"
        taken.add(stem)
        stems.append(stem)
    return stems


def too_unclear(pose: dict) -> bool:
    """Tell whether most joints of a pose, as `pose_json` writes it, were hardly seen."""
    confidence = np.array(list(pose["confidence"].values()))
    return bool(people.are_unclear(confidence).mean() > 0.5)
