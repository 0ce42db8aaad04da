"""What is in a prepared dataset: counts, statistics of the labels, pictures of examples."""

import collections
import io
import json
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import tensorflow_datasets as tfds
from matplotlib.figure import Figure
from PIL import Image

from hg3d_tf.data.schema import SKIPPED_FILE, TRUTH_3D
from hg3d_tf.pictures import draw
from hg3d_tf.skeleton import JOINT_NAMES, PELVIS

# Of the contact sheet: images, and 3D views where there are any.
_COLUMNS = 6
# What the table shows, and how.
TABLE = {
    "examples": "{:d}",
    "with_depth": "{:d}",
    "with_intrinsics": "{:d}",
    "skipped": "{:d}",
    "visible_joints_mean": "{:.2f}",
    "occluded_share": "{:.3f}",
    "outside_share": "{:.3f}",
    "nonfinite_examples": "{:d}",
    "crop_side_px_median": "{:.1f}",
    "pelvis_depth_mm_median": "{:.0f}",
    "image_bytes_mean": "{:.0f}",
}


def split_statistics(builder: tfds.core.DatasetBuilder, split: str) -> dict:
    """Return the statistics of a split's labels; it is read once, image by image.

    Shares are of the visible joints; `outside` means outside of the stored image; medians and means
    that nothing was found for are None.
    """
    rows = collections.defaultdict(list)
    visible_counts = np.zeros(len(JOINT_NAMES), int)
    for example in _examples(builder, split):
        visible_counts += example["visible"]
        for name, value in _measures(example).items():
            rows[name].append(value)
    columns = {name: np.array(values) for name, values in rows.items()}
    visible = max(columns["visible"].sum(), 1)
    depths = columns["pelvis_depth"][columns["depth"]]
    return {
        "examples": len(columns["visible"]),
        "with_depth": int(columns["depth"].sum()),
        "with_intrinsics": int(columns["intrinsics"].sum()),
        "nonfinite_examples": int((~columns["finite"]).sum()),
        "visible_joints_mean": float(columns["visible"].mean()),
        "visible_share_by_joint": {
            name: float(count / len(columns["visible"]))
            for name, count in zip(JOINT_NAMES, visible_counts, strict=True)
        },
        "occluded_share": float(columns["occluded"].sum() / visible),
        "outside_share": float(columns["outside"].sum() / visible),
        "crop_side_px_median": float(np.median(columns["side"])),
        "pelvis_depth_mm_median": float(np.median(depths)) if len(depths) else None,
        "image_bytes_mean": float(columns["bytes"].mean()),
    }


def _examples(builder, split):
    whole = tfds.ReadConfig(try_autocache=False)
    decoders = {"image": tfds.decode.SkipDecoding()}
    return tfds.as_numpy(builder.as_dataset(split=split, decoders=decoders, read_config=whole))


def _measures(example):
    visible, joints_2d = example["visible"], example["joints_2d"]
    size = Image.open(io.BytesIO(example["image"])).size
    outside = ((joints_2d < 0) | (joints_2d > size)).any(-1)
    joints_3d = example.get(TRUTH_3D, example["joints_3d"])
    return {
        "visible": visible.sum(),
        "occluded": (example["occluded"] & visible).sum(),
        "outside": (outside & visible).sum(),
        "depth": bool(example["has_depth"]),
        "pelvis_depth": joints_3d[PELVIS, 2],
        "intrinsics": bool(example["intrinsics"].any()),
        "finite": bool(np.isfinite(joints_2d).all() and np.isfinite(joints_3d).all()),
        "side": example["crop_side"],
        "bytes": len(example["image"]),
    }


def skipped_examples(builder: tfds.core.DatasetBuilder) -> dict[str, dict[str, list[str]]]:
    """Return split -> reason -> names of what the build left out; empty if it left no report."""
    path = Path(builder.data_path) / SKIPPED_FILE
    return json.loads(path.read_text()) if path.exists() else {}


def statistics_table(statistics: dict[str, dict]) -> list[list[str]]:
    """Return header and rows of statistics: a row for each split."""
    header = ["", *(name.replace("_", " ") for name in TABLE)]
    rows = [
        [split, *(_cell(form, values[name]) for name, form in TABLE.items())]
        for split, values in statistics.items()
    ]
    return [header, *rows]


def _cell(form, value):
    return "-" if value is None else form.format(value)


def write_contact_sheet(examples: Iterable[dict], path: str | Path) -> None:
    """Write a picture of examples: 2D labels over the image, 3D labels beside it where there are.

    Rings are joints that are labelled as hidden.
    """
    examples = list(examples)
    poses_3d = [example.get(TRUTH_3D, example["joints_3d"]) for example in examples]
    cells = 2 if any(pose.any() for pose in poses_3d) else 1
    rows = -(-len(examples) * cells // _COLUMNS)
    figure = Figure(figsize=(2.5 * _COLUMNS, 2.8 * rows), layout="constrained")
    for i, (example, joints_3d) in enumerate(zip(examples, poses_3d, strict=True)):
        axes = figure.add_subplot(rows, _COLUMNS, cells * i + 1)
        labels = (example["joints_2d"], example["visible"], example["occluded"])
        draw.draw_pose_2d(axes, example["image"], *labels)
        axes.set_title(example["key"].decode(), fontsize=7)
        if joints_3d.any():
            axes = figure.add_subplot(rows, _COLUMNS, cells * i + 2, projection="3d")
            draw.draw_pose_3d(axes, joints_3d)
    draw.save_figure(figure, path)


def main_split(builder: tfds.core.DatasetBuilder) -> str:
    """Return "train" if it has examples, else the first split that has some."""
    there = [name for name, split in builder.info.splits.items() if split.num_examples]
    return "train" if "train" in there else there[0]


def sample(builder: tfds.core.DatasetBuilder, split: str, count: int) -> list[dict]:
    """Return `count` examples of a split: builds store them in random order."""
    whole = tfds.ReadConfig(try_autocache=False)
    return list(tfds.as_numpy(builder.as_dataset(split=split, read_config=whole).take(count)))
