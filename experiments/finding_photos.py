"""How well predict finds people in photos as they are: experiments/finding_photos.py --yolo=FOLDER.

`--yolo`: everyday photos, FOLDER/images, with boxes of people, FOLDER/labels as YOLO writes them
(COCO128 is such a folder). A person is large whose box is at least 32 px high and 3 % of the photo.
By score: how many of the large people are found, by a box that overlaps theirs by half
(intersection over union; the surest first, each box one person); how many of the large boxes found
are somebody's; how many boxes there are in photos without people, of which training may have seen
those with an even number.

`--lspet`: Leeds Sports Pose Extended, FOLDER/joints.mat and FOLDER/images, whole photos. PCK of the
limb joints of the clearest person, who may be another than the labelled one; of that one of all
people found who overlaps the labelled one most; and in the box of the true joints.
"""

import sys
from pathlib import Path

import numpy as np
from absl import flags
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

import whole_lspet
from finding_measures import are_large, box_of, hits

from hg3d_tf import cli, files
from hg3d_tf.skeleton import joint_index

FLAGS = flags.FLAGS

cli.DEFINE_path("yolo", None, "Folder of everyday photos with boxes of people.")
cli.DEFINE_path("lspet", None, "Folder of LSPET, its photos uncut.")
flags.DEFINE_integer("first", 9001, "LSPET's first photo.", lower_bound=1)
flags.DEFINE_integer("last", 9500, "LSPET's last; those from 9501 on are for tests.", 1, 9500)
cli.DEFINE_path("model", None, "As of hg3d_tf.predict [shipped-large, as there].")
cli.DEFINE_path("output", "runs/finding_photos.json", "JSON file for the tables.")

_THRESHOLDS = np.arange(0.2, 0.76, 0.05).round(2)
_LEAST = 0.15  # score from which boxes are looked at


def main() -> None:
    """Find and measure; print and write the tables."""
    cli.require(FLAGS.yolo or FLAGS.lspet, "yolo", "name it or --lspet")
    cli.writable_folder(str(Path(FLAGS.output).parent))  # fail before the work starts
    from hg3d_tf import weights
    from hg3d_tf.pictures import tables
    from hg3d_tf.prediction import people, person_finder, predictors

    look = predictors.load_predictor(FLAGS.model or predictors.FOR_PHOTOS)
    find = person_finder.LiteRTFinder(weights.FINDER_FILE, _LEAST)
    results = {}
    for name, measure in (("yolo", _measure_yolo), ("lspet", _measure_lspet)):
        if FLAGS[name].value:
            rows, statement = measure(
                Path(FLAGS[name].value), lambda photo: people.find_people(photo, look, find), look
            )
            results[name] = {"statement": statement, "rows": rows}
            print(tables.as_text(tables.protocol_table(rows, {}, 1)), statement, sep="\n")
    files.write_json(FLAGS.output, results)


def _measure_yolo(folder: Path, find, look) -> tuple[dict, str]:
    from hg3d_tf.prediction import photos
    from hg3d_tf.prediction.given_boxes import GivenBoxes
    from hg3d_tf.prediction.person_finder import LEAST_SCORE

    labels = GivenBoxes(folder / "labels")
    counted: list[tuple[float, bool]] = []  # of large boxes found: score, whether they are somebody
    people, empty, false = 0, 0, []
    for path in tqdm(photos.find_images([str(folder / "images")]), unit="photo", disable=None):
        photo = photos.read_photo(path)
        size = photo.pixels.shape[1::-1]
        true, found = labels.of_photo(path.name, size).boxes, find(photo)
        people += int(are_large(true, size).sum())
        counted += hits(true, found, size)
        if not len(true) and not _may_be_known(path):
            empty += 1
            false += [person.score for person in found]
    if not people:
        raise cli.UserError(f"--yolo={folder}: no large person has a box: there is nobody to find")
    scores, right = np.array(counted, float).reshape(-1, 2).T
    rows = {}
    for least in np.sort([*_THRESHOLDS, LEAST_SCORE]):
        sure = scores >= least
        rows[f"{least:.2f}"] = {
            "found": 100 * right[sure].sum() / people,
            "precision": 100 * right[sure].mean() if sure.any() else 100.0,
            "false": float(sum(score >= least for score in false)),
        }
    return rows, (
        f"{people} large people: percent found and percent of the large boxes that are somebody, by"
        f" least score; boxes in {empty} photos without people, but those of even number"
    )


def _may_be_known(path: Path) -> bool:
    """Tell whether training may have seen a photo without people: one of even number."""
    return path.stem.isdecimal() and int(path.stem) % 2 == 0


def _measure_lspet(folder: Path, find, look) -> tuple[dict, str]:
    from hg3d_tf.prediction import people, person_finder
    from hg3d_tf.prediction.boxes import overlaps

    limbs = [joint_index(name) for name in whole_lspet.LIMBS]
    ways: dict[str, list] = {"clearest": [], "the labelled one": [], "true box": []}
    others = count = 0
    for photo, places, known in whole_lspet.people(folder, FLAGS.first, FLAGS.last):
        if known.sum() < 2:
            continue
        low, high = places[known].min(0), places[known].max(0)
        box = box_of(places[known]).astype(np.float32)
        found = [p for p in find(photo) if p.score >= person_finder.LEAST_SCORE_OF_KNOWN]
        whole = people.Person(np.array([0, 0, *photo.pixels.shape[1::-1]]), look(photo, None))
        clearest = people.clearest(found or [whole], photo.pixels.shape[1::-1], 1)[0]
        nearest = max(found or [whole], key=lambda person: overlaps(person.box, box))
        others += overlaps(clearest.box, box) < 0.3
        count += 1
        poses = (clearest.pose, nearest.pose, look(photo, box))
        for errors, pose in zip(ways.values(), poses, strict=True):
            off = np.linalg.norm(pose["joints_2d"][limbs] - places[: len(limbs)], axis=1)
            errors.append(off[known[: len(limbs)]] / (high - low).max())
    rows = {
        way: {
            f"@{limit}": 100 * float((np.concatenate(errors) < limit).mean())
            for limit in (0.1, 0.2)
        }
        for way, errors in ways.items()
    }
    return rows, (
        f"{count} whole photos of LSPET, {FLAGS.first} to {FLAGS.last}: PCK in percent of the"
        " limbs' labelled joints, below 0.1 and 0.2 of the longer side of the joints' box; the"
        f" clearest is another than the labelled one in {others}"
    )


if __name__ == "__main__":
    cli.run(main)
