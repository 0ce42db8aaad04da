"""Put a trained network into the package: python experiments/ship.py --workdir=RUN --photos=FOLDER.

Confidences are fitted anew, to --dataset, whatever RUN's training left: model.json's knots.
Writes hg3d_tf/weights/: model.json and weights.npz, which `--workdir=shipped` and
`--init_from=shipped` read, and pose.tflite with description.json, which predict and the web page
run without TensorFlow. Most of that file computes in int8 (`shipping.py`), with ranges taken from
photos of people, such as those that the network learned from. Last comes demo/web/src/film.delta,
the page's file for films, whose ranges are taken from --mix.

With --large the same files go to hg3d_tf/weights/large/, the larger sibling "shipped-large"; and
film.delta, "shipped-film", which predict runs on films: without the flip test, for speed.
"""

import dataclasses
import subprocess
import sys
import tempfile
from pathlib import Path

from absl import flags

ROOT = Path(__file__).resolve().parent.parent
sys.path.insert(0, str(ROOT))

from hg3d_tf import cli  # noqa: E402

FLAGS = flags.FLAGS

cli.DEFINE_path("workdir", None, "Training folder of the network.", tensorflow=True)
cli.DEFINE_path("photos", None, "Folder of photos of people, which give int8's ranges.")
flags.DEFINE_string("dataset", "lspet", "Prepared dataset to fit confidences to.")
flags.DEFINE_string("split", "validation", "Its split.")
flags.DEFINE_string(
    "mix",
    "lspet:0.5,synthetic_humans/street_makehuman:0.5",
    "Prepared datasets that give the ranges of the page's file for films.",
)
flags.DEFINE_bool("large", False, "Write the larger sibling.")
cli.DEFINE_path("data_dir", None, "Folder of prepared datasets [$TFDS_DATA_DIR, else data].")

_PHOTOS = 200
_LARGEST_MB = 14  # of all weights, the finder's among them


def main() -> None:
    """Write the files; print their sizes."""
    cli.require(FLAGS.workdir, "workdir", "name the folder that training wrote to")
    cli.require(FLAGS.photos, "photos", "name a folder of photos of people")
    import shipping

    from hg3d_tf import files, weights
    from hg3d_tf.network import shipped
    from hg3d_tf.prediction import calibration
    from hg3d_tf.serving.description import describe_phone_model
    from hg3d_tf.training import checkpoints

    model = checkpoints.load_model(FLAGS.workdir)
    model.config = checkpoints.with_knots(model.config, _fitted_knots(model))
    crops = calibration.crops(FLAGS.photos, model.config.input_size, _PHOTOS)
    content = shipping.convert(model, crops)
    folder = weights.LARGE_FOLDER if FLAGS.large else weights.FOLDER
    shipped.save(model, folder)
    with files.atomic_path(folder / weights.TFLITE_FILE.name) as temporary:
        temporary.write_bytes(content)
    description = describe_phone_model(
        model.config.input_size, model.config.heatmaps, model.config.confidence_knots
    )
    files.write_json(folder / "description.json", description)
    paths = [path for path in folder.iterdir() if path.suffix in (".npz", ".tflite")]
    sizes = {path.name: path.stat().st_size / 1e6 for path in sorted(paths)}
    for name, size in sizes.items():
        print(f"{size:6.2f} MB  {folder / name}")
    if sum(sizes.values()) > _LARGEST_MB:
        raise cli.UserError(f"more than {_LARGEST_MB} MB: ship a smaller network")
    if FLAGS.large:
        once = checkpoints.load_model(FLAGS.workdir)
        once.config = dataclasses.replace(model.config, flip_test=False)
        _write_delta(weights.FILM_FILE, content, shipping.convert(once, crops))
    else:
        _write_delta(ROOT / "demo/web/src/film.delta", content, _film_of_the_page())


def _write_delta(path: Path, base: bytes, content: bytes) -> None:
    from hg3d_tf import files
    from hg3d_tf.tflite import delta

    with files.atomic_path(path) as temporary:
        temporary.write_bytes(delta.make(base, content))
    print(f"{path.stat().st_size / 1e6:6.2f} MB  {path}")


def _film_of_the_page() -> bytes:
    """Return the page's int8 file without flip test of the network that is shipped now."""
    with tempfile.TemporaryDirectory() as folder:
        export = ["-m", "hg3d_tf.export", "--tflite=int8", f"--mix={FLAGS.mix}"]
        export.append(f"--output_dir={folder}/phones")
        if FLAGS.data_dir:
            export.append(f"--data_dir={FLAGS.data_dir}")
        if subprocess.run([sys.executable, *export], cwd=ROOT, check=False).returncode:
            raise cli.UserError("demo/web/src/film.delta is not that of the network: see above")
        return Path(folder, "phones/int8.tflite").read_bytes()


def _fitted_knots(model):
    """Return the knots that the labelled dataset tells."""
    from hg3d_tf.data import input_pipeline
    from hg3d_tf.evaluation import confidence_fit, scoring
    from hg3d_tf.training import checkpoints

    size, data_dir = model.config.input_size, input_pipeline.data_dir_of(FLAGS.data_dir)
    batches = input_pipeline.evaluation_batches(FLAGS.dataset, FLAGS.split, size, 32, data_dir)
    model.config = checkpoints.with_knots(model.config, ())  # its confidences are peaks
    predictions = scoring.predict_split(model, batches, "confidences")
    knots = confidence_fit.fit_to(predictions, size)
    if knots is None:
        raise cli.UserError(f"--dataset={FLAGS.dataset}: no joint is labelled; take another")
    return knots


if __name__ == "__main__":
    cli.run(main)
