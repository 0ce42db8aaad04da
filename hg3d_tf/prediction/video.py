"""Poses of people through a film or before a camera."""

import contextlib
import sys
from collections import Counter
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image, ImageDraw
from tqdm import tqdm

from hg3d_tf import __version__, files
from hg3d_tf.cli import UserError, counted
from hg3d_tf.pictures.skeleton_lines import draw_bones, draw_labels, film_label_px, film_thickness
from hg3d_tf.pose_files import json_poses
from hg3d_tf.prediction import film_page, overlapping, pose_json, results, shown_people, tracking
from hg3d_tf.prediction.film_reader import FilmReader, Frame
from hg3d_tf.prediction.film_sources import Source
from hg3d_tf.prediction.film_writer import FilmWriter
from hg3d_tf.prediction.people import Person
from hg3d_tf.prediction.person_finder import PersonFinder
from hg3d_tf.prediction.predictors import Predictor
from hg3d_tf.prediction.remembered import RememberedLooks
from hg3d_tf.prediction.tracking import Wanted


class Options(NamedTuple):
    """What to make of a film.

    Attributes:
      seconds: end after this long.
      smoothing: see `steady.steady`.
      settings: what a look depends on besides the film; JSON. The same film and settings go on
        where they were interrupted.
      again: ask the networks anew, also of what was done before.
      angles: write those of knees and elbows beside them.
    """

    seconds: float | None = None
    smoothing: float = 0.1
    settings: dict | None = None
    again: bool = False
    angles: bool = False


def predict(
    source: Source,
    predictor: Predictor,
    finder: PersonFinder | None,
    wanted: Wanted,
    output_dir: Path,
    options: Options,
) -> int:
    """Write NAME_pose.mp4 and NAME_poses.json.

    Ctrl-C ends the film, which is kept so far; the next time, what was done is not looked at again.
    Returns the exit status: 130 where a file's film was interrupted.

    Raises:
      UserError: if the source is no video.
    """
    name = Path(source.address).stem
    film, path = output_dir / f"{name}_pose.mp4", output_dir / poses_name(source)
    files.require_no_folder(film)
    with contextlib.ExitStack() as stack:
        reader = stack.enter_context(FilmReader(source, options.seconds))
        if wanted.check_given is not None:
            wanted.check_given(reader.longer_side)
        remembered = _remembered(source, predictor, finder, output_dir, options)
        look = stack.enter_context(remembered)
        poses = stack.enter_context(_Poses(source.address, path))
        whole, remarks = _write_film(film, reader, poses, look, wanted, options)
        if whole:
            look.forget()
    for line in remarks:
        print(f"warning: {line}")
    if not poses.count:
        why = "--boxes has none in them" if wanted.given else "give --box"
        print(f"warning: {source.address}: no person found in {poses.frames} frames: {why}")
    several = f" of {len(poses.persons)} people" if len(poses.persons) > 1 else ""
    print(f"{counted(poses.count, 'pose')}{several}: {film}, {path.name}")
    if whole or source.form:
        return 0
    after = f"{source.address} after {poses.seconds} s"
    same = "without --again the same command" if options.again else "the same command"
    print(f"interrupted: {after}; {same} goes on from there", file=sys.stderr)
    return 130


def write_page(source: Source, output_dir: Path, angles: bool = False) -> None:
    """Write NAME_3d.html of the film and the poses that `predict` wrote, as these are now.

    `angles`: they are written over the film. Of a film without poses there is none.
    """
    path = Path(source.address)
    film, poses = output_dir / f"{path.stem}_pose.mp4", output_dir / poses_name(source)
    if next(json_poses.records(poses), None) is not None:
        film_page.write(output_dir / f"{path.stem}_3d.html", path.name, film, poses, angles)


def _remembered(source: Source, predictor: Predictor, finder, folder: Path, options: Options):
    """Return the predictor and finder that go on where the same film was interrupted."""
    path = Path(source.address)
    kept = None if source.form else folder / f"{path.stem}_looks.part"
    film = {"film": str(path.absolute())} | results.stamp(path) | {"hg3d_tf": __version__}
    settings = film | (options.settings or {})
    return RememberedLooks(predictor, kept, settings, finder, options.again)


def _write_film(path, reader, poses, look, wanted, options: Options) -> tuple[bool, list[str]]:
    """Write the film and its poses; return whether its end was reached, and what is to be said."""
    with files.atomic_path(path) as made:
        with (
            FilmWriter(made, reader.time_base, reader.rate, poses.address) as writer,
            contextlib.closing(overlapping.read_ahead(reader)) as ahead,
        ):
            shown = tqdm(ahead, total=reader.expected_frames, unit="frame")
            frames = tracking.follow(shown, look, look.find, wanted, options.smoothing)
            frames = _named(frames, poses.address)
            whole = _until_interrupted(frames, writer, poses, options.angles)
        remarks = reader.remarks() if whole else []
        if not poses.frames and not whole:
            raise KeyboardInterrupt
        if not poses.frames:
            raise UserError(": ".join([*(remarks or [poses.address]), "no frame can be read"]))
    return whole, remarks


def _named(frames: Iterator, address: str) -> Iterator:
    """Yield frames with their people; an error that names a frame gets the film's name, too."""
    try:
        yield from frames
    except UserError as error:
        raise UserError(f"{address}: {error}") from error


def poses_name(source: Source) -> str:
    """Return the name of the file of a film's poses."""
    return f"{Path(source.address).stem}_poses.json"


def _until_interrupted(frames, writer: FilmWriter, poses: "_Poses", angles: bool) -> bool:
    """Write frames and poses; return whether that came to the film's end, without Ctrl-C."""

    def add(frame: Frame, everybody: list[Person]) -> None:
        # The frame is nobody's any more, and a copy would cost as much as the finder.
        pixels = frame.pixels if frame.pixels.flags.writeable else frame.pixels.copy()
        writer.add(overlay(pixels, everybody, angles), frame.ticks)

    whole = True
    with overlapping.Behind() as behind:
        try:
            for frame, everybody in frames:
                behind.do(add, frame, everybody)
                poses.add(frame, everybody)
        except KeyboardInterrupt:
            whole = False
    return whole


class _Poses:
    """The poses of the frames, written as they come; the file is whole at the end of the block."""

    def __init__(self, address: str, path: Path):
        self.address, self._path = address, path
        self._stack = contextlib.ExitStack()
        self.count, self.frames, self.seconds = 0, 0, 0.0
        self.persons: Counter = Counter()  # number -> in how many frames

    def __enter__(self):
        self._add = self._stack.enter_context(files.json_list(self._path, indent=2))
        return self

    def __exit__(self, *error):
        return self._stack.__exit__(*error)

    def add(self, frame: Frame, everybody: Sequence[Person]) -> None:
        """Write the people of the next frame."""
        size = frame.pixels.shape[1::-1]
        self.seconds = round(frame.seconds, 6)
        for person in everybody:
            of = (person.pose, person.box, size, person.number, person.score)
            record = {"seconds": self.seconds, "frame": self.frames}
            record |= pose_json.as_json(self.address, *of)
            self._add(record)
            self.count += 1
            self.persons[person.number] += 1
        self.frames += 1


def overlay(pixels: np.ndarray, everybody: Sequence[Person], angles: bool = False) -> np.ndarray:
    """Draw the skeletons over an image [H, W, 3], dotted where they are unclear; return it.

    Of several people the number stands beside the head. `angles` of clear knees and elbows are
    written beside them.
    """
    for person in everybody:
        unclear = person.unclear
        number = person.number if len(everybody) > 1 else None
        texts = shown_people.texts(person.pose, unclear, number, angles)
        _draw_over(pixels, person.pose["joints_2d"], unclear, texts)
    return pixels


def _draw_over(drawn: np.ndarray, joints: np.ndarray, unclear: np.ndarray, texts: dict) -> None:
    """Draw a skeleton, joints [16, 2] px, and texts over an image."""
    size = drawn.shape[1::-1]
    thickness = film_thickness(size)
    # Only what the skeleton covers goes to Pillow and back: that costs more than to draw.
    room = 12 * thickness if texts else thickness
    left, top = np.clip(np.floor(joints.min(0) - room), 0, size).astype(int)
    right, bottom = np.clip(np.ceil(joints.max(0) + room), 0, size).astype(int)
    if right > left and bottom > top:
        part = Image.fromarray(np.ascontiguousarray(drawn[top:bottom, left:right]))
        pen = ImageDraw.Draw(part)
        draw_bones(pen, joints - (left, top), thickness, unclear)
        draw_labels(pen, joints - (left, top), texts, film_label_px(size))
        drawn[top:bottom, left:right] = np.asarray(part)
