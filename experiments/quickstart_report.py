"""The quickstart's report: what each stage changed, what was made, what to do next."""

from pathlib import Path

from hg3d_tf import files
from hg3d_tf.evaluation import scoring
from hg3d_tf.pictures import tables

REASONS = {
    "mean_pose": "The mean of the training labels, whatever the image shows.",
    "shipped": "The network in the package: it learnt from photos and has not seen these people.",
    "stage1": "Heat maps learn where the joints of these people are.",
    "stage2": "The depth loss joins in, on the studio's 3D labels.",
    "stage3": "The geometry loss joins in, on the wild's depth, which has no labels.",
}


def write(workdir: Path, start: str, results: dict, errors: dict, seconds: float) -> None:
    """Print the table, the pictures' errors and the paths; write report.md.

    Args:
      workdir: of the quickstart.
      start: its --start.
      results: of `evaluate`: row -> dataset -> metric.
      errors: of `quickstart_pictures.draw`.
      seconds: that it took.
    """
    table = tables.results_table(results)
    protocol = f"{scoring.PROTOCOL}; no flip test"
    pictures = [["poses.png", "PCK@0.2box", "MPJPE mm"]] + [
        [Path(path).name, f"{error['pck_box_020']:.2f}", f"{error['mpjpe_mm']:.0f}"]
        for path, error in errors.items()
    ]
    made = {
        "report.md": "this table, and what to do next",
        "results.json": "its numbers",
        "poses.png": "three people of the test split, drawn by a fixed seed, and the truth (thin)",
        "saved_model/1/": "takes image bytes; for TF Serving and `python -m hg3d_tf.predict`",
        "predictions/poses.json": "the same poses: joints by name, px and mm",
        "stage3/": "the training folder: checkpoints, TensorBoard logs, flags",
    }
    took = f"{seconds / 60:.1f} minutes"
    parts = [
        f"# Quickstart\n\n`python experiments/quickstart.py --start={start}`, {took}.",
        tables.as_markdown(table),
        f"Protocol: {protocol}.",
        "\n".join(f"- **{row}**: {reason}" for row, reason in reasons(results).items()),
        "![poses](poses.png)",
        tables.as_markdown(pictures),
        "\n".join(f"- `{name}`: {what}" for name, what in made.items()),
        next_steps(workdir),
    ]
    files.write_text(workdir / "report.md", "\n\n".join(parts) + "\n")
    print(f"\n{tables.as_text(table)}\n")  # the protocol stands above, where it was measured
    print("\n".join(f"{row}: {reason}" for row, reason in reasons(results).items()))
    print(f"\n{tables.as_text(pictures)}\n")
    for name in made:
        print(f"  {workdir / name}")
    print(took)


def reasons(results: dict) -> dict[str, str]:
    """Return why a row differs from the one before, with what changed on the wild."""
    lines, before = {}, None
    for row, values in results.items():
        wild = values["wild"]
        changes = [
            f"{title} {before[metric]:{form}} -> {wild[metric]:{form}}"
            for metric, title, form in (
                ("pck_box_010", "PCK@0.1box", ".3f"),
                ("mpjpe_mm", "MPJPE mm", ".1f"),
                ("symmetry_mm", "symmetry mm", ".1f"),
            )
            if before
        ]
        lines[row] = " ".join([REASONS[row], *([f"Wild: {', '.join(changes)}."] if before else [])])
        before = wild
    return lines


def next_steps(workdir: Path) -> str:
    """Return what to do next, in markdown: commands that work as they stand."""
    model, data = workdir / "stage3", workdir / "data"
    steps = {
        "Your own photo": "python -m hg3d_tf.predict photo.jpg",
        "This training's network on its pictures": "python -m hg3d_tf.predict"
        f" --model={workdir / 'saved_model/1'} {workdir / 'photos'}",
        "Files for phones": f"python -m hg3d_tf.export --workdir={model} --tflite=float32,dynamic"
        f" --data_dir={data} --output_dir={workdir / 'tflite'}",
        "What the data look like": "python -m hg3d_tf.inspect_data --dataset=wild"
        f" --data_dir={data}",
        "Longer": f"python experiments/quickstart.py --workdir={workdir}_longer"
        " --num_train=8000 --train_flag=--epochs=10",
    }
    lines = [f"{what}:\n\n    {command}" for what, command in steps.items()]
    more = (
        "On: your own labelled photos (datasets/own_photos/README.md), real datasets"
        " (experiments/README.md), a server (serving/README.md), the web page (demo/README.md)."
    )
    return "\n\n".join(["## What next", "With `.venv/bin` first in PATH:", *lines, more])
