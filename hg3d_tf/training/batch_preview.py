"""Pictures of what training sees: each sample of a batch with its targets."""

import io
from pathlib import Path

import tensorflow as tf
from matplotlib.figure import Figure

from hg3d_tf.data.ops import Sample
from hg3d_tf.network import joint_decoding, targets
from hg3d_tf.pictures import draw

_SAMPLES_A_ROW = 3
_MOST_SAMPLES = 24


def batch_figure(batch: Sample, heatmap_size: int, sigma: float = 1.0) -> Figure:
    """Draw the first samples of a training batch: labels, heat maps, depth labels in 3D."""
    heatmaps = targets.draw_heatmaps(
        batch["joints_2d_norm"], batch["visible"], heatmap_size, sigma
    ).numpy()
    joints_3d = joint_decoding.join_depth(batch["joints_2d_norm"], batch["depth"]).numpy()
    batch = {name: value.numpy() for name, value in batch.items()}
    count = min(len(batch["image"]), _MOST_SAMPLES)
    rows, columns = -(-count // _SAMPLES_A_ROW), 3 * _SAMPLES_A_ROW
    figure = Figure(figsize=(2.2 * columns, 2.5 * rows), layout="constrained")
    for i in range(count):
        # Means of ones, as of a blurred white wall, end a rounding above 1.
        image, cell = batch["image"][i].clip(0, 1), 3 * i + 1
        axes = figure.add_subplot(rows, columns, cell)
        joints_px = (batch["joints_2d_norm"][i] + 1) * (len(image) / 2)
        draw.draw_pose_2d(axes, image, joints_px, batch["visible"][i])
        axes.set_title(batch["key"][i].decode(), fontsize=6)
        axes = figure.add_subplot(rows, columns, cell + 1)
        axes.imshow(heatmaps[i].max(-1), vmin=0, vmax=1, cmap="magma")
        axes.axis("off")
        if batch["has_depth"][i]:
            axes = figure.add_subplot(rows, columns, cell + 2, projection="3d")
            draw.draw_pose_3d(axes, joints_3d[i])
    return figure


def write(
    batch: Sample, heatmap_size: int, sigma: float, summaries: Path, step: int, path: str = ""
) -> None:
    """Write the picture of a batch as an image summary for TensorBoard, and as PNG to `path`."""
    figure = batch_figure(batch, heatmap_size, sigma)
    if path:
        draw.save_figure(figure, path)
    picture = io.BytesIO()
    figure.savefig(picture, format="png", dpi=80)
    with tf.summary.create_file_writer(str(summaries)).as_default():
        image = tf.io.decode_png(picture.getvalue(), channels=3)
        tf.summary.image("first_batch", image[tf.newaxis], step)
