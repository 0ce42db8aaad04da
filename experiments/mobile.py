"""Compare networks for phones, accuracy against speed: `python experiments/mobile.py`.

Trains the heat maps of each with the same budget on the mannequins of `studio` and `wild`, and
measures its files for LiteRT by `python -m hg3d_tf.export`: speed on one thread, accuracy on
`wild`'s test split. WORKDIR/mobile.{md,png} hold the table and the plot. What is done is not done
again. Leave the machine alone while it runs.
"""

import json
import sys
from pathlib import Path

from absl import flags

ROOT = Path(__file__).resolve().parent
sys.path[:0] = [str(ROOT), str(ROOT.parent)]

from once import DONE, run_once  # noqa: E402

from hg3d_tf import cli, files  # noqa: E402
from hg3d_tf.pictures import tables  # noqa: E402

FLAGS = flags.FLAGS

cli.DEFINE_path(
    "workdir", "runs/mobile", "Folder for the trainings, the table and the plot.", tensorflow=True
)
cli.DEFINE_path("data_dir", None, "Folder of prepared datasets [$TFDS_DATA_DIR, else data].")
flags.DEFINE_multi_string("train_flag", [], "For every training, e.g. --steps_per_epoch=10.")

FLAGFILE = Path("experiments/mobile_tradeoff.flags")
_HOURGLASS = [
    "--network=hourglass",
    "--heatmaps=linear",
    "--precision=auto",
    "--learning_rate=1.5e-2",
]
# Folder -> name in the table and what makes the network another than that of mobile.flags.
NETWORKS = {
    "hourglass_64": ("hourglass, 64 features", [*_HOURGLASS, "--num_features=64"]),
    "hourglass_96": ("hourglass, 96 features", [*_HOURGLASS, "--num_features=96"]),
    "hourglass_128": ("hourglass, 128 features", [*_HOURGLASS, "--num_features=128"]),
    "efficientnet_lite0": ("efficientnet_lite0 (mobile)", []),
}
FORMS = {"float32": "o", "dynamic": "^", "int8": "s"}  # with their marks in the plot


def main() -> None:
    """Train, measure, write."""
    if not FLAGFILE.exists():
        raise cli.UserError(f"{FLAGFILE} is not here: start from the root of the checkout")
    workdir = cli.writable_folder(FLAGS.workdir)
    reports = {
        title: train_and_measure(workdir / name, changes)
        for name, (title, changes) in NETWORKS.items()
    }
    write(workdir, reports)


def train_and_measure(folder: Path, changes: list[str]) -> dict:
    """Train one network and export it, unless that is done; return the files' report."""
    common = [f"--workdir={folder}", *([f"--data_dir={FLAGS.data_dir}"] if FLAGS.data_dir else [])]
    arguments = [f"--flagfile={FLAGFILE}", *changes, *FLAGS.train_flag]
    run_once("hg3d_tf.train", [*arguments, *common], folder / DONE)
    report = folder / "tflite" / "report.json"
    arguments = [f"--tflite={','.join(FORMS)}", "--dataset=wild", "--force"]
    run_once("hg3d_tf.export", [*arguments, *common], folder / DONE, report)
    return json.loads(report.read_text())


def write(workdir: Path, reports: dict[str, dict]) -> None:
    """Print and write the table; write the plot."""
    from hg3d_tf.pictures import draw

    table = [["network", "file", "MB", "frames/s", "PCK@0.1box"]]
    for title, report in reports.items():
        for form, row in report["files"].items():
            numbers = (row["size_mb"], 1000 / row["latency_ms"], row["pck_box_010"])
            texts = map("{:.{}f}".format, numbers, (2, 0, 3))
            table.append([title, form, *texts])
    print(tables.as_text(table))
    draw.save_figure(plot(reports), workdir / "mobile.png")
    files.write_text(workdir / "mobile.md", tables.as_markdown(table) + "\n\n![plot](mobile.png)\n")


def plot(reports: dict[str, dict]):
    """Return a figure of PCK over milliseconds a frame: a line for each network, a point a file."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(6, 3.6), layout="constrained")
    axes = figure.add_subplot()
    for title, report in reports.items():
        rows = [report["files"][form] for form in FORMS]
        latency, pck = ([row[name] for row in rows] for name in ("latency_ms", "pck_box_010"))
        (line,) = axes.plot(latency, pck, linewidth=0.8, label=title)
        for x, y, marker in zip(latency, pck, FORMS.values(), strict=True):
            axes.plot(x, y, marker, color=line.get_color())
    axes.axvline(1000 / 30, color="grey", linewidth=0.8, linestyle=":")
    axes.text(1000 / 30, 0.02, "30 frames a second ", transform=axes.get_xaxis_transform(),
              ha="right", fontsize=7, color="grey")  # fmt: skip
    axes.set(xlabel="ms a frame on one thread: dot float32, triangle dynamic, square int8")
    axes.set(ylabel="PCK@0.1box, wild")
    axes.set(xlim=(0, None))
    axes.legend(fontsize=7)
    return figure


if __name__ == "__main__":
    cli.run(main)
