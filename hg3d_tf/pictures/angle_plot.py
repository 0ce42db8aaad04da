"""Angles of joints over time, right and left in the colours of the skeleton."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from hg3d_tf.pictures.colours import LEFT, MIDDLE, RIGHT

_ROW_INCHES = 1.7


def write(path: Path, seconds: np.ndarray, angles: np.ndarray, names: Sequence[str]) -> None:
    """Draw a plot for each angle, both sides on one; gaps stay gaps.

    Args:
      path: of the PNG file.
      seconds: [N].
      angles: [N, C] degrees, NaN where there is a gap.
      names: [C]; those that end with _r and _l are sides.
    """
    plots = list(dict.fromkeys(_without_side(name) for name in names))
    rows = -(-len(plots) // 2)
    figure = Figure(figsize=(11, _ROW_INCHES * rows + 0.6), layout="constrained")
    axes = figure.subplots(rows, 2, sharex=True, squeeze=False).ravel()
    for plot, axis in zip(plots, axes, strict=False):
        for place, name in enumerate(names):
            if _without_side(name) == plot:
                colour = {"_r": RIGHT, "_l": LEFT}.get(name[-2:], MIDDLE)
                axis.plot(seconds, angles[:, place], color=colour, linewidth=1.2)
        axis.set_title(plot.replace("_", " "), fontsize=9)
        axis.set_ylabel("degrees", fontsize=8)
        axis.tick_params(labelsize=8)
        axis.grid(alpha=0.3)
    for axis in axes[len(plots) :]:
        axis.set_axis_off()
        axes[len(plots) - 2].tick_params(labelbottom=True)
    figure.supxlabel("seconds; orange: right, blue: left", fontsize=9)
    figure.savefig(path, dpi=100, format="png")


def _without_side(name: str) -> str:
    return name[:-2] if name.endswith(("_r", "_l")) else name
