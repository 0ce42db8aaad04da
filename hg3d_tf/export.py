"""Write a SavedModel that takes image bytes: `python -m hg3d_tf.export --workdir=runs/stage3`.

It appears whole under OUTPUT_DIR/VERSION/, as TF Serving wants it.
"""

from pathlib import Path

from absl import flags

from hg3d_tf import cli

FLAGS = flags.FLAGS

flags.DEFINE_string("workdir", None, "Training folder whose newest weights are exported.")
flags.DEFINE_string("output_dir", None, "Folder of the model's versions [WORKDIR/saved_model].")
flags.DEFINE_string(
    "recalibrate_on",
    "",
    "Mix to measure batch normalisation's statistics on anew; none: as trained.",
)
flags.DEFINE_integer("recalibrate_batches", 100, "Batches of 16 to measure on.", lower_bound=1)
flags.DEFINE_string("data_dir", None, "Folder of prepared datasets [$TFDS_DATA_DIR, else data].")
flags.DEFINE_integer("version", None, "Number of this version [one more than the newest there].")


def main() -> None:
    """Export and print the path."""
    cli.require(FLAGS.workdir, "workdir", "name the folder that training wrote to")
    output_dir = Path(FLAGS.output_dir or Path(FLAGS.workdir) / "saved_model")
    version = FLAGS.version if FLAGS.version is not None else _next_version(output_dir)
    path = output_dir / str(version)
    if path.exists():
        raise cli.UserError(f"{path} exists: choose another --version or remove it")
    from hg3d_tf import checkpoints

    model = checkpoints.load_model(FLAGS.workdir)
    cli.writable_folder(output_dir)
    if FLAGS.recalibrate_on:
        recalibrate(model)
    save(model, path)
    print(f"SavedModel: {path}")


def recalibrate(model) -> None:
    """Measure batch normalisation's statistics on the mix that the flags name."""
    from hg3d_tf import batch_statistics, input_pipeline

    with cli.flag_errors():
        config = input_pipeline.InputConfig(
            mix=FLAGS.recalibrate_on,
            batch_size=16,
            data_dir=FLAGS.data_dir or input_pipeline.default_data_dir(),
        )
    batches = input_pipeline.train_batches(config, model.config.input_size)
    images = batches.map(lambda batch: batch["image"])
    batch_statistics.recalibrate(model, images.take(FLAGS.recalibrate_batches))


def save(model, path: Path) -> None:
    """Write the SavedModel of a network; a reader sees it whole or not at all."""
    import tensorflow as tf

    from hg3d_tf import files
    from hg3d_tf.serving import PoseServer

    server = PoseServer(model)
    signatures = {"serving_default": server.predict, "predict_boxes": server.predict_boxes}
    with files.atomic_path(path) as temporary:
        tf.saved_model.save(server, str(temporary), signatures=signatures)


def _next_version(folder: Path) -> int:
    there = [int(path.name) for path in folder.glob("*") if path.name.isdigit()]
    return max(there, default=0) + 1


if __name__ == "__main__":
    cli.run(main)
