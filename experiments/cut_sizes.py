"""How large people come out whom a photo cuts: experiments/cut_sizes.py --data_dir=DIR.

Rendered people who stand upright, their pictures as they are, cut at the knees, at the hips and
half way up the trunk. The network looks at the box round the joints that are left. Errors of those
joints in mm, thorax at the origin, a person's truth at the canonical size: scaled by the bone sum
of all joints, guessed ones included; by the bones that are seen, as predictions are; by the truth.
"""

import sys
from pathlib import Path

import numpy as np
from absl import flags
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cut_measures import MARGIN, cut_rows, errors_mm

from hg3d_tf import cli, files

FLAGS = flags.FLAGS

cli.DEFINE_path("data_dir", None, "Folder of prepared data [$TFDS_DATA_DIR, else data].")
flags.DEFINE_string("dataset", "synthetic_humans/wild_makehuman", "Rendered, its split test.")
flags.DEFINE_integer("samples", 300, "How many of its samples.", lower_bound=1)
cli.DEFINE_path("model", None, "As of hg3d_tf.predict [shipped-large, as there].")
cli.DEFINE_path("output", "runs/cut_sizes.json", "JSON file for the table.")

_SIZE = 256


def main() -> None:
    """Cut and look; print and write the table."""
    cli.writable_folder(str(Path(FLAGS.output).parent))  # fail before the work starts
    cli.import_tensorflow_quietly()
    from hg3d_tf.data import input_pipeline
    from hg3d_tf.pictures import tables
    from hg3d_tf.prediction import photos, predictors

    look = predictors.load_predictor(FLAGS.model or predictors.FOR_PHOTOS)
    data_dir = input_pipeline.data_dir_of(FLAGS.data_dir)
    batches = input_pipeline.evaluation_batches(FLAGS.dataset, "test", _SIZE, 1, data_dir)
    found: dict[str, list] = {}
    for sample in tqdm(
        batches.take(FLAGS.samples), total=FLAGS.samples, unit="person", disable=None
    ):
        px = (sample["joints_2d_norm"][0].numpy() + 1) * _SIZE / 2
        cuts = cut_rows(px, _SIZE)
        if cuts is None or not sample["visible"].numpy().all():
            continue
        image = np.rint(sample["image"][0].numpy() * 255).astype(np.uint8)
        for name, y in cuts.items():
            end = int(np.clip(y, 8, _SIZE))
            left = px[:, 1] < end
            low, high = px[left].min(0), px[left].max(0)
            margin = MARGIN * (high - low).max()
            box = np.concatenate([low - margin, np.minimum(high + margin, [_SIZE, end])])
            pose = look(photos.Photo("", np.ascontiguousarray(image[:end])), box)
            errors = errors_mm(pose, sample["joints_3d"][0].numpy(), left)
            found.setdefault(name, []).append(errors)
    if not found:
        raise cli.UserError(f"--dataset={FLAGS.dataset}: nobody stands upright in it")
    rows = {
        name: {scaled: float(np.mean([one[scaled] for one in many])) for scaled in many[0]}
        for name, many in found.items()
    }
    statement = f"{len(found['not cut'])} people of {FLAGS.dataset}, upright; mm"
    print(tables.as_text(tables.protocol_table(rows, {}, 1)), statement, sep="\n")
    files.write_json(FLAGS.output, {"statement": statement, "rows": rows})


if __name__ == "__main__":
    cli.run(main)
