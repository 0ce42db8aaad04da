"""Poses of one person through a film or before a camera."""

import sys
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw
from tqdm import tqdm

from hg3d_tf import files
from hg3d_tf.cli import UserError
from hg3d_tf.pictures.skeleton_lines import draw_bones
from hg3d_tf.prediction import people, pose_json, results, tracking
from hg3d_tf.prediction.film_reader import FilmReader
from hg3d_tf.prediction.film_sources import Source
from hg3d_tf.prediction.film_writer import FilmWriter
from hg3d_tf.prediction.predictors import Predictor
from hg3d_tf.prediction.remembered import RememberedLooks


class Options(NamedTuple):
    """What to make of a film.

    Attributes:
      seconds: end after this long.
      smoothing: see `tracking.follow`.
      html: write a 3D view for the browser.
      settings: what a look depends on besides the film; JSON. The same film and settings go on
        where they were interrupted.
      again: forget what was done before.
    """

    seconds: float | None = None
    smoothing: float = 1.0
    html: bool = False
    settings: dict | None = None
    again: bool = False


def predict(source: Source, predictor: Predictor, box, output_dir: Path, options: Options) -> int:
    """Write NAME_pose.mp4 and NAME_poses.json, and NAME_3d.html if asked for.

    In every frame the person is looked for where it was in the frame before. Ctrl-C ends the film,
    which is kept so far; the next time, what was done is not looked at again. Returns the exit
    status: 130 where a file's film was interrupted.

    Raises:
      UserError: if the source is no video.
    """
    name = Path(source.address).stem
    film = output_dir / f"{name}_pose.mp4"
    poses = _Poses(source.address)
    with (
        FilmReader(source, options.seconds) as reader,
        _remembered(source, predictor, output_dir, options) as look,
        files.atomic_path(film) as path,
    ):
        with FilmWriter(path, reader.time_base, reader.rate, source.address) as writer:
            frames = tracking.follow(_shown(reader), look, box, options.smoothing)
            whole = _until_interrupted(frames, writer, poses)
        if whole:
            look.forget()
        remarks = reader.remarks() if whole else []
        if not poses.records and not whole:
            raise KeyboardInterrupt
        if not poses.records:
            raise UserError(": ".join([*(remarks or [source.address]), "no frame can be read"]))
    for line in remarks:
        print(f"warning: {line}")
    poses.write(output_dir, name, options.html)
    print(f"{len(poses.records)} poses: {film}, {name}_poses.json")
    if whole or source.form:
        return 0
    after = f"{source.address} after {poses.records[-1]['seconds']} s"
    print(f"interrupted: {after}; the same command goes on from there", file=sys.stderr)
    return 130


def _remembered(source: Source, predictor: Predictor, folder: Path, options: Options):
    """Return the predictor that goes on where the same film was interrupted."""
    path = Path(source.address)
    kept = None if source.form else folder / f"{path.stem}_looks.part"
    if kept and options.again:
        kept.unlink(missing_ok=True)
    film = {"film": str(path.absolute())} | results.stamp(path)
    return RememberedLooks(predictor, kept, film | (options.settings or {}))


def _shown(reader: FilmReader):
    return tqdm(reader, total=reader.expected_frames, unit="frame")


def _until_interrupted(frames, writer: FilmWriter, poses: "_Poses") -> bool:
    """Write frames and poses; return whether that came to the film's end, without Ctrl-C."""
    try:
        for frame, person in frames:
            writer.add(overlay(frame.pixels, person), frame.ticks)
            poses.add(frame.seconds, person)
    except KeyboardInterrupt:
        return False
    return True


class _Poses:
    """What is written about the frames in the end."""

    def __init__(self, address: str):
        self._address = address
        self.records: list[dict] = []
        self.joints_3d: list[np.ndarray] = []

    def add(self, seconds: float, person: people.Person) -> None:
        record = pose_json.as_json(self._address, person.pose, person.box)
        self.records.append({"seconds": round(seconds, 4)} | record)
        self.joints_3d.append(person.pose["joints_3d"])

    def write(self, folder: Path, name: str, html: bool) -> None:
        files.write_json(folder / f"{name}_poses.json", self.records)
        if html:
            from hg3d_tf.pictures import view_3d

            view_3d.write(folder / f"{name}_3d.html", self.joints_3d, moving=True)


def overlay(pixels: np.ndarray, person: people.Person) -> np.ndarray:
    """Return the image [H, W, 3] with the skeleton over it, dotted where it is unclear."""
    size = pixels.shape[1::-1]
    thickness = max(2.0, min(size) / 120)
    joints = person.pose["joints_2d"]
    # Only what the skeleton covers goes to Pillow and back: that costs more than to draw.
    left, top = np.clip(np.floor(joints.min(0) - thickness), 0, size).astype(int)
    right, bottom = np.clip(np.ceil(joints.max(0) + thickness), 0, size).astype(int)
    drawn = pixels.copy()
    if right > left and bottom > top:
        part = Image.fromarray(np.ascontiguousarray(pixels[top:bottom, left:right]))
        draw_bones(ImageDraw.Draw(part), joints - (left, top), thickness, person.unclear)
        drawn[top:bottom, left:right] = np.asarray(part)
    return drawn
