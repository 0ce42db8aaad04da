"""Where a film's error in 3D comes from: experiments/causes.py FILM.mp4 ...

Beside FILM.mp4 lies FILM.json with the truth, as for experiments/finding_films.py, and
fx_fy_cx_cy_px, the camera. The network looks once into the box of the true joints of each frame.
Then, each alone, one thing about its answer is made right: what that takes off the error is that
thing's share of it. Of the 12 limb joints, the hips' middle at 0, scaled to the truth's bones:
MPJPE and P-MPJPE, mm; and in how many frames the pose is nearer to the truth with its sides
exchanged.
"""

import json
import sys
from pathlib import Path

import numpy as np
from absl import flags

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cause_measures import answers
from finding_measures import LIMBS, poses_in_true_boxes

from hg3d_tf import cli, files, line_of_sight
from hg3d_tf.skeleton import joint_index

FLAGS = flags.FLAGS

cli.DEFINE_path("model", None, "As of hg3d_tf.predict [shipped].")
cli.DEFINE_path("output", "runs/causes.json", "JSON file for the table.")


def main(argv: list[str]) -> None:
    """Look at every frame; print and write the table."""
    cli.require(argv[1:], "<film>", "name films, FILM.json with the truth beside each")
    cli.writable_folder(str(Path(FLAGS.output).parent))
    from hg3d_tf.evaluation import metrics
    from hg3d_tf.pictures import tables
    from hg3d_tf.prediction import predictors

    look = predictors.load_predictor(FLAGS.model or "shipped")
    rows, exchanged = {}, {}
    for film in map(Path, argv[1:]):
        true, by_name = _answers(film, look)
        mended = (by_name["true sides"] != by_name["as found"]).any(axis=(1, 2))
        exchanged[film.stem] = {"exchanged": int(mended.sum()), "of": len(true)}
        for name, found in by_name.items():
            mpjpe = metrics.distances(found, true).mean()
            p_mpjpe = metrics.p_mpjpe(found, true).mean()
            rows[f"{film.stem}, {name}"] = {"MPJPE": float(mpjpe), "P-MPJPE": float(p_mpjpe)}
    print(tables.as_text(tables.protocol_table(rows, {}, 1)))
    for name, counts in exchanged.items():
        print(f"{name}: left and right exchanged in {counts['exchanged']} of {counts['of']} frames")
    files.write_json(FLAGS.output, {"films": argv[1:], "rows": rows, "sides": exchanged})


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


if __name__ == "__main__":
    cli.run_with_arguments(main)
