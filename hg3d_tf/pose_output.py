"""What `predict` and `convert` share: the flags of files for other tools, and their writing."""

import contextlib
import io
import re
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from absl import flags

from hg3d_tf import cli, files
from hg3d_tf.pose_files import formats, json_poses, placement
from hg3d_tf.pose_files.sequence import PoseSequence

flags.disclaim_key_flags()  # the flags belong to the command that calls `define`

FLAGS = flags.FLAGS
_OF_CAMERA = ("focal_length_px", "field_of_view", "depth_smoothing")
_OF_PLACE = ("person_height", *_OF_CAMERA, "camera_pitch", "level", "ground")
# What only the poses tell whether it can be: flags that are left out together, the fewest first.
_WISHES = (("level",), ("ground",), _OF_CAMERA, ("person_height", *_OF_CAMERA), _OF_PLACE)
_OF_FILMS = ("angle_plot", "fill_gaps", "depth_smoothing")
# What is written with an eye to a flag.
_USES = {"unit": ("trc", "bvh"), "fill_gaps": ("mot", "angles", "angle_plot")}
# What costs a file, not the others.
_FAILURES = (cli.UserError, IsADirectoryError)


def define(default: str, beside: str = "") -> None:
    """Define the flags; `default` are the formats, `beside` what is written without them."""
    number = flags.DEFINE_float
    known = ", ".join(formats.FORMATS)
    cli.DEFINE_parsed(
        "format",
        default,
        formats.parse_formats,
        f"Files for other tools{beside}, comma-separated: {known}.",
    )
    flags.DEFINE_enum("unit", "m", ["m", "cm", "mm"], "Unit of trc and bvh.")
    number("fill_gaps", 0.0, "Longest gap in angles to fill, in seconds.", lower_bound=0)
    flags.DEFINE_bool("angle_plot", False, "Draw the angles over time: NAME_angles.png.")
    cli.DEFINE_parsed(
        "person_height",
        None,
        _heights,
        "How tall the person stands, m; several persons': in their order. Else size is that of an"
        " average skeleton.",
    )
    number("focal_length_px", None, "The camera's: with --person_height it tells the place.")
    number("field_of_view", None, "Of the image's whole width, degrees; or give --focal_length_px.")
    number(
        "depth_smoothing",
        0.25,
        "Seconds over which a film's depths are averaged; 0: none.",
        lower_bound=0,
    )
    number(
        "camera_pitch",
        None,
        "How far the camera looks down, degrees from -90 to 90: poses stand upright.",
    )
    flags.DEFINE_bool("level", False, "Find --camera_pitch from frames in which somebody stands.")
    flags.DEFINE_bool("ground", False, "Keep the lower foot of each pose on the floor.")


def _heights(text: str) -> tuple[float, ...]:
    if re.fullmatch(r"[0-2],\d+", text):
        raise ValueError(f"{text!r} is two heights: write {text.replace(',', '.')}, with a point")
    try:
        return tuple(float(part) for part in text.split(","))
    except ValueError:
        raise ValueError(f"{text!r} is not a height in metres such as 1.78") from None


def is_wanted() -> bool:
    """Tell whether a flag asks for more than poses as they are."""
    return bool(FLAGS.format or FLAGS.angle_plot or wanted_placement().changes)


def check(are_photos: bool = False) -> None:
    """Raise UserError, before the work starts, for what cannot be or is not installed."""
    seen = wanted_placement().sees
    formats.require_libraries(FLAGS.format)
    _require_uses(seen)
    if are_photos:
        _require_no_film()


def _require_no_film() -> None:
    """Raise UserError for a flag that photos, which have no times, give nothing for."""
    for name in FLAGS.format:
        if formats.FORMATS[name].film:
            others = ", ".join(n for n, form in formats.FORMATS.items() if not form.film)
            raise cli.UserError(f"--format={name} is for films; photos can be {others}")
    for name in _OF_FILMS:
        if _is_set(name):
            raise cli.UserError(f"--{name} is for films: photos have no times")


def _require_uses(seen: bool) -> None:
    """Raise UserError for a flag that changes nothing of what is written.

    `seen` tells whether the camera is known.
    """
    written = {*FLAGS.format, *(["angle_plot"] * FLAGS.angle_plot)}
    for name, uses in _USES.items():
        if _is_set(name) and not written.intersection(uses):
            raise cli.UserError(f"--{name} is for {', '.join(uses)}: none of them is asked for")
    if _is_set("depth_smoothing") and not seen:
        raise cli.UserError("--depth_smoothing is for --focal_length_px and --field_of_view")


def _is_set(name: str) -> bool:
    return FLAGS[name].value != FLAGS[name].default


def wanted_placement(
    image_size_px: tuple[int, int] | None = None, without: Sequence[str] = ()
) -> placement.Placement:
    """Return what the flags, but for some, say of persons and camera.

    Raises:
      UserError: for what cannot be.
    """

    def said(name):
        return FLAGS[name].default if name in without else FLAGS[name].value

    with cli.flag_errors():
        return placement.Placement(
            said("person_height") or (),
            said("focal_length_px"),
            said("field_of_view"),
            image_size_px,
            said("depth_smoothing"),
            said("camera_pitch"),
            said("level"),
            said("ground"),
        )


def place(poses: PoseSequence, image_size_px: tuple[int, int] | None = None) -> PoseSequence:
    """Return the poses as the flags want them placed."""
    return placement.place(poses, wanted_placement(image_size_px))


def write_beside(path: Path) -> int:
    """Place the poses of a file and write, beside it, what the flags ask for.

    Where a flag changes them that file becomes the changed ones. Of nobody's poses nothing is
    written, which is said: that nobody is there is no mistake. Returns the exit status.

    Raises:
      UserError: where they cannot be placed so, which only they tell; they stay, and it gives the
        command that writes what can be.
    """
    if not is_wanted():
        return 0
    if next(json_poses.records(path), None) is None:
        print(f"{path}: nobody was found: nothing is written beside it")
        return 0
    poses = formats.read(path)
    try:
        poses = place(poses)
    except cli.UserError as error:
        rest = _command_for_the_rest(path, poses)
        raise cli.UserError(f"{error}; the poses are kept as predicted{rest}") from error
    rewritten = () if "json" in FLAGS.format or not wanted_placement().changes else ("json",)
    return write(poses, path.parent, path.stem, forms=(*FLAGS.format, *rewritten))


def _command_for_the_rest(path: Path, poses: PoseSequence) -> str:
    """Return the words on `convert` with the flags that can be, "" where they ask for nothing."""
    left_out = next(wish for wish in _WISHES if _can_be_placed(poses, wish))
    changes = wanted_placement(without=left_out).changes
    forms = [form for form in FLAGS.format if form != "json"] + ["json"] * changes
    if not forms and not FLAGS.angle_plot:
        return ""
    others = ("unit", "fill_gaps", "angle_plot", *_OF_PLACE)
    given = [FLAGS[name] for name in others if FLAGS[name].present and name not in left_out]
    words = [f"--format={','.join(forms)}", *(flag.serialize() for flag in given)]
    words += [f"--name={path.stem}_placed"] * changes  # the poses as predicted stay
    missing = ", ".join(f"--{name}" for name in left_out if FLAGS[name].present)
    command = shlex.join(["python", "-m", "hg3d_tf.convert", str(path), *words])
    return f"; without {missing} all else is written by `{command}`"


def _can_be_placed(poses: PoseSequence, without: Sequence[str]) -> bool:
    try:
        with contextlib.redirect_stdout(io.StringIO()):
            placement.place(poses, wanted_placement(without=without))
    except cli.UserError:
        return False
    return True


def write(
    poses: PoseSequence,
    folder: Path,
    name: str,
    source: Path | None = None,
    forms: tuple[str, ...] | None = None,
) -> int:
    """Write each format of `--format`; return the exit status.

    What a format cannot hold, or a folder in the place of its file, is one line, and the others are
    written.

    Args:
      poses: to be written.
      folder, name: of the files NAME.SUFFIX.
      source: the file that the poses are from, if it must stay.
      forms: instead of `--format`.
    """
    options = formats.Options(FLAGS.unit, FLAGS.fill_gaps)
    failures, written = [], []
    for form in FLAGS.format if forms is None else forms:
        path = folder / (name + formats.FORMATS[form].suffix)
        try:
            if source is not None and path.exists() and path.samefile(source):
                fix = "another --format, such as csv, or --name or --output_dir"
                raise cli.UserError(f"{path} is read, and not written over: give {fix}")
            written += formats.write(path, poses, form, options)
        except _FAILURES as error:
            failures.append(_words(error))
    if FLAGS.angle_plot:
        try:
            written += _draw_angles(poses, folder / f"{name}_angles.png")
        except _FAILURES as error:
            failures.append(_words(error))
    if written:
        print(f"{cli.counted(len(poses.rows), 'pose')}: {', '.join(str(path) for path in written)}")
        print(f"{poses.space}")
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)
    return 1 if failures else 0


def _words(error: Exception) -> str:
    if isinstance(error, IsADirectoryError):
        return files.words_of(error)
    return str(error)


def _draw_angles(poses: PoseSequence, path: Path) -> list[Path]:
    from hg3d_tf.pictures import angle_plot
    from hg3d_tf.pose_files import angles, sequence

    sequence.require_film(poses, "--angle_plot")
    paths = []
    for person in poses.persons:
        several = len(poses.persons) > 1
        paths.append(path.with_stem(f"{path.stem}_{person}") if several else path)
        one = poses.of_person(person)
        values = np.concatenate([v for _, v in angles.of_film(one, FLAGS.fill_gaps)])
        with files.atomic_path(paths[-1]) as temporary:
            angle_plot.write(temporary, one.rows["seconds"], values, angles.COLUMNS)
    return paths
