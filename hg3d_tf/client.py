"""Ask a TF Serving server for the poses in photos: `python -m hg3d_tf.client photo.jpg folder/`.

The server finds the people. Writes one JSON with the joints by name, as `python -m hg3d_tf.predict`
does, without a model here. Each image's poses are also a line of a .jsonl file beside it as soon as
they are known: after Ctrl-C, or when the server was away, the same command goes on.
"""

from pathlib import Path

from absl import flags

from hg3d_tf import cli, extras
from hg3d_tf.prediction.boxes import parse_box

FLAGS = flags.FLAGS

flags.DEFINE_string("server", None, "host:port [localhost:8500 for grpc, localhost:8501 for rest].")
flags.DEFINE_enum("protocol", "grpc", ["grpc", "rest"], "How to ask.")
flags.DEFINE_string("model", "hg3d", "The model's name on the server.")
flags.DEFINE_integer("version", 0, "The model's version; 0 is the newest.", lower_bound=0)
flags.DEFINE_enum(
    "signature",
    "predict_people",
    ["predict_people", "serving_default"],
    "What is asked for where there is no --box: everybody whom the server finds, or the one person"
    " who fills each image.",
)
flags.DEFINE_integer("batch_size", 8, "Images in a request.", lower_bound=1)
flags.DEFINE_float("timeout", 30.0, "Seconds to wait for an answer.")
flags.DEFINE_integer(
    "retries",
    3,
    "Further attempts where the server is not reached or busy.",
    lower_bound=0,
    upper_bound=4,
)
cli.DEFINE_parsed("box", None, parse_box, "The person's box x1,y1,x2,y2 in px [see --signature].")
cli.DEFINE_path("output", "poses.json", "JSON file for the poses.")
flags.DEFINE_bool("again", False, "Ask anew for images that --output's .jsonl holds the poses of.")


def main(argv: list[str]) -> int:
    """Ask for all images; return 1 if there is any without an answer."""
    from hg3d_tf.prediction import asking, photos

    cli.require(argv[1:], "<image>", "name image files or folders after the flags")
    paths = photos.find_images(argv[1:])
    predict = predictor()
    with _results() as done:
        return asking.ask_and_write(paths, predict, FLAGS.batch_size, FLAGS.box, done)


def predictor():
    """Return the function that asks the server of the flags."""
    try:
        from hg3d_tf.serving import clients
    except ImportError as error:
        raise extras.missing("hg3d_tf.client", error.name, "serving") from error

    default = "localhost:8500" if FLAGS.protocol == "grpc" else "localhost:8501"
    values = cli.flag_values(clients.ServerConfig) | {"server": FLAGS.server or default}
    with cli.flag_errors():
        config = clients.ServerConfig(**values)
    if FLAGS.protocol == "grpc":
        return clients.grpc_predictor(config)
    return clients.rest_predictor(config)


def _results():
    """Return where the poses go, with the flags on which they depend."""
    from hg3d_tf.prediction.results import Results

    settings = {name: FLAGS[name].value for name in ("server", "model", "version", "signature")}
    settings["box"] = None if FLAGS.box is None else FLAGS.box.tolist()
    return Results(Path(FLAGS.output), settings, FLAGS.again)


if __name__ == "__main__":
    cli.run_with_arguments(main)
