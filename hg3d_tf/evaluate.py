"""Measure trained networks: `python -m hg3d_tf.evaluate --workdir=runs/stage3 --dataset=wild`.

Prints a table per protocol, a row for each system, the poster's rows above where it has them, and
the line that says how it was measured. Where TF_CONFIG lists hosts, run it on each: each measures
its part of every split, and the first tells. --predictions scores another system's poses; the
file's format is described in hg3d_tf/evaluation/predictions_file.py.
"""

import dataclasses
import sys
from pathlib import Path

from absl import flags

from hg3d_tf import cli
from hg3d_tf.data.mix import parse_mix

FLAGS = flags.FLAGS

SYNTHETIC = "synthetic"

_MEAN_POSE = "mean_pose"  # row of --mean_pose_of
_PICTURED = {"worst": 6, "typical": 3}  # predictions on the pictures of these flags

cli.DEFINE_paths("workdir", "Training folders; several are compared.", tensorflow=True)
flags.DEFINE_list("dataset", [], "Datasets to measure on [those that the protocol belongs to].")
flags.DEFINE_string(
    "split",
    None,
    "Split of the datasets [test; of mpii, lspet, and where there is no test, validation].",
)
cli.DEFINE_path("data_dir", None, "Folder of prepared datasets [$TFDS_DATA_DIR, else data].")
flags.DEFINE_list(
    "protocol",
    [SYNTHETIC],
    "How to measure, all on the same predictions: synthetic, h36m_paper, h36m_p1, h36m_pa,"
    " mpii_pckh, mpi_inf_3dhp_official, mpi_inf_3dhp_paper, bone_symmetry, depth_quality, by_pose,"
    " by_view, by_turn, pck_box, pck_hmr.",
)
flags.DEFINE_bool(
    "flip_test", None, "Average over the image and its mirror image [as the network was trained]."
)
flags.DEFINE_integer(
    "batch_size", 32, "Samples in a batch; results do not depend on it.", lower_bound=1
)
flags.DEFINE_float(
    "max_bad_fraction",
    0.01,
    "Share of examples that may be unreadable, and are then left out.",
    0,
    1,
)
cli.DEFINE_parsed(
    "mean_pose_of",
    None,
    parse_mix,
    "Also measure the mean pose of this training mix, e.g. studio:0.5,wild:0.5.",
)
cli.DEFINE_path("predictions", None, "Predictions to measure (.npz, .json), of one dataset.")
cli.DEFINE_path("save_predictions", None, "File (.npz, .json) for one network's predictions.")
cli.DEFINE_png("worst", None, "PNG of one network's worst predictions on one dataset.")
cli.DEFINE_png("typical", None, "PNG of one network's predictions at the median error.")
cli.DEFINE_path("output", None, "JSON file for the results.")
cli.DEFINE_path("markdown", None, "Markdown file for the tables.")


def main() -> int:
    """Evaluate, print the tables, write the files; return 1 if a part could not be measured."""
    from hg3d_tf import files
    from hg3d_tf.evaluation import reports
    from hg3d_tf.training import strategies

    check_flags()
    results, failures = evaluate()
    if not results:
        raise cli.UserError(failures[0])
    if not strategies.is_chief():
        return 0
    print(reports.as_text(results))
    if FLAGS.output:
        files.write_json(FLAGS.output, reports.as_json(results))
    if FLAGS.markdown:
        files.write_text(FLAGS.markdown, reports.as_markdown(results))
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)
    return 1 if failures else 0


def check_flags() -> None:
    """Raise UserError for flags that cannot be, before the work starts."""
    from hg3d_tf.evaluation.protocols import registry
    from hg3d_tf.pose_files import named_arrays

    systems = [*FLAGS.workdir, *([FLAGS.predictions] if FLAGS.predictions else [])]
    cli.require(systems, "workdir", "name the folder that training wrote to, or --predictions")
    for name in FLAGS.protocol:
        if name not in registry.PROTOCOLS and name != SYNTHETIC:
            known = ", ".join((SYNTHETIC, *registry.PROTOCOLS))
            raise cli.UserError(f"--protocol={name} is unknown; there are {known}")
    datasets = _plan()
    if FLAGS.predictions and len(datasets) != 1:
        raise cli.UserError("--predictions are of one dataset: name it by --dataset")
    for flag in ("save_predictions", *_PICTURED):
        if FLAGS[flag].value and (len(FLAGS.workdir) != 1 or len(datasets) != 1):
            raise cli.UserError(f"--{flag} wants one --workdir and one --dataset")
    if FLAGS.save_predictions:
        named_arrays.checked_suffix(FLAGS.save_predictions)
    cli.require_writable("save_predictions", *_PICTURED, "output", "markdown")


def _require_a_network() -> None:
    """Raise UserError unless a folder is a training's, or others' predictions are measured."""
    from hg3d_tf import weights
    from hg3d_tf.training import checkpoints

    problems = []
    for workdir in FLAGS.workdir:
        if workdir in weights.FOLDERS or FLAGS.predictions:
            return
        try:
            checkpoints.load_model_config(workdir)
            return
        except cli.UserError as error:
            problems.append(error)
    if problems:
        raise problems[0]


def evaluate():
    """Return protocol -> dataset -> row -> Result, and a line for each part that failed."""
    _require_a_network()
    results: dict = {}
    failures: list[str] = []
    for row, dataset, predictions, size, note in predict_all(failures):
        for protocol in _plan()[dataset]:
            try:
                result = measure(protocol, predictions, size)
            except cli.UserError as error:
                failures.append(f"{row} on {dataset}: {error}")
                continue
            result = dataclasses.replace(result, note=note)
            results.setdefault(protocol, {}).setdefault(dataset, {})[row] = result
    return results, failures


def _plan() -> dict[str, list[str]]:
    """Return the protocols to measure by on each dataset."""
    from hg3d_tf.evaluation.protocols import homes

    return homes.plan(FLAGS.protocol, FLAGS.dataset)


def _split(dataset: str) -> str:
    from hg3d_tf.data import input_pipeline
    from hg3d_tf.evaluation.protocols import homes

    return FLAGS.split or homes.split_of(dataset, input_pipeline.data_dir_of(FLAGS.data_dir))


def measure(protocol: str, predictions, size: int):
    """Return the Result of predictions whose labels refer to crops of `size` px."""
    from hg3d_tf.evaluation import scoring
    from hg3d_tf.evaluation.protocols import inputs, registry
    from hg3d_tf.evaluation.protocols.result import Result

    if protocol != SYNTHETIC:
        return registry.evaluate(protocol, predictions)
    try:
        for name in ("predicted_2d_norm", "predicted_depth"):
            inputs.field(predictions, name)
    except cli.UserError as error:
        raise cli.UserError(f"protocol {protocol}: {error}") from error
    return Result(scoring.summarize(predictions, size), scoring.PROTOCOL)


def predict_all(failures: list[str]):
    """Yield row, dataset, predictions, their crop's px and how they were made.

    A network that cannot be measured adds a line to `failures`; the others are.
    """
    from hg3d_tf.data import input_pipeline, prepared
    from hg3d_tf.evaluation import scoring

    data_dir = input_pipeline.data_dir_of(FLAGS.data_dir)
    for name in _plan():
        prepared.checked_builder(name, _split(name), data_dir)  # fail before the work starts
        if not FLAGS.split and _split(name) != "test":
            print(f"{name}: measured on its split {_split(name)}")
    pose, with_mean_pose = None, set() if FLAGS.mean_pose_of else set(_plan())
    for row, name, predictions, size, note in _systems(data_dir, failures):
        if name not in with_mean_pose:
            with_mean_pose.add(name)
            pose = pose or scoring.mean_pose(
                FLAGS.mean_pose_of, size, data_dir, FLAGS.max_bad_fraction
            )
            yield _MEAN_POSE, name, scoring.with_constant_pose(predictions, pose), size, ""
        yield row, name, predictions, size, note


def _systems(data_dir: str, failures: list[str]):
    from hg3d_tf.evaluation import predictions_file, scoring
    from hg3d_tf.pose_files import named_arrays
    from hg3d_tf.training import checkpoints, hosts, strategies

    strategy = strategies.create_strategy()
    rows = _row_names()
    for workdir in dict.fromkeys(FLAGS.workdir):
        row = rows[workdir]
        try:
            with hosts.measuring_scope(strategy):
                model = checkpoints.load_model(workdir)
        except cli.UserError as error:
            failures.append(str(error))
            continue
        if FLAGS.flip_test is not None:
            model.config = dataclasses.replace(model.config, flip_test=FLAGS.flip_test)
        note = "flip test" if model.config.flip_test else "no flip test"
        size = model.config.input_size
        for name in _plan():
            try:
                predictions = _predict(model, strategy, workdir, name, data_dir)
            except cli.UserError as error:
                if strategies.num_processes(strategy) > 1:
                    raise  # the others wait for this one's part
                failures.append(str(error))
                continue
            if FLAGS.save_predictions and strategies.is_chief():
                predictions_file.save(FLAGS.save_predictions, predictions)
            yield row, name, predictions, size, note
    if FLAGS.predictions:
        arrays = named_arrays.load(FLAGS.predictions)
        (name,), size = _plan(), 256  # any: the labels are compared as shares of the crop
        labels = scoring.load_labels(name, _split(name), size, data_dir, FLAGS.max_bad_fraction)
        joined = predictions_file.join(labels, arrays, FLAGS.predictions)
        yield rows[FLAGS.predictions], name, joined, size, ""


def _predict(model, strategy, workdir: str, name: str, data_dir: str):
    from hg3d_tf.data import input_pipeline
    from hg3d_tf.data.bad_records import BadRecords
    from hg3d_tf.evaluation import scoring
    from hg3d_tf.training import hosts, strategies

    size, bad_records = model.config.input_size, BadRecords(FLAGS.max_bad_fraction)
    split = (name, _split(name), size, FLAGS.batch_size, data_dir)
    host, num_hosts = strategies.place(strategy)
    batches = input_pipeline.evaluation_batches(
        *split, bad_records=bad_records, host=host, num_hosts=num_hosts
    )
    with bad_records.stop_as_user_error():
        predictions = scoring.predict_split(model, batches, f"{workdir} on {name}")
    try:
        with strategies.peer_errors(strategy):
            predictions = hosts.gather(strategy, predictions)
    except strategies.PeerLost as error:
        raise cli.UserError(f"another host was lost ({error}): start all of them again") from error
    if host == 0 and any(FLAGS[flag].value for flag in _PICTURED):
        # They were judged above: here they are neither counted again nor the end.
        whole = input_pipeline.evaluation_batches(*split, bad_records=BadRecords(1.0))
        _draw(predictions, whole)
    if bad_records.count:
        print(f"{name}: {bad_records.count} examples left out of the results of {workdir}")
    return predictions


def _draw(predictions, batches) -> None:
    from hg3d_tf.evaluation import examples

    errors = examples.errors(predictions)
    sheets = {
        FLAGS[flag].value: getattr(examples, flag)(errors, count)
        for flag, count in _PICTURED.items()
        if FLAGS[flag].value
    }
    examples.draw(sheets, predictions, batches)


def _row_names() -> dict[str, str]:
    """Return folder or file of a system -> its name; paths again where two names are the same."""
    names = {path: Path(path).name for path in FLAGS.workdir}
    if FLAGS.predictions:
        names[FLAGS.predictions] = Path(FLAGS.predictions).stem
    taken = [*names.values(), *([_MEAN_POSE] if FLAGS.mean_pose_of else [])]
    return names if len(set(taken)) == len(taken) else {path: path for path in names}


if __name__ == "__main__":
    cli.run(main)
