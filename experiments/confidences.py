"""What a network's confidences are worth: python experiments/confidences.py [--workdir=RUN].

Of the labelled joints of a prepared dataset, by tenths of confidence: how many there are, their
mean confidence, and how many lie within 0.1 of the longer side of the person's box. Where both are
equal a confidence is a probability; the last row says by how much they differ, the mean over all
joints. Three tables: of the peaks of the heat maps; of the confidences; and of confidences whose
map was fitted to one half of the people and is measured on the other, both ways: as on people who
chose nothing.
"""

import sys
from pathlib import Path

import numpy as np
from absl import flags

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hg3d_tf import cli, files

FLAGS = flags.FLAGS

cli.DEFINE_path("workdir", "shipped", "Training folder of the network.", tensorflow=True)
cli.DEFINE_path("model", None, "A .tflite file exported from it as it is, to look with instead.")
flags.DEFINE_string("dataset", "lspet", "Prepared dataset.")
flags.DEFINE_string("split", "validation", "Its split.")
cli.DEFINE_path("data_dir", None, "Folder of prepared datasets [$TFDS_DATA_DIR, else data].")
cli.DEFINE_path("output", "runs/confidences.json", "JSON file for the tables.")


def main() -> None:
    """Look, count, print and write the tables."""
    cli.writable_folder(str(Path(FLAGS.output).parent))  # fail before the work starts
    from confidence_tables import fitted_to_others, mapped, table

    from hg3d_tf.pictures import tables

    peaks, right, person, knots = _looked()
    measured = {
        "peaks": table(peaks, right),
        "confidences": table(mapped(peaks, knots), right),
        "fitted to others": table(fitted_to_others(peaks, right, person), right),
    }
    for name, rows in measured.items():
        print(f"\n{name}\n{tables.as_text(tables.protocol_table(rows, {}, 3))}")
    files.write_json(FLAGS.output, {"joints": len(peaks), "tables": measured})


def _looked() -> tuple:
    """Return peak [N], whether it is right [N], and number of its person [N] of all joints."""
    from hg3d_tf.data import input_pipeline
    from hg3d_tf.evaluation import confidence_fit, scoring
    from hg3d_tf.tflite import measurement
    from hg3d_tf.tflite.litert import TfliteRunner
    from hg3d_tf.training import checkpoints

    model = checkpoints.load_model(FLAGS.workdir)
    size, knots = model.config.input_size, model.config.confidence_knots
    model.config = checkpoints.with_knots(model.config, ())
    data_dir = input_pipeline.data_dir_of(FLAGS.data_dir)
    split = (FLAGS.dataset, FLAGS.split, size, 32, data_dir)
    batches = input_pipeline.evaluation_batches(*split)
    if FLAGS.model:
        runner = TfliteRunner(Path(FLAGS.model).read_bytes(), num_threads=2)
        predictions = scoring.collect(
            batches, lambda batch: measurement.predict_batch(runner, batch, model.config), "file"
        )
        if knots:  # which rise: back to what the file mapped
            shares, peaks = np.transpose(knots)[::-1]
            predictions["confidence"] = np.interp(predictions["confidence"], shares, peaks)
    else:
        predictions = scoring.predict_split(model, batches, "network")
    peaks, right, person = confidence_fit.labelled(predictions, size)
    return peaks, right, person, knots


if __name__ == "__main__":
    cli.run(main)
