"""Measure speed on this machine: `python -m hg3d_tf.benchmark --what=train --num_features=128`.

Prints what was measured, and writes it with --output as JSON beside the settings and the machine.
Compare numbers of one run only: they depend on the machine and on what else it does.
"""

import dataclasses
import sys
from pathlib import Path

from absl import flags

from hg3d_tf import cli

FLAGS = flags.FLAGS

flags.DEFINE_enum(
    "what",
    "train",
    ["train", "input", "build", "serving", "predict"],
    "train: a training step of a network, by part. input: the input pipeline on photos made for"
    " it, its limit, OpenCV, a training that it feeds, and its memory over --seconds. build:"
    " turning videos into a prepared dataset, and its memory; with --assets_dir, rendering people,"
    " beside another commit (--against). serving: what decoding, cropping and"
    " decoding joints cost beside the network, batching, and LiteRT on one thread. predict: the"
    " parts of a photo and a film, beside MediaPipe (--peer) and another commit (--against).",
)
flags.DEFINE_integer("batch_size", 6, "Samples in a batch.", lower_bound=1)
cli.DEFINE_path(
    "workdir",
    None,
    "serving: measure the network of this training folder, `shipped` or `shipped-large`, not that"
    " of the flags.",
    tensorflow=True,
)
flags.DEFINE_integer("num_stacks", 2, "Hourglasses, one after the other.")
flags.DEFINE_integer("num_features", 256, "Channels of the hourglasses.")
flags.DEFINE_integer("num_residuals", 2, "Residual modules at each place of an hourglass.")
flags.DEFINE_integer("input_size", 256, "Side of the network's input, px; a multiple of 64.")
flags.DEFINE_multi_enum(
    "precision",
    ["float32"],
    ["auto", "float32", "mixed_bfloat16", "mixed_float16"],
    "Precision of the layers; train: given again, a further one to compare.",
)
flags.DEFINE_integer("devices", 1, "train: logical CPUs that share a batch.", lower_bound=1)
flags.DEFINE_float("seconds", 10, "How long to repeat what is measured.", lower_bound=0)
flags.DEFINE_integer(
    "num_photos",
    96,
    "Images of each kind that --what=input makes; memory must not depend on it. With --hosts: those"
    " of the datasets whose start is measured. predict: in the folder for --against, made of"
    " --photos, repeated.",
    1,
)
cli.DEFINE_parsed(
    "hosts",
    "",
    cli.integers,
    "input: numbers of hosts, e.g. 1,2,4; measure what their input costs each of them, in processor"
    " time, two processes over loopback, and how soon input starts, and nothing else.",
)
cli.DEFINE_path("photos", None, "predict: folder of photos [a rendered person].")
cli.DEFINE_path("model", None, "predict: as of hg3d_tf.predict [what that takes].")
cli.DEFINE_path("film", None, "predict: a film [made of the first photo].")
cli.DEFINE_path(
    "peer",
    None,
    "predict: interpreter of an environment of its own with MediaPipe, which does the same photos"
    " and film: DIR/bin/python, if DIR is made by python3.11 -m venv DIR and has"
    " mediapipe==0.10.14, numpy<2, av and absl-py.",
)
cli.DEFINE_path(
    "against",
    None,
    "Folder of another commit. predict: does the same folder of photos. build: renders the same.",
)
cli.DEFINE_path(
    "assets_dir",
    None,
    "build: folder that street_makehuman is rendered from; nothing else is done.",
)
flags.DEFINE_integer("processes", 1, "predict: of the folder of photos.", lower_bound=1)
flags.DEFINE_integer("against_photos", 100, "predict: of the photos that --against does.", 1)
cli.DEFINE_path("output", None, "JSON file for the results.")


def main() -> None:
    """Measure, print, write."""
    from hg3d_tf import files
    from hg3d_tf.prediction import predictors
    from hg3d_tf.timing import machine

    _check_flags()
    cli.require_writable("output")
    if FLAGS.model:
        predictors.check(predictors.model_path(FLAGS.model))
    cli.import_tensorflow_quietly()
    with cli.flag_errors():
        result = {"what": FLAGS.what, "machine": machine()} | MEASUREMENTS[FLAGS.what]()
    for line in lines(result):
        print(line)
    if FLAGS.output:
        files.write_json(FLAGS.output, result)


def _check_flags() -> None:
    """Raise UserError for a flag that is not read: its help begins with another measurement."""
    for flag in FLAGS.get_key_flags_for_module(sys.modules[__name__]):
        what = flag.help.split(":")[0]
        if flag.present and what in MEASUREMENTS and what != FLAGS.what:
            raise cli.UserError(f"--{flag.name} is for --what={what}, not for --what={FLAGS.what}")


def measure_train() -> dict:
    """Measure the network that the flags describe."""
    from hg3d_tf.benchmarks import train
    from hg3d_tf.network import precision
    from hg3d_tf.network.pose_model import ModelConfig

    train.use_logical_devices(FLAGS.devices)
    config = ModelConfig(**cli.flag_values(ModelConfig))
    policies = [precision.resolve(name) for name in FLAGS.precision]
    measured = train.measure(config, FLAGS.batch_size, policies, FLAGS.seconds)
    settings = {"batch_size": FLAGS.batch_size, "devices": FLAGS.devices}
    return {"settings": cli.flag_values(ModelConfig) | settings, "train": measured}


def measure_input() -> dict:
    """Measure the input pipeline, and the network that the flags describe with it."""
    from hg3d_tf.benchmarks import input
    from hg3d_tf.network import precision
    from hg3d_tf.network.pose_model import ModelConfig

    config = ModelConfig(**cli.flag_values(ModelConfig))
    if FLAGS.hosts:
        return measure_hosts(config.input_size)
    policy = precision.resolve(FLAGS.precision[0])
    settings = {"batch_size": FLAGS.batch_size, "precision": policy}
    settings |= {"num_photos": FLAGS.num_photos}
    measured = input.measure(config, **settings, seconds=FLAGS.seconds)
    return {"settings": cli.flag_values(ModelConfig) | settings} | measured


def measure_hosts(size: int) -> dict:
    """Measure the input of several hosts."""
    from hg3d_tf.benchmarks import input, input_hosts

    for number in FLAGS.hosts:
        if number < 1 or FLAGS.batch_size % number:
            raise cli.UserError(
                f"--hosts: a batch of {FLAGS.batch_size} does not divide among {number}; change"
                " --batch_size"
            )
    measured = input_hosts.measure(
        input.KINDS, size, FLAGS.batch_size, FLAGS.hosts, FLAGS.num_photos
    )
    settings = {name: FLAGS[name].value for name in ("input_size", "batch_size", "num_photos")}
    return {"settings": settings} | measured


def measure_build() -> dict:
    """Measure the builders of the datasets."""
    from hg3d_tf.benchmarks import build, peer_process

    if not FLAGS.assets_dir:
        return {"build": build.measure()}
    against = FLAGS.against and peer_process.check_checkout(FLAGS.against)
    named = {name: FLAGS[name].value for name in ("assets_dir", "against")}
    return {"settings": named, "render": build.measure_rendering(FLAGS.assets_dir, against)}


def measure_serving() -> dict:
    """Measure the served graph of a network, and its phone files."""
    from hg3d_tf.benchmarks import serving
    from hg3d_tf.network.pose_model import ModelConfig, build_pose_model
    from hg3d_tf.training import checkpoints

    if FLAGS.workdir:
        model = checkpoints.load_model(FLAGS.workdir)
    else:
        model = build_pose_model(ModelConfig(**cli.flag_values(ModelConfig)))
    measured = serving.measure(model, FLAGS.batch_size, FLAGS.seconds)
    settings = dataclasses.asdict(model.config) | {"batch_size": FLAGS.batch_size}
    return {"settings": settings} | measured


def measure_predict() -> dict:
    """Measure predict, beside others where flags name them."""
    from hg3d_tf.benchmarks import peer_process, predict, predict_folder
    from hg3d_tf.prediction import photos

    against = FLAGS.against and peer_process.check_checkout(FLAGS.against)
    pictures = photos.find_images([FLAGS.photos]) if FLAGS.photos else predict.default_photos()
    film = FLAGS.film and Path(FLAGS.film)
    folder = against and predict_folder.Folder(
        *(pictures, FLAGS.num_photos, FLAGS.processes),
        *(against, min(FLAGS.against_photos, FLAGS.num_photos)),
    )
    compared = predict.Compared(pictures, film, FLAGS.peer, folder, FLAGS.model)
    named = {name: FLAGS[name].value for name in ("photos", "film", "model", "peer", "against")}
    return {"settings": named} | predict.measure(compared, FLAGS.seconds)


MEASUREMENTS = {
    "train": measure_train,
    "input": measure_input,
    "build": measure_build,
    "serving": measure_serving,
    "predict": measure_predict,
}


def lines(result: dict, indent: str = ""):
    """Yield the result for the screen, a number a line."""
    for name, value in result.items():
        if isinstance(value, dict):
            yield f"{indent}{name}"
            yield from lines(value, indent + "  ")
        else:
            yield f"{indent}{name:<32} {f'{value:.4g}' if isinstance(value, float) else value}"


if __name__ == "__main__":
    cli.run(main, tensorflow=False)
