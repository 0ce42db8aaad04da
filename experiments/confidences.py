"""What a network's confidences are worth: python experiments/confidences.py --lspet=FOLDER.

Leeds Sports Pose Extended, FOLDER/joints.mat and FOLDER/images, in the box of the true joints: of
the limb joints in each tenth of confidence, how many there are, their mean confidence, and how many
lie within 0.1 of the box's longer side. Where both are equal a confidence is a probability.
"""

import sys
from pathlib import Path

import numpy as np
from absl import flags
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from finding_measures import LIMBS

from hg3d_tf import cli, files
from hg3d_tf.skeleton import joint_index

FLAGS = flags.FLAGS

cli.DEFINE_path("lspet", None, "Folder of LSPET.")
cli.DEFINE_path("model", None, "As of hg3d_tf.predict [the network in the package].")
flags.DEFINE_integer("first", 9001, "LSPET's first photo.", lower_bound=1)
flags.DEFINE_integer("last", 9500, "LSPET's last; those from 9501 on are for tests.", 1, 9500)
cli.DEFINE_path("output", "runs/confidences.json", "JSON file for the table.")

_BINS = 10
_MARGIN = 0.06  # of a box round a person, in longer sides of the joints' box
# The order of joints in LSPET's file.
_LSPET = ["r_ankle", "r_knee", "r_hip", "l_hip", "l_knee", "l_ankle"]
_LSPET += ["r_wrist", "r_elbow", "r_shoulder", "l_shoulder", "l_elbow", "l_wrist"]


def main() -> None:
    """Look, count, print and write the table."""
    cli.require(FLAGS.lspet, "lspet", "name it")
    cli.writable_folder(str(Path(FLAGS.output).parent))  # fail before the work starts
    from hg3d_tf import weights
    from hg3d_tf.pictures import tables
    from hg3d_tf.prediction import predictors

    look = predictors.load_predictor(FLAGS.model or weights.TFLITE_FILE)
    confidence, errors = _looked(Path(FLAGS.lspet), look)
    rows = table(confidence, errors < 0.1)
    print(tables.as_text(tables.protocol_table(rows, {}, 3)))
    files.write_json(FLAGS.output, {"joints": len(errors), "rows": rows})


def _looked(folder: Path, look) -> tuple[np.ndarray, np.ndarray]:
    """Return confidences and errors, in longer sides of the true joints' box, of all joints."""
    import scipy.io

    from hg3d_tf.prediction import photos

    joints = scipy.io.loadmat(folder / "joints.mat")["joints"]
    there = [_LSPET.index(name) for name in LIMBS]
    ours = [joint_index(name) for name in LIMBS]
    confidence, errors = [], []
    for number in tqdm(range(FLAGS.first, FLAGS.last + 1), unit="photo", disable=None):
        path = folder / f"images/im{number:05d}.jpg"
        places, known = joints[:, :2, number - 1], joints[:, 2, number - 1] > 0
        if known.sum() < 2 or not path.exists():
            continue
        low, high = places[known].min(0), places[known].max(0)
        side = (high - low).max()
        box = np.concatenate([low - _MARGIN * side, high + _MARGIN * side]).astype(np.float32)
        pose = look(photos.read_photo(path), box)
        off = np.linalg.norm(pose["joints_2d"][ours] - places[there], axis=1) / side
        confidence.append(pose["confidence"][ours][known[there]])
        errors.append(off[known[there]])
    return np.concatenate(confidence), np.concatenate(errors)


def table(confidence: np.ndarray, right: np.ndarray) -> dict[str, dict[str, float]]:
    """Return a row for each tenth of confidence in which there are joints.

    Args:
      confidence: [N] in [0, 1].
      right: [N] bool.
    """
    tenth = np.minimum((confidence * _BINS).astype(int), _BINS - 1)
    rows = {}
    for number in np.unique(tenth):
        inside = tenth == number
        rows[f"{number / _BINS:.1f} to {(number + 1) / _BINS:.1f}"] = {
            "joints": float(inside.sum()),
            "mean confidence": float(confidence[inside].mean()),
            "within 0.1 box": float(right[inside].mean()),
        }
    return rows


if __name__ == "__main__":
    cli.run(main)
