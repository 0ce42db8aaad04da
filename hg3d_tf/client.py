"""Ask a TF Serving server for the poses in photos: `python -m hg3d_tf.client photo.jpg folder/`.

Writes one JSON with the joints by name, as `python -m hg3d_tf.predict` does, without a model here.
"""

import sys

from absl import flags

from hg3d_tf import cli
from hg3d_tf.prediction.boxes import parse_box

FLAGS = flags.FLAGS

flags.DEFINE_string("server", None, "host:port [localhost:8500 for grpc, localhost:8501 for rest].")
flags.DEFINE_enum("protocol", "grpc", ["grpc", "rest"], "How to ask.")
flags.DEFINE_string("model", "hg3d", "The model's name on the server.")
flags.DEFINE_integer("version", 0, "The model's version; 0 is the newest.", lower_bound=0)
flags.DEFINE_integer("batch_size", 8, "Images in a request.", lower_bound=1)
flags.DEFINE_float("timeout", 30.0, "Seconds to wait for an answer.")
flags.DEFINE_integer("retries", 3, "Further attempts where the server is not reached or busy.")
cli.DEFINE_parsed("box", None, parse_box, "The person's box x1,y1,x2,y2 in px [the whole image].")
cli.DEFINE_path("output", "poses.json", "JSON file for the poses.")


def main(argv: list[str]) -> int:
    """Ask for all images; return 1 if there is any without an answer."""
    from hg3d_tf import files
    from hg3d_tf.prediction import photos

    cli.require(argv[1:], "<image>", "name image files or folders after the flags")
    paths = photos.find_images(argv[1:])
    poses, failures = ask(paths, predictor(), FLAGS.box)
    files.write_json(FLAGS.output, poses)
    print(f"{len(poses)} poses: {FLAGS.output}")
    for failure in failures:
        print(f"error: {failure}", file=sys.stderr)
    return 1 if failures else 0


def predictor():
    """Return the function that asks the server of the flags."""
    try:
        from hg3d_tf.serving import clients
    except ImportError as error:
        raise cli.UserError(
            f"{error.name} is not installed: pip install -e '.[serving]' brings what asks a server"
        ) from error

    default = "localhost:8500" if FLAGS.protocol == "grpc" else "localhost:8501"
    values = cli.flag_values(clients.ServerConfig) | {"server": FLAGS.server or default}
    with cli.flag_errors():
        config = clients.ServerConfig(**values)
    if FLAGS.protocol == "grpc":
        return clients.grpc_predictor(config)
    return clients.rest_predictor(config)


def ask(paths, predict, box) -> tuple[list, list[str]]:
    """Return the poses, and one line for each image that has none."""
    from tqdm import tqdm

    from hg3d_tf.prediction import asking, pose_json

    poses, failures = [], []
    answers = asking.ask(paths, predict, FLAGS.batch_size, box)
    for path, answer in tqdm(answers, total=len(paths), unit="image", disable=None):
        if isinstance(answer, str):
            failures.append(answer)
        else:
            poses.append(pose_json.as_json(path, answer))
    return poses, failures


if __name__ == "__main__":
    cli.run_with_arguments(main)
