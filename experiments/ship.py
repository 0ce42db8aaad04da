"""Put a trained network into the package: python experiments/ship.py --workdir=RUN --photos=FOLDER.

Confidences are fitted anew, to --dataset, whatever RUN's training left: model.json's knots.
Writes hg3d_tf/weights/: model.json and weights.npz, which `--workdir=shipped` and
`--init_from=shipped` read, and pose.tflite with description.json, which predict and the web page
run without TensorFlow. Most of that file computes in int8 (`shipping.py`), with ranges taken from
photos of people, such as those that the network learned from.
"""

import sys
from pathlib import Path

from absl import flags

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hg3d_tf import cli

FLAGS = flags.FLAGS

cli.DEFINE_path("workdir", None, "Training folder of the network.", tensorflow=True)
cli.DEFINE_path("photos", None, "Folder of photos of people, which give int8's ranges.")
flags.DEFINE_string("dataset", "lspet", "Prepared dataset to fit confidences to.")
flags.DEFINE_string("split", "validation", "Its split.")
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
    shipped.save(model)
    with files.atomic_path(weights.TFLITE_FILE) as temporary:
        temporary.write_bytes(content)
    description = describe_phone_model(
        model.config.input_size, model.config.heatmaps, model.config.confidence_knots
    )
    files.write_json(weights.FOLDER / "description.json", description)
    paths = [path for path in weights.FOLDER.iterdir() if path.suffix in (".npz", ".tflite")]
    sizes = {path.name: path.stat().st_size / 1e6 for path in sorted(paths)}
    for name, size in sizes.items():
        print(f"{size:6.2f} MB  {weights.FOLDER / name}")
    if sum(sizes.values()) > _LARGEST_MB:
        raise cli.UserError(f"more than {_LARGEST_MB} MB: ship a smaller network")


def _fitted_knots(model):
    """Return the knots that the labelled dataset tells."""
    from hg3d_tf.data import input_pipeline
    from hg3d_tf.evaluation import confidence_fit, scoring
    from hg3d_tf.training import checkpoints

    size, data_dir = model.config.input_size, FLAGS.data_dir or input_pipeline.default_data_dir()
    batches = input_pipeline.evaluation_batches(FLAGS.dataset, FLAGS.split, size, 32, data_dir)
    model.config = checkpoints.with_knots(model.config, ())  # its confidences are peaks
    predictions = scoring.predict_split(model, batches, "confidences")
    knots = confidence_fit.fit_to(predictions, size)
    if knots is None:
        raise cli.UserError(f"--dataset={FLAGS.dataset}: no joint is labelled; take another")
    return knots


if __name__ == "__main__":
    cli.run(main)
