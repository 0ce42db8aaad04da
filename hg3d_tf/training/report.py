"""report.md of a training folder: its last numbers, curves, and flags."""

import json
from pathlib import Path

from matplotlib.figure import Figure

from hg3d_tf import files
from hg3d_tf.network.keras_api import keras
from hg3d_tf.pictures import draw, tables
from hg3d_tf.training import callbacks

REPORT_FILE = "report.md"
CURVES_FILE = "curves.png"


class Report(keras.callbacks.Callback):
    """Write report.md at the end of a training."""

    def __init__(self, workdir: Path):
        super().__init__()
        self.workdir = workdir

    def on_train_end(self, logs=None):
        write(self.workdir)


def write(workdir: Path) -> None:
    """Write report.md and curves.png from what a training has logged."""
    epochs = _read(workdir / callbacks.METRICS_FILE)
    if not epochs:
        return
    steps = _read(workdir / callbacks.STEPS_FILE)
    draw.save_figure(draw_curves(epochs, steps), workdir / CURVES_FILE)
    names = [name for name in epochs[-1] if name not in ("epoch", "step")]
    table = [["", "first epoch", "last epoch"]] + [
        [name.replace("_", " "), _number(epochs[0].get(name)), _number(epochs[-1][name])]
        for name in names
    ]
    flags = workdir / "flags.txt"
    listing = f"\n```\n{flags.read_text()}```\n" if flags.exists() else ""
    last = epochs[-1]
    files.write_text(
        workdir / REPORT_FILE,
        f"# {workdir.name}\n\n{last['epoch']} epochs, {last['step']} steps.\n\n"
        f"{tables.as_markdown(table)}\n\n![curves]({CURVES_FILE})\n{listing}",
    )


def draw_curves(epochs: list[dict], steps: list[dict]) -> Figure:
    """Return a figure with a panel per logged value over the steps.

    Args:
      epochs: lines of metrics.jsonl.
      steps: lines of steps.jsonl; their losses lie behind the epochs' means.
    """
    names = [name for name in epochs[-1] if name not in ("epoch", "step")]
    columns = 3
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(4 * columns, 2.4 * rows), layout="constrained")
    for i, name in enumerate(names):
        axes = figure.add_subplot(rows, columns, i + 1)
        if name == "loss" and steps:
            axes.plot(*_curve(steps, name), linewidth=0.6, alpha=0.5)
        axes.plot(*_curve(epochs, name), marker="." if len(epochs) < 50 else None)
        axes.set_title(name.replace("_", " "), fontsize=9)
        axes.tick_params(labelsize=7)
        if "loss" in name and all(line[name] > 0 for line in epochs):
            axes.set_yscale("log")
    return figure


def _curve(lines: list[dict], name: str) -> tuple[list, list]:
    known = [(line["step"], line[name]) for line in lines if name in line]
    return [step for step, _ in known], [value for _, value in known]


def _read(path: Path) -> list[dict]:
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.4g}"
