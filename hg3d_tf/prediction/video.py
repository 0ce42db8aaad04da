"""Poses of one person through a film or before a camera."""

import contextlib
import json
import sys
import textwrap
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw
from tqdm import tqdm

from hg3d_tf import files
from hg3d_tf.cli import UserError
from hg3d_tf.pictures.skeleton_lines import draw_bones, draw_labels
from hg3d_tf.prediction import bends, film_page, people, pose_json, results, tracking
from hg3d_tf.prediction.film_reader import FilmReader, Frame
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
      angles: write those of knees and elbows beside them.
    """

    seconds: float | None = None
    smoothing: float = 1.0
    html: bool = False
    settings: dict | None = None
    again: bool = False
    angles: bool = False


def predict(source: Source, predictor: Predictor, box, output_dir: Path, options: Options) -> int:
    """Write NAME_pose.mp4 and NAME_poses.json, and NAME_3d.html if asked for.

    In every frame the person is looked for where it was in the frame before. Ctrl-C ends the film,
    which is kept so far; the next time, what was done is not looked at again. Returns the exit
    status: 130 where a file's film was interrupted.

    Raises:
      UserError: if the source is no video.
    """
    name = Path(source.address).stem
    film, path = output_dir / f"{name}_pose.mp4", output_dir / poses_name(source)
    with (
        FilmReader(source, options.seconds) as reader,
        _remembered(source, predictor, output_dir, options) as look,
        _Poses(source.address, path) as poses,
    ):
        whole, remarks = _write_film(film, reader, poses, look, box, options)
        if whole:
            look.forget()
    for line in remarks:
        print(f"warning: {line}")
    if options.html:
        film_page.write(output_dir / f"{name}_3d.html", Path(source.address).name, film, path)
    print(f"{poses.count} poses: {film}, {path.name}")
    if whole or source.form:
        return 0
    after = f"{source.address} after {poses.seconds} s"
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


def _write_film(path, reader, poses, predictor, box, options: Options) -> tuple[bool, list[str]]:
    """Write the film and its poses; return whether its end was reached, and what is to be said."""
    with files.atomic_path(path) as made:
        with FilmWriter(made, reader.time_base, reader.rate, poses.address) as writer:
            frames = tracking.follow(_shown(reader), predictor, box, options.smoothing)
            whole = _until_interrupted(frames, writer, poses, options.angles)
        remarks = reader.remarks() if whole else []
        if not poses.count and not whole:
            raise KeyboardInterrupt
        if not poses.count:
            raise UserError(": ".join([*(remarks or [poses.address]), "no frame can be read"]))
    return whole, remarks


def poses_name(source: Source) -> str:
    """Return the name of the file of a film's poses."""
    return f"{Path(source.address).stem}_poses.json"


def _shown(reader: FilmReader):
    return tqdm(reader, total=reader.expected_frames, unit="frame")


def _until_interrupted(frames, writer: FilmWriter, poses: "_Poses", angles: bool) -> bool:
    """Write frames and poses; return whether that came to the film's end, without Ctrl-C."""
    try:
        for frame, person in frames:
            writer.add(overlay(frame.pixels, person, angles), frame.ticks)
            poses.add(frame, person)
    except KeyboardInterrupt:
        return False
    return True


class _Poses:
    """The poses of the frames, written as they come; the file is whole at the end of the block."""

    def __init__(self, address: str, path: Path):
        self.address, self._path = address, path
        self._stack = contextlib.ExitStack()
        self.count, self.seconds = 0, 0.0

    def __enter__(self):
        self._file = self._stack.enter_context(files.atomic_text(self._path))
        return self

    def __exit__(self, *error):
        if error[0] is None:
            self._file.write("\n]\n" if self.count else "[]\n")
        return self._stack.__exit__(*error)

    def add(self, frame: Frame, person: people.Person) -> None:
        size = frame.pixels.shape[1::-1]
        record = pose_json.as_json(self.address, person.pose, person.box, size)
        self.seconds = round(frame.seconds, 6)
        record = {"seconds": self.seconds, "frame": self.count} | record
        text = textwrap.indent(json.dumps(record, indent=2), "  ")
        self._file.write((",\n" if self.count else "[\n") + text)
        self.count += 1


def overlay(pixels: np.ndarray, person: people.Person, angles: bool = False) -> np.ndarray:
    """Return the image [H, W, 3] with the skeleton over it, dotted where it is unclear.

    `angles` of clear knees and elbows are written beside them.
    """
    size = pixels.shape[1::-1]
    thickness = max(2.0, min(size) / 120)
    joints = person.pose["joints_2d"]
    # Only what the skeleton covers goes to Pillow and back: that costs more than to draw.
    room = 12 * thickness if angles else thickness
    left, top = np.clip(np.floor(joints.min(0) - room), 0, size).astype(int)
    right, bottom = np.clip(np.ceil(joints.max(0) + room), 0, size).astype(int)
    drawn = pixels.copy()
    if right > left and bottom > top:
        part = Image.fromarray(np.ascontiguousarray(pixels[top:bottom, left:right]))
        pen = ImageDraw.Draw(part)
        draw_bones(pen, joints - (left, top), thickness, person.unclear)
        if angles:
            texts = bends.labels(person.pose["joints_3d"], person.unclear)
            draw_labels(pen, joints - (left, top), texts, 3 * thickness)
        drawn[top:bottom, left:right] = np.asarray(part)
    return drawn
