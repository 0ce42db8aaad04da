"""A contact sheet: examples with their joints drawn over the image, and in 3D from the side."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image, ImageDraw

from hg3d_tf import files
from hg3d_tf.data.schema import TRUTH_3D
from hg3d_tf.skeleton import BONES, JOINT_NAMES, PELVIS

_COLUMNS = 8
_CELL = 220
_SIDE_VIEW_MM = 2400.0  # height of the side view
_COLORS = {"r_": "#ff3030", "l_": "#3878ff", "": "#30e030"}


def _color(*joints: int) -> str:
    sides = {JOINT_NAMES[joint][:2] for joint in joints} & {"l_", "r_"}
    return _COLORS[min(sides, default="")]


def _draw_skeleton(
    image: Image.Image, points: np.ndarray, hollow: np.ndarray, shown: np.ndarray
) -> None:
    draw = ImageDraw.Draw(image)
    for bone in BONES:
        if shown[list(bone)].all():
            draw.line([tuple(points[joint]) for joint in bone], fill=_color(*bone), width=2)
    for joint in np.flatnonzero(shown):
        x, y = points[joint]
        inside = None if hollow[joint] else _color(joint)
        draw.ellipse((x - 3, y - 3, x + 3, y + 3), fill=inside, outline="white")


def _side_view(joints: np.ndarray) -> Image.Image:
    """Draw joints [16, 3] (mm, camera frame) as seen from the camera's right: depth runs left."""
    view = Image.new("RGB", (_CELL, _CELL), "#202020")
    if joints.any():
        flat = (joints - joints[PELVIS])[:, [2, 1]] * [-1, 1]
        points = flat * _CELL / _SIDE_VIEW_MM + _CELL / 2
        every = np.ones(len(points), bool)
        _draw_skeleton(view, points, ~every, every)
    return view


def draw_example(example: dict) -> Image.Image:
    """Return the image with its 2D joints (hidden ones hollow), and the side view to its right."""
    picture = Image.fromarray(example["image"])
    scale = _CELL / max(picture.size)
    picture = picture.resize([round(side * scale) for side in picture.size], Image.BICUBIC)
    shown = example["visible"] | example["occluded"]
    _draw_skeleton(picture, example["joints_2d"] * scale, example["occluded"], shown)
    cell = Image.new("RGB", (2 * _CELL, _CELL))
    cell.paste(picture, (0, 0))
    cell.paste(_side_view(example.get(TRUTH_3D, example["joints_3d"])), (_CELL, 0))
    return cell


def write_contact_sheet(
    builders: Sequence[tfds.core.DatasetBuilder], path: Path, count: int = 32
) -> None:
    """Write a PNG of the first `count` examples of each prepared dataset, in new rows.

    They are of its training split, or of the first there is.
    """
    rows = [row for builder in builders for row in _rows(builder, count)]
    sheet = Image.new("RGB", (max(map(len, rows)) * 2 * _CELL, len(rows) * _CELL))
    for y, row in enumerate(rows):
        for x, cell in enumerate(row):
            sheet.paste(cell, (x * 2 * _CELL, y * _CELL))
    with files.atomic_path(path) as temporary:
        sheet.save(temporary, "PNG")


def _rows(builder: tfds.core.DatasetBuilder, count: int) -> list[list[Image.Image]]:
    there = [name for name, split in builder.info.splits.items() if split.num_examples]
    split = "train" if "train" in there else there[0]
    examples = builder.as_dataset(split=split, read_config=_READ_ONCE).take(count)
    cells = [draw_example(example) for example in tfds.as_numpy(examples)]
    return [cells[first : first + _COLUMNS] for first in range(0, len(cells), _COLUMNS)]


# Without TFDS's cache, which warns about data that are not read to the end.
_READ_ONCE = tfds.ReadConfig(try_autocache=False)
