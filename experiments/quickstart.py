"""The whole system in minutes on 2 cores: make data, train, evaluate, export, predict.

Runs the project's own commands, each shown as it starts, and leaves under --workdir: report.md,
results.json, poses.png, saved_model/1/, and the three stages' training folders. The network in the
package learns on from what it knows of photos; --start=scratch trains the paper's, much smaller,
from nothing. What is done is not done again; --fresh starts anew.
"""

import concurrent.futures
import hashlib
import json
import shutil
import subprocess
import sys
import time
from pathlib import Path
from typing import NamedTuple

from absl import flags

ROOT = Path(__file__).resolve().parent.parent
sys.path[:0] = [str(ROOT / "experiments"), str(ROOT)]

from once import run_python  # noqa: E402

from hg3d_tf import cli, files, weights  # noqa: E402
from hg3d_tf.network.crop import BOX_MARGIN  # noqa: E402

FLAGS = flags.FLAGS


class Start(NamedTuple):
    """What the training starts from.

    Attributes:
      rows: of the table, in front of the stages'.
      measured: the stages that are measured.
      image_size: px; the network's input and a margin to rotate and scale in.
      num_train: images to render of each domain; of the studio's few people fewer will do.
    """

    rows: tuple[str, ...]
    measured: tuple[str, ...]
    image_size: int
    num_train: dict[str, int]


STAGES = ("stage1", "stage2", "stage3")
STARTS = {
    "shipped": Start(("shipped",), STAGES, 208, {"wild": 2000, "studio": 1200}),
    "scratch": Start((), STAGES[1:], 80, {"wild": 4000, "studio": 4000}),
}
MIX = "studio:0.375,wild:0.625"
PICTURES = 3
CROP_PX = 256  # side of their images

cli.DEFINE_path(
    "workdir",
    None,
    "Folder for everything that is made [runs/quickstart; runs/quickstart_scratch from scratch].",
    tensorflow=True,
)
flags.DEFINE_bool("fresh", False, "Remove what an earlier run left in --workdir.")
flags.DEFINE_enum(
    "start", "shipped", list(STARTS), "The network in the package, or the paper's from nothing."
)
flags.DEFINE_integer(
    "num_train",
    None,
    "Training images of each domain [1200 of the studio, 2000 of the wild; from scratch 4000].",
    lower_bound=1,
)
flags.DEFINE_integer("num_test", 400, "Test images of each domain.", lower_bound=PICTURES)
flags.DEFINE_multi_string("train_flag", [], "For every stage, e.g. --steps_per_epoch=10.")


def main() -> None:
    """Run the commands and print the table and the paths."""
    began = time.monotonic()
    start = STARTS[FLAGS.start]
    default = f"runs/quickstart{'' if FLAGS.start == 'shipped' else f'_{FLAGS.start}'}"
    workdir = cli.writable_folder(FLAGS.workdir or default)
    if FLAGS.fresh:
        shutil.rmtree(workdir)
        workdir.mkdir()
    check_network(workdir, start)
    build_data(workdir, start)
    train_stages(workdir)
    results = evaluate_and_export(workdir, start)
    errors = predict(workdir)
    import quickstart_report

    quickstart_report.write(workdir, FLAGS.start, results, errors, time.monotonic() - began)


def check_network(workdir: Path, start: Start) -> None:
    """Note which network the stages go on from; a new version of the package has another.

    Raises:
      UserError: if there are stages already that went on from another, or from nobody knows which.
    """
    if "shipped" not in start.rows:
        return
    note = workdir / "network.json"
    digest = hashlib.sha256((weights.FOLDER / "weights.npz").read_bytes()).hexdigest()
    now = {"weights_sha256": digest}
    before = json.loads(note.read_text()) if note.exists() else None
    if (workdir / STAGES[0]).exists() and before != now:
        raise cli.UserError(
            f"{workdir}: its stages went on from the network of another version of the package:"
            " take another --workdir, or remove what is there with --fresh"
        )
    files.write_json(note, now)


def build_data(workdir: Path, start: Start) -> None:
    """Render the two domains."""
    commands = [
        (
            *("datasets/build.py", f"--dataset=synthetic_humans/{domain}"),
            *(f"--data_dir={workdir / 'data'}", f"--image_size={start.image_size}"),
            *(f"--num_train={FLAGS.num_train or count}", f"--num_test={FLAGS.num_test}"),
            f"--num_validation={-(-FLAGS.num_test // 5)}",
        )
        for domain, count in start.num_train.items()
    ]
    run_together(*commands)


def train_stages(workdir: Path) -> None:
    """Train heat maps; then depth on the studio; then the geometry loss on the wild."""
    before = []
    for stage in STAGES:
        run(
            *("-m", "hg3d_tf.train"),
            f"--flagfile=experiments/quickstart_flags/{FLAGS.start}_{stage}.flags",
            *(f"--data_dir={workdir / 'data'}", f"--mix={MIX}"),
            *(f"--workdir={workdir / stage}", *before, *FLAGS.train_flag),
        )
        before = [f"--init_from={workdir / stage}"]


def evaluate_and_export(workdir: Path, start: Start) -> dict:
    """Measure the mean pose, what the training started from, and stages; return the results.

    Beside it the SavedModel is written, unless it is there.
    """
    folders = ",".join([*start.rows, *(str(workdir / stage) for stage in start.measured)])
    evaluate = (
        *("-m", "hg3d_tf.evaluate", f"--workdir={folders}"),
        *(f"--data_dir={workdir / 'data'}", f"--mean_pose_of={MIX}"),
        *("--noflip_test", f"--output={workdir / 'results.json'}"),  # in 0.6 of the time
    )
    export = (
        *("-m", "hg3d_tf.export", f"--workdir={workdir / 'stage3'}"),
        *(f"--output_dir={workdir / 'saved_model'}", "--version=1"),
    )
    if (workdir / "saved_model/1").exists():
        run(*evaluate)
    else:
        run_together(evaluate, export)
    return json.loads((workdir / "results.json").read_text())


def predict(workdir: Path) -> dict[str, dict]:
    """Predict three images of the wild test split in their true boxes, as the table does.

    Draws them with their truth; returns their errors.
    """
    folder = workdir / "photos"
    labels = save_test_images(workdir / "data", folder)
    # The images are crops: the person's box is known.
    middle, reach = CROP_PX / 2, CROP_PX / BOX_MARGIN / 2
    box = ",".join(f"{side:.1f}" for side in [middle - reach] * 2 + [middle + reach] * 2)
    run(
        *("-m", "hg3d_tf.predict", f"--model={workdir / 'saved_model/1'}", f"--box={box}"),
        *(f"--output_dir={workdir / 'predictions'}", str(folder)),
    )
    from quickstart_pictures import draw

    poses = json.loads((workdir / "predictions/poses.json").read_text())
    return draw(workdir / "poses.png", poses, labels)


def save_test_images(data_dir: Path, folder: Path) -> dict[str, dict]:
    """Write the crops of three people of the wild test split as image files.

    Seed 0 draws them. Returns their labels, by path.
    """
    import numpy as np
    from PIL import Image

    from hg3d_tf.data import input_pipeline

    batches = input_pipeline.evaluation_batches(
        "wild", "test", CROP_PX, FLAGS.num_test, str(data_dir)
    )
    people = {name: value.numpy() for name, value in next(iter(batches)).items()}
    folder.mkdir(exist_ok=True)
    labels = {}
    for row in sorted(np.random.default_rng(0).permutation(FLAGS.num_test)[:PICTURES]):
        path = folder / f"wild_{row:03d}.png"
        with files.atomic_path(path) as temporary:
            Image.fromarray(np.uint8(people["image"][row] * 255 + 0.5)).save(temporary)
        labels[str(path)] = {name: value[row] for name, value in people.items()}
    return labels


def run(*arguments: str) -> None:
    """Show and run one of the project's commands.

    Raises:
      UserError: if it fails; its own message stands above.
    """
    print("\n$ python " + " ".join(arguments), flush=True)
    if run_python(*arguments, folder=ROOT):
        raise cli.UserError("the quickstart stopped at the command above")


def run_together(first: tuple[str, ...], second: tuple[str, ...]) -> None:
    """Show and run two commands at a time, for none keeps all cores busy.

    What the second prints follows; its progress is not shown.

    Raises:
      UserError: if one fails.
    """
    print("\n$ python " + " ".join(second) + "    # at the same time as", flush=True)
    command, options = [sys.executable, *second], {"capture_output": True, "text": True}
    with concurrent.futures.ThreadPoolExecutor() as pool:
        other = pool.submit(subprocess.run, command, cwd=ROOT, check=False, **options)
        try:
            run(*first)
        finally:
            done = other.result()
            print(done.stdout, end="", flush=True)
    if done.returncode:
        print(done.stderr, file=sys.stderr)
        raise cli.UserError(f"the quickstart stopped at python {' '.join(second)}")


if __name__ == "__main__":
    cli.run(main)
