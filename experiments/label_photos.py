"""Label people in photos where two networks agree: experiments/label_photos.py --photos=FOLDER.

Writes OUTPUT for the dataset own_photos: of each person whom the finder finds, the limb
joints on which the network in the package and MediaPipe Pose agree, and its depth from MediaPipe
where all of them do. `--peer` is an interpreter with MediaPipe (`benchmark --what=predict --help`).
"""

import os
import sys
from pathlib import Path

import numpy as np
from absl import flags
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from finding_measures import LIMBS

from hg3d_tf import cli, files
from hg3d_tf.skeleton import JOINT_NAMES, NUM_JOINTS, PELVIS, THORAX, UPPER_NECK, joint_index

FLAGS = flags.FLAGS

cli.DEFINE_path("photos", None, "Folder of photos.")
cli.DEFINE_path("output", "runs/labelled", "Folder for annotations.json, and images, a link.")
cli.DEFINE_path("peer", None, "Interpreter that has mediapipe.")
flags.DEFINE_integer("least_joints", 8, "Who has fewer limb joints agreed on is left out.", 1, 12)

_AGREED = 0.12  # longer sides of the person's box
# Landmarks of MediaPipe Pose.
_LANDMARKS = {"hip": 23, "knee": 25, "ankle": 27, "shoulder": 11, "elbow": 13, "wrist": 15}
_LIMB_LANDMARKS = [_LANDMARKS[name[2:]] + (name[0] == "r") for name in LIMBS]
_EARS = (7, 8)
_OURS = [joint_index(name) for name in LIMBS]
_HEAD_TOP = joint_index("head_top")
# On the line from the thorax to the ears' middle, in its length: where upper neck and head top are.
_UPPER_NECK_AT, _HEAD_TOP_AT = 0.5, 1.575
_MIDDLES = {PELVIS: "hip", THORAX: "shoulder"}


def main() -> None:
    """Look at all photos, compare, write the labels."""
    cli.require(FLAGS.photos, "photos", "name a folder of photos")
    cli.require(FLAGS.peer, "peer", "name an interpreter with mediapipe==0.10.14")
    folder = cli.writable_folder(FLAGS.output)
    from hg3d_tf import weights
    from hg3d_tf.benchmarks.peer_process import Peer
    from hg3d_tf.prediction import people, person_finder, photos, predictors

    look = predictors.load_predictor(weights.TFLITE_FILE)
    find = person_finder.LiteRTFinder(weights.FINDER_FILE)
    labelled, seen = [], 0
    with Peer(FLAGS.peer) as peer:
        for path in tqdm(photos.find_images([FLAGS.photos]), unit="photo", disable=None):
            found = people.find_people(photos.read_photo(path), look, find)
            seen += len(found)
            for person in found:
                low, high = person.box.astype(float).reshape(2, 2)
                box = [*low.tolist(), *(high - low).tolist()]
                theirs = peer.ask(crop_of=str(path.resolve()), box=box)
                entry = label(person.pose["joints_2d"], theirs, (high - low).max())
                if entry:
                    labelled.append({"image": path.name} | entry)
    images = folder / "images"
    if not images.exists():
        os.symlink(Path(FLAGS.photos).resolve(), images)
    files.write_json(folder / "annotations.json", labelled)
    in_depth = sum("joints_3d_mm" in entry for entry in labelled)
    print(f"{len(labelled)} of {seen} people labelled, {in_depth} in depth: {folder}")


def label(ours: np.ndarray, theirs: dict, side: float) -> dict:
    """Return a person's entry of annotations.json; {} if too little is agreed on.

    Args:
      ours: [16, 2] px.
      theirs: `image` [33, 2] px and `world` [33, 3] m, or {}.
      side: longer side of the box, px.
    """
    if not theirs:
        return {}
    limbs = np.array(theirs["image"])[_LIMB_LANDMARKS]
    agreed = np.linalg.norm(limbs - ours[_OURS], axis=1) < _AGREED * side
    if agreed.sum() < FLAGS.least_joints:
        return {}
    joints, visible = np.zeros((NUM_JOINTS, 2)), np.zeros(NUM_JOINTS, bool)
    joints[_OURS], visible[_OURS] = (limbs + ours[_OURS]) / 2, agreed
    for middle, name in _MIDDLES.items():
        ends = [joint_index(f"{one}_{name}") for one in "lr"]
        joints[middle], visible[middle] = joints[ends].mean(0), visible[ends].all()
    entry = {}
    if agreed.all():
        # The network goes on as it is where the other has no such joints.
        for joint in (UPPER_NECK, _HEAD_TOP):
            joints[joint], visible[joint] = ours[joint], True
        entry["joints_3d_mm"] = pose_mm(np.array(theirs["world"])).tolist()
    # As in MPII, the top left pixel's centre is (1, 1).
    return {"joints": (joints + 0.5).tolist(), "joints_vis": visible.astype(int).tolist()} | entry


def pose_mm(world: np.ndarray) -> np.ndarray:
    """Return joints [16, 3] mm of MediaPipe's landmarks [33, 3] m."""
    joints = np.zeros((len(JOINT_NAMES), 3))
    joints[_OURS] = world[_LIMB_LANDMARKS]
    for middle, name in _MIDDLES.items():
        joints[middle] = joints[[joint_index(f"{one}_{name}") for one in "lr"]].mean(0)
    neck = world[list(_EARS)].mean(0) - joints[THORAX]
    joints[UPPER_NECK] = joints[THORAX] + _UPPER_NECK_AT * neck
    joints[_HEAD_TOP] = joints[THORAX] + _HEAD_TOP_AT * neck
    return joints * 1000


if __name__ == "__main__":
    cli.run(main)
