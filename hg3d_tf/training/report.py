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
    shown = {"first epoch": epochs[0], "last epoch": epochs[-1]}
    if len(epochs) == 1:
        shown = {f"epoch {epochs[0]['epoch']}": epochs[0]}
    table = [["", *shown]] + [
        [name.replace("_", " "), *(_number(line.get(name)) for line in shown.values())]
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
      epochs: lines of metrics.jsonl. Of a single one, what no step tells is left out: a dot is no
        curve.
      steps: lines of steps.jsonl; their losses lie behind the epochs' means.
    """
    of_steps = [name for line in steps[-1:] for name in line if name != "step"]
    of_epochs = [name for name in epochs[-1] if name not in ("epoch", "step")]
    if len(epochs) == 1 and len(steps) > 1:
        of_epochs = []
    names = list(dict.fromkeys(of_epochs + of_steps))
    columns = min(3, len(names))
    rows = -(-len(names) // columns)
    figure = Figure(figsize=(4 * columns, 2.4 * rows), layout="constrained")
    for i, name in enumerate(names):
        axes = figure.add_subplot(rows, columns, i + 1)
        if name in of_steps:
            thin = {} if name not in of_epochs else {"linewidth": 0.6, "alpha": 0.5}
            axes.plot(*_curve(steps, name), label="single steps", **thin)
        if name in of_epochs:
            marker = "." if len(epochs) < 50 else None
            axes.plot(*_curve(epochs, name), marker=marker, label="means of epochs")
        if name in of_steps and name in of_epochs:
            axes.legend(fontsize=7, frameon=False)
        axes.set_title(name.replace("_", " "), fontsize=9)
        axes.set_xlabel("step", fontsize=7)
        if "loss" in name and all(line[name] > 0 for line in epochs):
            axes.set_yscale("log")
        axes.tick_params(which="both", labelsize=7)
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
