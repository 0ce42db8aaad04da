"""Measure trained networks: `python -m hg3d_tf.evaluate --workdir=runs/stage3 --dataset=wild`.

Prints one row per network and the line that says how it was measured; --output keeps both as JSON.
"""

from pathlib import Path

from absl import flags

from hg3d_tf import cli

FLAGS = flags.FLAGS

flags.DEFINE_list("workdir", None, "Training folders; several are compared.")
flags.DEFINE_list("dataset", ["wild", "studio"], "Datasets to measure on.")
flags.DEFINE_string("split", "test", "Split of the datasets.")
flags.DEFINE_string("data_dir", None, "Folder of prepared datasets [$TFDS_DATA_DIR, else data].")
flags.DEFINE_integer("batch_size", 32, "Samples in a batch; results do not depend on it.")
flags.DEFINE_string(
    "mean_pose_of", "", "Also measure the mean pose of this training mix, e.g. studio:0.5,wild:0.5."
)
flags.DEFINE_string("output", None, "JSON file for the results.")


def main() -> None:
    """Evaluate, print the table, write the JSON."""
    cli.require(FLAGS.workdir, "workdir", "name the folder that training wrote to")
    from hg3d_tf import evaluation, files, tables

    with cli.flag_errors():
        results = evaluate()
    print(tables.as_text(tables.results_table(results)))
    print(evaluation.PROTOCOL)
    if FLAGS.output:
        files.write_json(FLAGS.output, results)


def evaluate() -> dict:
    """Return row -> dataset -> metric -> value."""
    from hg3d_tf import checkpoints, evaluation, input_pipeline

    if FLAGS.batch_size < 1:
        raise ValueError(f"batch_size is {FLAGS.batch_size}, must be positive")
    data_dir = FLAGS.data_dir or input_pipeline.default_data_dir()
    for name in FLAGS.dataset:
        input_pipeline.load_split(name, FLAGS.split, data_dir)  # fail before the work starts
    results = {"mean_pose": {}} if FLAGS.mean_pose_of else {}
    for workdir in FLAGS.workdir:
        model = checkpoints.load_model(workdir)
        size = model.config.input_size
        if FLAGS.mean_pose_of and not results["mean_pose"]:
            pose = evaluation.mean_pose(FLAGS.mean_pose_of, size, data_dir)
        row = results.setdefault(Path(workdir).name, {})
        for name in FLAGS.dataset:
            batches = input_pipeline.evaluation_batches(
                name, FLAGS.split, size, FLAGS.batch_size, data_dir
            )
            predictions = evaluation.predict_split(model, batches, f"{workdir} on {name}")
            row[name] = evaluation.summarize(predictions, size)
            if FLAGS.mean_pose_of and name not in results["mean_pose"]:
                constant = evaluation.with_constant_pose(predictions, pose)
                results["mean_pose"][name] = evaluation.summarize(constant, size)
    return results


if __name__ == "__main__":
    cli.run(main)
