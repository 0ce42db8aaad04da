"""Poses in 3D as a page for the browser, to be turned, and played where they move."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from hg3d_tf import extras, files
from hg3d_tf.pictures.colours import bone_colour
from hg3d_tf.skeleton import BONES


def import_plotly():
    """Return plotly's figures. Raises UserError where it is not installed."""
    try:
        import plotly.graph_objects as plotly
    except ImportError as error:
        raise extras.missing("--html", "plotly", "view") from error
    return plotly


def write(path: Path, poses: Sequence[np.ndarray], moving: bool = False) -> None:
    """Write the page; it needs nothing from the network.

    Args:
      path: of the HTML file.
      poses: [16, 3] mm each, camera frame.
      moving: show them one after the other, else side by side.

    Raises:
      UserError: where plotly is not installed.
    """
    plotly = import_plotly()
    if moving:
        first = _lines(plotly, poses[0])
        frames = [plotly.Frame(data=_lines(plotly, pose)) for pose in poses]
    else:
        first = [line for i, pose in enumerate(poses) for line in _lines(plotly, pose, 1500 * i)]
        frames = []
    figure = plotly.Figure(first, frames=frames)
    hidden = {"visible": False}
    figure.update_layout(
        scene={"xaxis": hidden, "yaxis": hidden, "zaxis": hidden, "aspectmode": "data"},
        showlegend=False,
        margin={"l": 0, "r": 0, "t": 0, "b": 0},
        updatemenus=[_play_button()] if moving else [],
    )
    figure.update_scenes(camera_eye={"x": 0.6, "y": -1.8, "z": 0.4})
    with files.atomic_path(path) as temporary:
        figure.write_html(str(temporary), include_plotlyjs=True)


def _lines(plotly, joints: np.ndarray, shift_mm: float = 0.0) -> list:
    # Plotly's z points up, its y away from the viewer.
    points = np.stack([joints[:, 0] + shift_mm, joints[:, 2], -joints[:, 1]], axis=1)
    return [
        plotly.Scatter3d(
            **dict(zip("xyz", points[list(bone)].T, strict=True)),
            mode="lines+markers",
            line={"color": bone_colour(bone), "width": 7},
            marker={"color": bone_colour(bone), "size": 3},
            hoverinfo="skip",
        )
        for bone in BONES
    ]


def _play_button() -> dict:
    play = {"frame": {"duration": 40, "redraw": True}, "fromcurrent": True}
    buttons = [{"label": "Play", "method": "animate", "args": [None, play]}]
    return {"type": "buttons", "showactive": False, "buttons": buttons}
