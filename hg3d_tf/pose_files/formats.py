"""Every format behind one pair of functions: `read` and `write`."""

import dataclasses
from collections.abc import Callable
from pathlib import Path

from hg3d_tf.cli import UserError
from hg3d_tf.pose_files import (
    angle_tables,
    bvh,
    c3d_file,
    coco,
    csv_table,
    glb,
    json_poses,
    libraries,
    reading,
    sequence,
    trc,
)
from hg3d_tf.pose_files.sequence import PoseSequence

read = reading.read


@dataclasses.dataclass(frozen=True)
class Options:
    """What formats may be told.

    Attributes:
      unit: of TRC and BVH: "m", "cm" or "mm".
      fill_gaps_s: of angles: how long a gap may be that is filled, in seconds.
    """

    unit: str = "m"
    fill_gaps_s: float = 0.0


@dataclasses.dataclass(frozen=True)
class Format:
    """A format of files of poses.

    Attributes:
      suffix: what its files' names end with.
      write: function from a path, poses and Options.
      film: it holds one person's film: several persons get a file each.
      library: what must be installed to write it.
    """

    suffix: str
    write: Callable[[Path, PoseSequence, Options], None]
    film: bool
    library: str | None = None


FORMATS = {
    "json": Format(".json", lambda path, poses, _: json_poses.write(path, poses), False),
    "csv": Format(".csv", lambda path, poses, _: csv_table.write(path, poses), False),
    "coco": Format("_coco.json", lambda path, poses, _: coco.write(path, poses), False),
    "trc": Format(".trc", lambda path, poses, it: trc.write(path, poses, it.unit), True),
    "c3d": Format(".c3d", lambda path, poses, _: c3d_file.write(path, poses), True, "ezc3d"),
    "bvh": Format(".bvh", lambda path, poses, it: bvh.write(path, poses, it.unit), True),
    "glb": Format(".glb", lambda path, poses, _: glb.write(path, poses), True, "pygltflib"),
    "mot": Format(
        ".mot", lambda path, poses, it: angle_tables.write_mot(path, poses, it.fill_gaps_s), True
    ),
    "angles": Format(
        "_angles.csv",
        lambda path, poses, it: angle_tables.write_csv(path, poses, it.fill_gaps_s),
        False,
    ),
}


def parse_formats(text: str) -> tuple[str, ...]:
    """Return the names of formats in bvh,csv. Raises ValueError for one that is unknown."""
    names = tuple(dict.fromkeys(part.strip() for part in text.split(",") if part.strip()))
    for name in names:
        if name not in FORMATS:
            raise ValueError(f"{name!r} is unknown: there are {', '.join(FORMATS)}")
    return names


def require_libraries(names: tuple[str, ...]) -> None:
    """Raise UserError where what a format needs is not installed."""
    for name in names:
        if FORMATS[name].library:
            libraries.load(FORMATS[name].library, name)


def check(poses: PoseSequence, form: str) -> None:
    """Raise UserError, one line, where a format cannot hold poses."""
    if not len(poses.rows):
        raise UserError(f"{poses.name}: no person is in it: there is nothing to write")
    if FORMATS[form].film:
        sequence.require_film(poses, form)
    elif form == "angles":
        sequence.require_3d(poses, form)


def write(
    path: str | Path, poses: PoseSequence, form: str | None = None, options: Options | None = None
) -> list[Path]:
    """Write poses; of a format that holds one person, several persons get NAME_1, NAME_2, ...

    Args:
      path: of the file, with the format's suffix.
      poses: from `read`, or made.
      form: a name in `FORMATS`; None: the one of the path's suffix.
      options: None: the formats' own.

    Returns:
      The files written; each is whole or absent.

    Raises:
      UserError: where the format cannot hold the poses, or a library of it is not installed.
    """
    path, options = Path(path), options or Options()
    form = form or _form_of(path)
    check(poses, form)
    if not FORMATS[form].film or len(poses.persons) == 1:
        FORMATS[form].write(path, poses, options)
        return [path]
    stem = path.name.removesuffix(FORMATS[form].suffix)
    paths = []
    for person in poses.persons:
        one = poses.of_person(person)
        if len(one.rows) < 2:
            print(f"warning: {poses.name}: person {person} is in one frame: no {form} file")
            continue
        paths.append(path.with_name(f"{stem}_{person}{FORMATS[form].suffix}"))
        FORMATS[form].write(paths[-1], one, options)
    return paths


def _form_of(path: Path) -> str:
    fitting = [name for name, form in FORMATS.items() if path.name.endswith(form.suffix)]
    if not fitting:
        raise UserError(f"{path}: no format has this suffix; there are {', '.join(FORMATS)}")
    return max(fitting, key=lambda name: len(FORMATS[name].suffix))
