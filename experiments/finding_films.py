"""How well predict follows a person through a film: experiments/finding_films.py FILM.mp4 ...

Beside FILM.mp4 lies FILM.json with the truth: `frames`, a list of frame (from 0), joints_px and
joints_mm (the camera's frame) by name. Measured are the limb joints in 3D, the hips' middle at 0
and scaled to the truth's bones: MPJPE; acceleration error, the mean length of the second difference
of what they are off from frame to frame, in mm/frame^2; frames without a pose; looks a frame, the
finder's included; frames a second, decoding included. By `predict --people=1` and, one look at each
frame and nothing smoothed, in the box of the true joints.
"""

import json
import sys
import time
from pathlib import Path

from absl import flags

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from finding_measures import errors, poses_in_true_boxes

from hg3d_tf import cli, files

FLAGS = flags.FLAGS

flags.DEFINE_float("smoothing", 0.1, "As of hg3d_tf.predict.", lower_bound=0)
cli.DEFINE_path("model", None, "As of hg3d_tf.predict [shipped-film, as there].")
cli.DEFINE_path("output", "runs/finding_films.json", "JSON file for the table.")


class _Counted:
    """Counts how often a predictor or finder is asked."""

    def __init__(self, ask):
        self._ask, self.count = ask, 0

    def __call__(self, *arguments):
        self.count += 1
        return self._ask(*arguments)


def main(argv: list[str]) -> None:
    """Follow and measure; print and write the table."""
    cli.require(argv[1:], "<film>", "name films, FILM.json with the truth beside each")
    cli.writable_folder(str(Path(FLAGS.output).parent))
    from hg3d_tf import weights
    from hg3d_tf.pictures import tables
    from hg3d_tf.prediction import person_finder, predictors

    look = predictors.load_predictor(FLAGS.model or predictors.FOR_FILMS)
    find = person_finder.LiteRTFinder(weights.FINDER_FILE, person_finder.LEAST_SCORE_OF_KNOWN)
    rows = {}
    for film in map(Path, argv[1:]):
        truth = json.loads(film.with_suffix(".json").read_text())["frames"]
        truth = {frame["frame"]: frame for frame in truth}
        rows[f"{film.stem}, followed"] = _followed(film, truth, look, find)
        rows[f"{film.stem}, true boxes"] = _in_true_boxes(film, truth, look)
    print(tables.as_text(tables.protocol_table(rows, {}, 2)))
    files.write_json(FLAGS.output, {"smoothing": FLAGS.smoothing, "rows": rows})


def _followed(film: Path, truth: dict, look, find) -> dict[str, float]:
    from hg3d_tf.prediction import tracking
    from hg3d_tf.prediction.film_reader import FilmReader
    from hg3d_tf.prediction.film_sources import file_or_camera

    look, find, poses = _Counted(look), _Counted(find), {}
    began = time.perf_counter()
    with FilmReader(file_or_camera(str(film))) as reader:
        frames = tracking.follow(reader, look, find, tracking.Wanted(most=1), FLAGS.smoothing)
        for number, (_, people) in enumerate(frames):
            poses |= {number: people[0].pose} if people else {}
    seconds = time.perf_counter() - began
    row = errors(truth, poses, number + 1)
    looks = (look.count + find.count) / (number + 1)
    return row | {"looks a frame": looks, "frames a second": (number + 1) / seconds}


def _in_true_boxes(film: Path, truth: dict, look) -> dict[str, float]:
    poses = {number: pose for number, pose, _, _ in poses_in_true_boxes(film, truth, look)}
    return errors(truth, poses, max(poses) + 1)


if __name__ == "__main__":
    cli.run_with_arguments(main)
