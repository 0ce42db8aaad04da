"""Weigh the geometry loss apart from the network: `python experiments/lifting.py`.

Depth is lifted from true 2D joints. A lifter learns from the lab's 3D labels; in a last stage it
goes on with them alone, and with the geometry loss on other people's 2D labels as well, once for
each weight. Measured on a test split with 3D truth; a table of mean and spread over seeds, and of
what each weight changes in each seed. Five minutes on two cores.
"""

import sys
from pathlib import Path

from absl import flags

ROOT = Path(__file__).resolve().parent
sys.path[:0] = [str(ROOT), str(ROOT.parent)]

import ablation_tables  # noqa: E402

from hg3d_tf import cli, files  # noqa: E402

FLAGS = flags.FLAGS

flags.DEFINE_string("lab", "synthetic_humans/studio_makehuman", "Dataset with 3D labels.")
flags.DEFINE_string(
    "labels_2d",
    "synthetic_humans/street_makehuman",
    "Dataset whose 2D labels get the geometry loss; 3D labels that it has are not looked at.",
)
flags.DEFINE_string("test", "synthetic_humans/wild_makehuman", "Dataset to measure on.")
flags.DEFINE_list("weights", ["0.3", "1"], "Of the geometry loss; 0 is always measured.")
flags.DEFINE_enum(
    "bone_weighting", "paper_code", ["paper_code", "canonical"], "Of the geometry loss."
)
flags.DEFINE_integer(
    "virtual_views",
    0,
    "Also learn depth from so many turned views of each pose of the lab.",
    lower_bound=0,
)
flags.DEFINE_list("seeds", ["0", "1", "2"], "One training of all rows for each.")
flags.DEFINE_list("steps", ["2000", "1000"], "Before and in the last stage, 32 poses each.")
cli.DEFINE_path("data_dir", "", "Folder of prepared datasets [$TFDS_DATA_DIR, else data].")
cli.DEFINE_path("output", "runs/lifting.json", "JSON file for the table.")

_BATCH = 32
_RATES = (1e-3, 3e-4)  # at the start of each stage; cosine down to 0
_SIZE = 192  # px of the crops that the labels are relative to
_WITHOUT = "without geometry"


def main() -> None:
    """Train and measure every row; print and write the tables."""
    if not all(seed.isdecimal() for seed in FLAGS.seeds) or not FLAGS.seeds:
        raise cli.UserError(f"--seeds={','.join(FLAGS.seeds)} are not whole numbers")
    if len(FLAGS.steps) != 2 or not all(n.isdecimal() and int(n) for n in FLAGS.steps):
        raise cli.UserError(f"--steps={','.join(FLAGS.steps)} are not two positive whole numbers")
    weights = {f"geometry {weight}": _positive(weight) for weight in FLAGS.weights}
    cli.writable_folder(str(Path(FLAGS.output).parent))  # fail before the work starts
    from tqdm import tqdm

    from hg3d_tf.data import input_pipeline
    from hg3d_tf.evaluation import scoring

    data_dir = input_pipeline.data_dir_of(FLAGS.data_dir)
    lab, others, test = (
        scoring.load_labels(name, split, _SIZE, data_dir)
        for name, split in ((FLAGS.lab, "train"), (FLAGS.labels_2d, "train"), (FLAGS.test, "test"))
    )
    if not lab["has_depth"].all():
        raise cli.UserError(f"--lab={FLAGS.lab} has people without depth: name a dataset with 3D")
    rows = {_WITHOUT: 0.0} | weights
    found = {row: [] for row in rows}
    for seed in tqdm(FLAGS.seeds, desc="seeds", disable=None):
        for row, lifter in _train(rows, lab, others, int(seed)):
            found[row].append(_measure(lifter, test))
    for row in weights:
        found[f"{row}, change"] = list(map(_difference, found[row], found[_WITHOUT]))
    summary = ablation_tables.summarize(found)
    print(ablation_tables.as_text(summary))
    files.write_json(FLAGS.output, {"seeds": FLAGS.seeds, "protocols": summary})


def _positive(weight: str) -> float:
    try:
        value = float(weight)
    except ValueError:
        value = 0.0
    if not 0 < value < float("inf"):
        raise cli.UserError(f"--weights: {weight!r} is not a positive number")
    return value


def _train(rows: dict[str, float], lab, others, seed: int):
    """Yield each row's name and trained lifter; all go on from the same one."""
    from hg3d_tf.network.keras_api import keras
    from hg3d_tf.network.pyramid import Lifter

    keras.utils.set_random_seed(seed)
    lifter = Lifter(dtype="float32")
    lifter(lab["joints_2d_norm"][:1])
    first, last = map(int, FLAGS.steps)
    _stage(lifter, lab, others, 0.0, (seed, 0), first, _RATES[0])
    start = lifter.get_weights()
    for row, weight in rows.items():
        lifter.set_weights(start)
        _stage(lifter, lab, others, weight, (seed, 1), last, _RATES[1])
        yield row, lifter


def _stage(lifter, lab, others, weight: float, seed, steps: int, rate: float) -> None:
    import tensorflow as tf

    from hg3d_tf import losses
    from hg3d_tf.network import virtual_views
    from hg3d_tf.network.keras_api import keras

    optimizer = keras.optimizers.Adam(keras.optimizers.schedules.CosineDecay(rate, steps))
    variables = lifter.trainable_variables
    optimizer.build(variables)

    def drawn(labels, names, number):
        count = len(labels["joints_2d_norm"])
        index_seed = tf.stack([1000 * seed[0] + seed[1], number])
        index = tf.random.stateless_uniform([_BATCH], index_seed, 0, count, tf.int32)
        return [tf.gather(tf.constant(labels[name]), index) for name in names]

    @tf.function
    def train():
        for step in tf.range(steps):
            places, depth = drawn(lab, ("joints_2d_norm", "depth"), 2 * step)
            places_2d, visible = drawn(others, ("joints_2d_norm", "visible"), 2 * step + 1)
            with tf.GradientTape() as tape:
                loss = losses.depth_loss(lifter(places)[0], depth)
                if FLAGS.virtual_views:
                    # `virtual_views` draws from four seeds, one after the other.
                    view_seed = tf.stack([1000 * seed[0] + seed[1], 4 * step])
                    views = FLAGS.virtual_views
                    loss += virtual_views.lifting_loss(lifter, places, depth, views, view_seed)
                if weight:
                    lifted = lifter(places_2d)[0]
                    kind = FLAGS.bone_weighting
                    loss += weight * losses.geometry_loss(places_2d, lifted, visible, kind)
            optimizer.apply_gradients(zip(tape.gradient(loss, variables), variables, strict=True))

    # Not train(): a function a stage would be warned of as retracing.
    train.get_concrete_function()()


def _measure(lifter, test) -> dict:
    from hg3d_tf.evaluation.protocols import registry

    predictions = test | {
        "predicted_2d_norm": test["joints_2d_norm"],
        "predicted_depth": lifter(test["joints_2d_norm"])[0].numpy(),
    }
    blocks = {}
    for name in ("by_pose", "bone_symmetry"):
        result = registry.evaluate(name, predictions)
        block = {"statement": result.statement, "poster": {}, "poster_source": ""}
        blocks[name] = {FLAGS.test: block | {"rows": {"": result.values}}}
    return blocks


def _difference(measured: dict, reference: dict) -> dict:
    """Return what is measured less what the reference has, value by value."""
    if isinstance(measured, dict):
        return {name: _difference(value, reference[name]) for name, value in measured.items()}
    return measured - reference if isinstance(measured, float) else measured


if __name__ == "__main__":
    cli.run(main)
