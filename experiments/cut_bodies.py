"""How well poses are found of people whom a photo cuts: experiments/cut_bodies.py --lspet=FOLDER.

Leeds Sports Pose Extended, FOLDER/joints.mat and FOLDER/images, whole photos of people all of whose
joints are labelled. The photo is cut to a box round all joints, round those above the knees, and
round those above the hips, and the network looks at what is left. Of the arms' joints in percent:
PCK, by 0.1 and 0.05 of the longer side of all joints' box; how many are clear (drawn in full), and
of these how many are wrong. Of the legs' joints that the cut took away: how many are clear, which
none should be.
"""

import sys
from pathlib import Path

import numpy as np
from absl import flags
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from cut_measures import LOST, look_at_cut, row

from hg3d_tf import cli, files

FLAGS = flags.FLAGS

cli.DEFINE_path("lspet", None, "Folder of LSPET, its photos uncut.")
flags.DEFINE_integer("first", 9001, "LSPET's first photo.", lower_bound=1)
flags.DEFINE_integer("last", 9500, "Its last; those from 9501 on are for tests.", 1, 9500)
cli.DEFINE_path("model", None, "As of hg3d_tf.predict [shipped-large, as there].")
cli.DEFINE_path("output", "runs/cut_bodies.json", "JSON file for the table.")


def main() -> None:
    """Cut and look; print and write the table."""
    cli.require(FLAGS.lspet, "lspet", "name the folder of LSPET")
    cli.writable_folder(str(Path(FLAGS.output).parent))  # fail before the work starts
    import scipy.io

    from hg3d_tf.pictures import tables
    from hg3d_tf.prediction import photos, predictors

    look = predictors.load_predictor(FLAGS.model or predictors.FOR_PHOTOS)
    labels = scipy.io.loadmat(Path(FLAGS.lspet) / "joints.mat")["joints"]
    found: dict[str, list] = {name: [] for name in LOST}
    for number in tqdm(range(FLAGS.first, FLAGS.last + 1), unit="photo", disable=None):
        joints, known = labels[:, :2, number - 1], labels[:, 2, number - 1] > 0
        if known.all():
            photo = photos.read_photo(Path(FLAGS.lspet) / f"images/im{number:05d}.jpg")
            for name, lost in LOST.items():
                found[name].append(look_at_cut(photo, joints, lost, look))
    rows = {name: row(*map(np.array, zip(*one, strict=True))) for name, one in found.items()}
    statement = f"{len(found['not cut'])} photos of LSPET, {FLAGS.first} to {FLAGS.last}; percent"
    print(tables.as_text(tables.protocol_table(rows, {}, 1)), statement, sep="\n")
    files.write_json(FLAGS.output, {"statement": statement, "rows": rows})


if __name__ == "__main__":
    cli.run(main)
