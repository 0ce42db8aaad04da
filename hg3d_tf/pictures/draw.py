"""Poses and figures with matplotlib, for what is plotted beside other things."""

import io
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from hg3d_tf import files
from hg3d_tf.pictures.colours import bone_colour
from hg3d_tf.skeleton import BONES


def draw_pose_2d(axes, image: np.ndarray, joints_2d: np.ndarray, visible=None, hollow=None) -> None:
    """Draw joints [16, 2] px over `image` [H, W, 3].

    Args:
      axes: matplotlib axes.
      image: uint8, or float in [0, 1].
      joints_2d: px, (0, 0) being the image's top left corner.
      visible: [16] bool, joints to draw; all by default.
      hollow: [16] bool, joints drawn as rings, their bones dotted (the occluded or unclear ones).
    """
    visible = np.ones(len(joints_2d), bool) if visible is None else visible
    hollow = np.zeros(len(joints_2d), bool) if hollow is None else hollow
    height, width = image.shape[:2]
    axes.imshow(image, extent=(0, width, height, 0))
    for bone in BONES:
        if visible[list(bone)].all():
            axes.plot(*joints_2d[list(bone)].T, **_line(bone, hollow[list(bone)].any()))
    for joints, face in ((visible & ~hollow, "white"), (visible & hollow, "none")):
        axes.scatter(
            *joints_2d[joints].T, s=7, facecolors=face, edgecolors="white", linewidths=0.6, zorder=3
        )
    axes.set(xlim=(0, width), ylim=(height, 0))
    axes.axis("off")


def _line(bone: tuple[int, int], is_dotted: bool = False) -> dict:
    style = ":" if is_dotted else "-"
    return {"color": bone_colour(bone), "linewidth": 1.5, "linestyle": style}


def draw_pose_3d(axes, joints_3d: np.ndarray) -> None:
    """Draw joints [16, 3] of the camera frame (x right, y down, z forwards) in 3D axes."""
    x, depth, up = joints_3d[:, 0], joints_3d[:, 2], -joints_3d[:, 1]
    points = np.stack([x, depth, up], axis=1)
    for bone in BONES:
        axes.plot(*points[list(bone)].T, **_line(bone))
    middle, radius = (points.max(0) + points.min(0)) / 2, np.ptp(points, axis=0).max() / 2
    limits = [(center - radius, center + radius) for center in middle]
    axes.set(xlim=limits[0], ylim=limits[1], zlim=limits[2])
    axes.set_box_aspect((1, 1, 1))
    axes.view_init(elev=12, azim=-60)
    axes.tick_params(labelbottom=False, labelleft=False, labelright=False, length=0)


def save_figure(figure: Figure, path: str | Path) -> None:
    """Write a figure as PNG, wholly or not at all."""
    buffer = io.BytesIO()
    figure.savefig(buffer, format="png", dpi=110)
    with files.atomic_path(path) as temporary:
        temporary.write_bytes(buffer.getvalue())
