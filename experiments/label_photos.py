"""Label people in photos where two networks agree: experiments/label_photos.py --photos=FOLDER.

Writes OUTPUT for the dataset own_photos: of each person whom the finder finds, the limb joints on
which the network in the package and MediaPipe Pose agree. Where they agree on all, depth is the
mean of two or three looks by MediaPipe that hardly differ. `--peer` is an interpreter of another
environment, with mediapipe==0.10.14, numpy<2, av and absl-py.
"""

import os
import sys
from pathlib import Path

from absl import flags
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from agreed_labels import label

from hg3d_tf import cli, files

FLAGS = flags.FLAGS

cli.DEFINE_path("photos", None, "Folder of photos.")
cli.DEFINE_path("output", "runs/labelled", "Folder for annotations.json, and images, a link.")
cli.DEFINE_path("peer", None, "Interpreter that has mediapipe.")
flags.DEFINE_integer("least_joints", 8, "Who has fewer limb joints agreed on is left out.", 1, 12)

_LOOKS = (1.0, 0.85, 1.15)  # at boxes of such sizes


def main() -> None:
    """Look at all photos, compare, write the labels."""
    cli.require(FLAGS.photos, "photos", "name a folder of photos")
    cli.require(FLAGS.peer, "peer", "name an interpreter with mediapipe==0.10.14")
    folder = cli.writable_folder(FLAGS.output)
    images, originals = folder / "images", Path(FLAGS.photos).resolve()
    if images.exists() and images.resolve() != originals:
        raise cli.UserError(f"{images}: is of other photos: choose another --output")
    from hg3d_tf import weights
    from hg3d_tf.benchmarks.peer_process import Peer
    from hg3d_tf.prediction import people, person_finder, photos, predictors

    look = predictors.load_predictor(weights.TFLITE_FILE)
    find = person_finder.LiteRTFinder(weights.FINDER_FILE)
    labelled, seen = [], 0
    with Peer(FLAGS.peer) as peer:
        for path in tqdm(photos.find_images([FLAGS.photos]), unit="photo", disable=None):
            try:
                found = people.find_people(photos.read_photo(path), look, find)
            except cli.UserError as error:
                tqdm.write(f"warning: {error}")
                continue
            seen += len(found)
            for person in found:
                low, high = person.box.astype(float).reshape(2, 2)
                theirs = [
                    peer.ask(crop_of=str(path.resolve()), box=_resized(low, high, share))
                    for share in _LOOKS
                ]
                ours, side = person.pose["joints_2d"], (high - low).max()
                entry = label(ours, theirs, side, FLAGS.least_joints)
                if entry:
                    labelled.append({"image": path.name} | entry)
    if not images.exists():
        os.symlink(originals, images)
    files.write_json(folder / "annotations.json", labelled)
    in_depth = sum("joints_3d_mm" in entry for entry in labelled)
    print(f"{len(labelled)} of {seen} people labelled, {in_depth} in depth: {folder}")


def _resized(low, high, share: float) -> list[float]:
    """Return x, y, width and height of a box of `share` times the size, round the same middle."""
    size = (high - low) * share
    return [*((low + high - size) / 2).tolist(), *size.tolist()]


if __name__ == "__main__":
    cli.run(main)
