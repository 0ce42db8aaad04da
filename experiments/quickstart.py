"""The whole system in minutes on 2 cores: make data, train, evaluate, export, predict.

Runs the project's own commands, each shown as it starts, and leaves under --workdir: results.json,
report.md, poses.png, saved_model/1/, and the three stages' training folders. What is done is not
done again; --fresh starts anew.
"""

import json
import shutil
import subprocess
import sys
import time
from pathlib import Path

from absl import flags

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from hg3d_tf import cli, files  # noqa: E402
from hg3d_tf.pictures import tables  # noqa: E402

FLAGS = flags.FLAGS

cli.DEFINE_path(
    "workdir", "runs/quickstart", "Folder for everything that is made.", tensorflow=True
)
flags.DEFINE_bool("fresh", False, "Remove what an earlier run left in --workdir.")
flags.DEFINE_integer("num_train", 4000, "Training images to render of each domain.", lower_bound=1)
flags.DEFINE_integer("num_test", 500, "Test images to render of each domain.", lower_bound=3)
flags.DEFINE_multi_string("train_flag", [], "For every stage, e.g. --steps_per_epoch=10.")

MIX = "studio:0.375,wild:0.625"
STAGES = ("stage1", "stage2", "stage3")
IMAGE_SIZE = 80  # px: the network's 64 and a margin to rotate and scale in


def main() -> None:
    """Run the commands and print the table and the paths."""
    start = time.monotonic()
    workdir = cli.writable_folder(FLAGS.workdir)
    if FLAGS.fresh:
        shutil.rmtree(workdir)
        workdir.mkdir()
    build_data(workdir)
    train_stages(workdir)
    results = evaluate(workdir)
    export(workdir)
    predict(workdir)
    write_report(workdir, results, time.monotonic() - start)


def build_data(workdir: Path) -> None:
    """Render the two domains."""
    run(
        "datasets/build.py",
        "--dataset=synthetic_humans/studio,synthetic_humans/wild",
        f"--data_dir={workdir / 'data'}",
        f"--image_size={IMAGE_SIZE}",
        f"--num_train={FLAGS.num_train}",
        f"--num_validation={-(-FLAGS.num_test // 5)}",
        f"--num_test={FLAGS.num_test}",
    )


def train_stages(workdir: Path) -> None:
    """Train heat maps; then depth on the studio; then the geometry loss on the wild."""
    before = []
    for stage in STAGES:
        run(
            *("-m", "hg3d_tf.train", f"--flagfile=experiments/quickstart_{stage}.flags"),
            *(f"--data_dir={workdir / 'data'}", f"--mix={MIX}"),
            *(f"--workdir={workdir / stage}", *before, *FLAGS.train_flag),
        )
        before = [f"--init_from={workdir / stage}"]


def evaluate(workdir: Path) -> dict:
    """Measure stages 2 and 3 and the mean pose; return the results."""
    run(
        *("-m", "hg3d_tf.evaluate", f"--workdir={workdir / 'stage2'},{workdir / 'stage3'}"),
        *(f"--data_dir={workdir / 'data'}", f"--mean_pose_of={MIX}"),
        f"--output={workdir / 'results.json'}",
    )
    return json.loads((workdir / "results.json").read_text())


def export(workdir: Path) -> None:
    """Write the SavedModel, unless it is there."""
    if not (workdir / "saved_model/1").exists():
        run(
            *("-m", "hg3d_tf.export", f"--workdir={workdir / 'stage3'}"),
            *(f"--output_dir={workdir / 'saved_model'}", "--version=1"),
        )


def predict(workdir: Path) -> None:
    """Predict on three images of the wild test split; draw them on one sheet."""
    folder = workdir / "photos"
    save_test_images(workdir / "data", folder)
    run(
        *("-m", "hg3d_tf.predict", f"--model={workdir / 'saved_model/1'}"),
        *(f"--output_dir={workdir / 'predictions'}", f"--sheet={workdir / 'poses.png'}"),
        str(folder),
    )


def save_test_images(data_dir: Path, folder: Path) -> None:
    """Write the crops of the first three people of the wild test split as image files."""
    import numpy as np
    from PIL import Image

    from hg3d_tf.data import input_pipeline

    batches = input_pipeline.evaluation_batches("wild", "test", 256, 3, str(data_dir))
    folder.mkdir(exist_ok=True)
    for i, image in enumerate(next(iter(batches))["image"].numpy()):
        with files.atomic_path(folder / f"wild_{i + 1}.png") as temporary:
            Image.fromarray(np.uint8(image * 255 + 0.5)).save(temporary)


def write_report(workdir: Path, results: dict, seconds: float) -> None:
    """Print the table and the paths; write report.md."""
    from hg3d_tf.evaluation import scoring

    table = tables.results_table(results)
    made = {
        "results.json": "the numbers below",
        "poses.png": "three test images with the poses found",
        "saved_model/1/": "takes image bytes; for TF Serving and `python -m hg3d_tf.predict`",
        "predictions/poses.json": "the same poses: joints by name, px and mm",
        "stage3/": "the training folder: checkpoints, TensorBoard logs, flags",
    }
    listing = "\n".join(f"- `{name}`: {what}" for name, what in made.items())
    report = (
        f"# Quickstart\n\n`python experiments/quickstart.py`, {seconds / 60:.1f} minutes.\n\n"
        f"{tables.as_markdown(table)}\n\nProtocol: {scoring.PROTOCOL}.\n\n"
        f"![poses](poses.png)\n\n{listing}\n"
    )
    files.write_text(workdir / "report.md", report)
    print(f"\n{tables.as_text(table)}\n\n{scoring.PROTOCOL}\n")
    for name in ("results.json", "report.md", "poses.png", "saved_model/1"):
        print(f"  {workdir / name}")
    print(f"{seconds / 60:.1f} minutes")


def run(*arguments: str) -> None:
    """Show and run one of the project's commands.

    Raises:
      UserError: if it fails; its own message stands above.
    """
    print("\n$ python " + " ".join(arguments), flush=True)
    if subprocess.run([sys.executable, *arguments], cwd=ROOT, check=False).returncode:
        raise cli.UserError("the quickstart stopped at the command above")


if __name__ == "__main__":
    cli.run(main)
