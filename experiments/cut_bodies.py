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

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import whole_lspet
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
    from hg3d_tf.pictures import tables
    from hg3d_tf.prediction import predictors

    look = predictors.load_predictor(FLAGS.model or predictors.FOR_PHOTOS)
    found: dict[str, list] = {name: [] for name in LOST}
    for photo, joints, known in whole_lspet.people(Path(FLAGS.lspet), FLAGS.first, FLAGS.last):
        if known.all():
            for name, lost in LOST.items():
                found[name].append(look_at_cut(photo, joints, lost, look))
    if not found["not cut"]:
        raise cli.UserError(f"--lspet={FLAGS.lspet}: of nobody in these photos all is labelled")
    rows = {name: row(*map(np.array, zip(*one, strict=True))) for name, one in found.items()}
    statement = f"{len(found['not cut'])} photos of LSPET, {FLAGS.first} to {FLAGS.last}; percent"
    print(tables.as_text(tables.protocol_table(rows, {}, 1)), statement, sep="\n")
    files.write_json(FLAGS.output, {"statement": statement, "rows": rows})


if __name__ == "__main__":
    cli.run(main)
