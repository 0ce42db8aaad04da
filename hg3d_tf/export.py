"""Write what serves a network: `python -m hg3d_tf.export --workdir=runs/stage3`.

Without --workdir it is the network in the package, whose weights are for research only
(hg3d_tf/weights/README.md); files then go to runs/shipped/.

A SavedModel that takes image bytes, whole under OUTPUT_DIR/VERSION/, as TF Serving wants it. Or,
with --tflite=float32,float16,dynamic,int8, files for phones and browsers: OUTPUT_DIR/FORM.tflite,
finder.tflite, which finds the people, and a report (report.md, report.json) of size, operators,
speed, and loss on a test set. int8 takes its ranges from training data, or from any pictures of
people: --calibration_photos=FOLDER.
"""

import importlib.util
import tempfile
from pathlib import Path

from absl import flags

from hg3d_tf import cli
from hg3d_tf.data.mix import parse_mix

FLAGS = flags.FLAGS

_BROKEN = "LiteRT cannot run the file, as it can happen to a hardly trained network: train longer"

cli.DEFINE_path(
    "workdir",
    "shipped",
    "Training folder whose newest weights are exported; shipped: the network in the package;"
    " shipped-large: its larger sibling, for servers.",
    tensorflow=True,
)
cli.DEFINE_path(
    "output_dir",
    None,
    "Folder of the versions [WORKDIR/saved_model] or of the files [WORKDIR/tflite]; of the network"
    " in the package [runs/shipped/...].",
    tensorflow=True,
)
cli.DEFINE_parsed(
    "recalibrate_on",
    None,
    parse_mix,
    "Mix to measure batch normalisation's statistics on anew; none: as trained.",
)
flags.DEFINE_integer("recalibrate_batches", 100, "Batches of 16 to measure on.", lower_bound=1)
flags.DEFINE_integer(
    "people",
    8,
    "Most people that the signature predict_people finds in a picture; 0 leaves it out, and the"
    " finder.",
    lower_bound=0,
    upper_bound=50,
)
flags.DEFINE_integer(
    "version",
    None,
    "Number of this version [one more than the newest there].",
    lower_bound=0,  # TF Serving passes over other folders
)
flags.DEFINE_list(
    "tflite", [], "Write these forms for LiteRT instead: float32, float16, dynamic, int8."
)
cli.DEFINE_path("data_dir", None, "Folder of prepared datasets [$TFDS_DATA_DIR, else data].")
cli.DEFINE_parsed(
    "mix",
    "studio:0.5,wild:0.5",
    parse_mix,
    "Training mix that int8's ranges are taken from, as for train.",
)
cli.DEFINE_path(
    "calibration_photos",
    None,
    "Folder of any pictures of people that int8's ranges are taken from instead of --mix.",
)
flags.DEFINE_integer("calibration_samples", 200, "Images for int8's ranges.", lower_bound=1)
flags.DEFINE_string(
    "dataset",
    None,
    "Dataset that the files' loss is measured on [wild, if it is there; else the"
    " --calibration_photos, without labels].",
)
flags.DEFINE_string(
    "split", None, "Split of --dataset that the files' loss is measured on [as for evaluate]."
)
flags.DEFINE_float("max_pck_loss", 2.0, "Points of PCK that a file may lose.")
flags.DEFINE_float("max_mpjpe_rise", 5.0, "Percent by which a file's MPJPE may be larger.")
flags.DEFINE_bool("force", False, "Write files that lose more, too.")


def main() -> None:
    """Export and print the paths."""
    if FLAGS.tflite:
        export_tflite()
    else:
        export_saved_model()


def export_saved_model() -> None:
    """Write the next version of the SavedModel."""
    from hg3d_tf.training import checkpoints

    output_dir = _checked_output_dir("saved_model")
    version = FLAGS.version if FLAGS.version is not None else _next_version(output_dir)
    path = output_dir / str(version)
    if path.exists():
        raise cli.UserError(f"{path} exists: choose another --version or remove it")
    model = checkpoints.load_model(FLAGS.workdir)
    if FLAGS.recalibrate_on:
        recalibrate(model)
    save(model, path, FLAGS.people)
    print(f"SavedModel: {path}")


def _checked_output_dir(kind: str) -> Path:
    """Return the folder to write to, which is made; before it, look whether there is a network.

    Raises:
      UserError: if there is none, or nothing can be written to the folder.
    """
    from hg3d_tf import weights
    from hg3d_tf.training import checkpoints

    checkpoints.check(FLAGS.workdir)  # else a folder would be made in one that is none
    inside = Path("runs" if FLAGS.workdir in weights.FOLDERS else "", FLAGS.workdir)
    return cli.writable_folder(str(FLAGS.output_dir or inside / kind))


def recalibrate(model) -> None:
    """Measure batch normalisation's statistics on the mix that the flags name."""
    from hg3d_tf.data import input_pipeline
    from hg3d_tf.training import batch_statistics

    config = input_pipeline.InputConfig(
        mix=FLAGS.recalibrate_on,
        batch_size=16,
        data_dir=input_pipeline.data_dir_of(FLAGS.data_dir),
    )
    batches = input_pipeline.train_batches(config, model.config.input_size)
    images = batches.map(lambda batch: batch["image"])
    batch_statistics.recalibrate(model, images.take(FLAGS.recalibrate_batches))


def export_tflite() -> None:
    """Write the forms of --tflite and the report.

    Raises:
      UserError: after all else is written, where files lose too much.
    """
    from hg3d_tf import weights
    from hg3d_tf.tflite import conversion, exported_files, litert, measurement
    from hg3d_tf.training import checkpoints

    unknown = [form for form in FLAGS.tflite if form not in conversion.FORMS]
    if unknown:
        raise cli.UserError(
            f"--tflite={unknown[0]} is unknown; there are {', '.join(conversion.FORMS)}"
        )
    if FLAGS.workdir in weights.FOLDERS:
        ready = weights.MODEL_FILES[FLAGS.workdir]
        print(f"ready already, mostly int8: {ready}; the finder: {weights.FINDER_FILE}")
    output_dir = _checked_output_dir("tflite")
    exported_files.require_no_folders(output_dir, FLAGS.tflite)
    model = checkpoints.load_model(FLAGS.workdir)
    if FLAGS.recalibrate_on:
        recalibrate(model)
    images, batches, test_set = _pictures(model.config.input_size)
    contents = exported_files.convert(model, FLAGS.tflite, images)
    broken = [form for form in contents if not litert.can_run(contents[form])]
    for form in broken:
        del contents[form]
    if not contents:
        raise cli.UserError(f"{', '.join(broken)}: {_BROKEN}")
    report = measurement.measure(model, contents, batches) | {"test_set": test_set}
    refused = measurement.refused(report, FLAGS.max_pck_loss, FLAGS.max_mpjpe_rise)
    kept = [form for form in contents if FLAGS.force or form not in refused]
    of_finder = exported_files.convert_finder(kept)
    report |= {"finder": measurement.measure_finder(of_finder)}
    written = {form: contents[form] for form in kept} | of_finder
    exported_files.write(output_dir, written, report, model.config)
    if len(kept) < len(contents):
        limits = (
            f"--max_pck_loss={FLAGS.max_pck_loss:g} or --max_mpjpe_rise={FLAGS.max_mpjpe_rise:g}"
        )
        raise cli.UserError(
            f"{', '.join(refused)} not written: more loss than {limits} allows, see"
            f" {output_dir / 'report.md'}; --force writes them"
        )
    if broken:
        raise cli.UserError(f"{', '.join(broken)} not written: {_BROKEN}")


def _pictures(size: int):
    """Return crops for int8's ranges, batches to measure on or None, and what these are of."""
    from hg3d_tf.data import input_pipeline
    from hg3d_tf.evaluation.protocols import homes
    from hg3d_tf.prediction import calibration
    from hg3d_tf.tflite import exported_files, measurement

    count = FLAGS.calibration_samples
    data_dir = input_pipeline.data_dir_of(FLAGS.data_dir)
    crops = []
    if FLAGS.calibration_photos:
        crops = calibration.crops(FLAGS.calibration_photos, size, count)
    elif "int8" in FLAGS.tflite:
        try:
            crops = exported_files.training_images(FLAGS.mix, data_dir, size, count)
        except cli.UserError as error:
            raise cli.UserError(f"{error}, or give --calibration_photos=FOLDER") from error
    dataset = FLAGS.dataset or "wild"
    split = FLAGS.split or homes.split_of(dataset, data_dir)
    try:
        batches = input_pipeline.evaluation_batches(dataset, split, size, 32, data_dir)
        return crops, batches, f"{dataset}, {split}"
    except cli.UserError:
        if FLAGS.dataset:
            raise
    if FLAGS.calibration_photos:
        return crops, measurement.unlabelled(crops), FLAGS.calibration_photos
    return crops, None, ""


def save(model, path: Path, most_people: int = 8) -> None:
    """Write the SavedModel of a network; a reader sees it whole or not at all.

    Where `most_people` is not 0, it has the signature `predict_people`, with the package's finder.

    Its assets hold what the signature `describe` gives, as description.json, and, where
    tensorflow-serving-api is installed, requests that warm a server up.
    """
    import tensorflow as tf

    from hg3d_tf import files
    from hg3d_tf.network import shipped
    from hg3d_tf.serving.pose_server import PoseServer

    finder = shipped.load_finder() if most_people else None
    server = PoseServer(model, path.name, finder, most_people)
    with tempfile.TemporaryDirectory() as folder, files.atomic_path(path) as temporary:
        description = Path(folder, "description.json")
        description.write_text(server.description, encoding="utf-8")
        # Signatures alone are saved: the functions behind them would each be traced once more.
        root = tf.Module(name="hg3d")
        root.weights = server.variables
        root.description_file = tf.saved_model.Asset(str(description))
        tf.saved_model.save(root, str(temporary), signatures=server.signatures())
        if importlib.util.find_spec("tensorflow_serving"):  # the extra `serving`
            from hg3d_tf.serving import warmup

            warmup.write_warmup(temporary, people=bool(most_people))


def _next_version(folder: Path) -> int:
    there = [int(path.name) for path in folder.glob("*") if path.name.isdigit()]
    return max(there, default=0) + 1


if __name__ == "__main__":
    cli.run(main)
