"""Run the poster's ablation: `python experiments/ablation.py --data=synthetic --seeds=0,1,2`.

Four rows of the same budget: 3D or mixed training data, without or with the geometry loss in the
last stage. For each seed, rows of the same data share stages 1 and 2. What is done is not done
again, and an interrupted stage goes on. WORKDIR/ablation.{txt,md,json} hold mean and spread.
"""

import json
import sys
from pathlib import Path

from absl import flags

ROOT = Path(__file__).resolve().parent
sys.path[:0] = [str(ROOT), str(ROOT.parent)]

import ablation_tables  # noqa: E402
from once import DONE, run_once  # noqa: E402

from hg3d_tf import cli, files  # noqa: E402

FLAGS = flags.FLAGS

flags.DEFINE_enum(
    "data", "synthetic", ["synthetic", "real", "photos"], "Datasets to train and measure on."
)
flags.DEFINE_list("seeds", ["0", "1", "2"], "One run of all rows for each.")
cli.DEFINE_path(
    "workdir", "runs/ablation", "Folder for the trainings and the tables.", tensorflow=True
)
cli.DEFINE_path("data_dir", None, "Folder of prepared datasets [$TFDS_DATA_DIR, else data].")
flags.DEFINE_multi_string("train_flag", [], "For every training, e.g. --steps_per_epoch=10.")

FLAGFILES = Path("experiments/ablation")
# The poster's name of a row: the mix of stages 1 and 2, and the flagfile of stage 3.
ROWS = {
    "3D/wo geo": ("3d", "3d_wo_geo"),
    "3D/w geo": ("3d", "3d_w_geo"),
    "3D+2D/wo geo": ("3d_2d", "3d_2d_wo_geo"),
    "3D+2D/w geo": ("3d_2d", "3d_2d_w_geo"),
}


def main() -> None:
    """Train and measure what is not yet done; print and write the tables."""
    if not FLAGFILES.is_dir():
        raise cli.UserError(f"{FLAGFILES} is not here: start from the root of the checkout")
    if not all(seed.isdecimal() for seed in FLAGS.seeds) or not FLAGS.seeds:
        raise cli.UserError(f"--seeds={','.join(FLAGS.seeds)} are not whole numbers")
    workdir = cli.writable_folder(FLAGS.workdir)
    found = {row: [] for row in ROWS}
    for seed in FLAGS.seeds:
        for row in ROWS:
            found[row].append(measure(train_row(row, seed, workdir / f"seed{seed}")))
    summary = ablation_tables.summarize(found)
    text = ablation_tables.as_text(summary)
    print(text)
    files.write_json(workdir / "ablation.json", {"seeds": FLAGS.seeds, "protocols": summary})
    files.write_text(workdir / "ablation.txt", text + "\n")
    files.write_text(workdir / "ablation.md", ablation_tables.as_markdown(summary))


def train_row(row: str, seed: str, folder: Path) -> Path:
    """Train the stages of a row as far as they are missing; return the folder of the last."""
    mix, last = ROWS[row]
    before = None
    for name, flagfiles in (
        (f"{mix}_stage1", [mix, "stage1"]),
        (f"{mix}_stage2", [mix, "stage2"]),
        (last, [last]),
    ):
        arguments = [f"--flagfile={FLAGFILES / FLAGS.data / file}.flags" for file in flagfiles]
        arguments += [*FLAGS.train_flag, f"--seed={seed}", *_data_dir()]
        arguments += [f"--init_from={before}"] if before else []
        before = folder / name
        run_once("hg3d_tf.train", [*arguments, f"--workdir={before}"], before / DONE)
    return before


def measure(workdir: Path) -> dict:
    """Return protocol -> dataset -> {"statement", "rows", "poster"} of a trained row."""
    results = {}
    for flagfile in sorted((FLAGFILES / FLAGS.data).glob("evaluate*.flags")):
        output = workdir / f"{flagfile.stem}.json"
        arguments = [f"--flagfile={flagfile}", f"--workdir={workdir}", *_data_dir()]
        run_once("hg3d_tf.evaluate", [*arguments, f"--output={output}"], workdir / DONE, output)
        for protocol, datasets in json.loads(output.read_text()).items():
            results.setdefault(protocol, {}).update(datasets)
    return results


def _data_dir() -> list[str]:
    return [f"--data_dir={FLAGS.data_dir}"] if FLAGS.data_dir else []


if __name__ == "__main__":
    cli.run(main)
