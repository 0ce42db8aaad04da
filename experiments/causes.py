"""Where a film's error in 3D comes from: experiments/causes.py FILM.mp4 ...

Beside FILM.mp4 lies FILM.json with the truth, as for experiments/finding_films.py, and
fx_fy_cx_cy_px, the camera. The network looks once into the box of the true joints of each frame.
Then, each alone, one thing about its answer is made right: what that takes off the error is that
thing's share of it. Of the 12 limb joints, the hips' middle at 0, scaled to the truth's bones:
MPJPE and P-MPJPE, mm.
"""

import json
import sys
from pathlib import Path

import numpy as np
from absl import flags

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from finding_measures import LIMBS, as_large, poses_in_true_boxes

from hg3d_tf import cli, files
from hg3d_tf.network import line_of_sight
from hg3d_tf.skeleton import joint_index

FLAGS = flags.FLAGS

cli.DEFINE_path("model", None, "As of hg3d_tf.predict [the network in the package].")
cli.DEFINE_path("output", "runs/causes.json", "JSON file for the table.")

_OTHER_SIDE = [LIMBS.index({"l": "r", "r": "l"}[name[0]] + name[1:]) for name in LIMBS]


def main(argv: list[str]) -> None:
    """Look at every frame; print and write the table."""
    cli.require(argv[1:], "<film>", "name films, FILM.json with the truth beside each")
    cli.writable_folder(str(Path(FLAGS.output).parent))
    from hg3d_tf import weights
    from hg3d_tf.evaluation import metrics
    from hg3d_tf.pictures import tables
    from hg3d_tf.prediction import predictors

    look = predictors.load_predictor(FLAGS.model or weights.TFLITE_FILE)
    rows = {}
    for film in map(Path, argv[1:]):
        true, answers = _answers(film, look)
        for name, found in answers.items():
            mpjpe = metrics.distances(found, true).mean()
            p_mpjpe = metrics.p_mpjpe(found, true).mean()
            rows[f"{film.stem}, {name}"] = {"MPJPE": float(mpjpe), "P-MPJPE": float(p_mpjpe)}
    print(tables.as_text(tables.protocol_table(rows, {}, 1)))
    files.write_json(FLAGS.output, {"films": argv[1:], "rows": rows})


def _answers(film: Path, look):
    known = json.loads(film.with_suffix(".json").read_text())
    truth = {frame["frame"]: frame for frame in known["frames"]}
    limbs = [joint_index(name) for name in LIMBS]
    true, found, off_middle, longer_side = [], [], [], 0
    for number, pose, box, size in poses_in_true_boxes(film, truth, look):
        true.append([truth[number]["joints_mm"][name] for name in LIMBS])
        found.append(pose["joints_3d"][limbs])
        off_middle.append((box[:2] + box[2:] - size) / 2)
        longer_side = max(size)
    true = np.array(true, float)
    true -= true[:, :2].mean(axis=1, keepdims=True)
    assumed = line_of_sight.ASSUMED_FOCAL * longer_side
    focal = known["fx_fy_cx_cy_px"][0]
    return true, answers(np.array(found, float), true, np.array(off_middle), assumed, focal)


def answers(
    found: np.ndarray, true: np.ndarray, off_middle: np.ndarray, assumed: float, focal: float
) -> dict[str, np.ndarray]:
    """Return what was found [N, 12, 3], and found with one thing made right, by its name.

    Args:
      found: limb joints in the camera's frame, as predictors give them.
      true: [N, 12, 3] mm, the hips' middle at 0.
      off_middle: [N, 2] px of the boxes' middles from the pictures'.
      assumed, focal: focal lengths, px: which the predictors assume, and the camera's.
    """
    in_crop = _turned(found, -off_middle / assumed)
    as_found = as_large(found, true)
    exchanged = as_large(found[:, _OTHER_SIDE], true)
    right_sides = _nearer(as_found, exchanged, true)
    right_places = np.concatenate([true[..., :2], as_found[..., 2:]], axis=-1)
    right_depth = np.concatenate([as_found[..., :2], true[..., 2:]], axis=-1)
    return {
        "in the crop's frame": as_large(in_crop, true),
        "as found": as_found,
        "true focal length": as_large(_turned(in_crop, off_middle / focal), true),
        "true sides": right_sides,
        "true places": right_places,
        "true depth": right_depth,
    }


def _turned(joints: np.ndarray, off_axis: np.ndarray) -> np.ndarray:
    x_y_z = np.moveaxis(joints, -1, 0)
    return np.stack(line_of_sight.turned(x_y_z, off_axis.T[..., np.newaxis]), axis=-1)


def _nearer(one: np.ndarray, other: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Return of each frame that of two poses [N, 12, 3] which is nearer to the truth."""
    errors = [np.linalg.norm(pose - true, axis=-1).mean(axis=1) for pose in (one, other)]
    return np.where((errors[0] <= errors[1])[:, np.newaxis, np.newaxis], one, other)


if __name__ == "__main__":
    cli.run_with_arguments(main)
