"""How well predict finds people who do not fill the photo: experiments/finding.py --photos=FOLDER.

People of a prepared dataset are pasted, with what their picture shows around them, into photos: 30
to 85 % as long as the photo's shorter side, anywhere. Measured are the joints of the clearest
person that the finder finds, of a look at the whole photo alone, and in the box of the true joints;
as PCK of the limbs' joints. A minute for 150 people on two cores.

With --together=3 three people are pasted beside each other, 30 to 50 % as long as the photo is
high; measured is how many of them are found, half of the limbs' joints nearer than 0.2 of the box,
and how many of those found are people.
"""

import io
import math
import sys
from itertools import pairwise
from pathlib import Path

import numpy as np
from absl import flags
from PIL import Image
from tqdm import tqdm

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from finding_measures import box_of

from hg3d_tf import cli, files
from hg3d_tf.skeleton import LIMB_JOINTS

FLAGS = flags.FLAGS

cli.DEFINE_path("photos", None, "Folder of photos to paste people into, without people.")
flags.DEFINE_string("dataset", "lspet", "Prepared dataset of the people.")
flags.DEFINE_string("split", "validation", "Its split.")
flags.DEFINE_integer("count", 150, "How many people, at random.", lower_bound=1)
flags.DEFINE_integer("together", 1, "How many of them in a photo.", lower_bound=1, upper_bound=3)
cli.DEFINE_path("model", None, "As of hg3d_tf.predict [shipped].")
cli.DEFINE_path("data_dir", "", "Folder of prepared datasets [$TFDS_DATA_DIR, else data].")
cli.DEFINE_path("output", "runs/finding.json", "JSON file for the table.")

_PHOTO_SIZES = ((1280, 720), (720, 1280), (960, 960))  # width and height, px
_SHARES = (0.3, 0.85)  # of the photo's shorter side: the longer one of the joints' box
_WIDE = (1280, 720)  # the size where people stand together
_SHARES_TOGETHER = (0.3, 0.5)
_SMALL = 0.5  # share below which the table calls a person small


def main() -> None:
    """Paste, find and measure; print and write the table."""
    cli.require(FLAGS.photos, "photos", "name a folder of photos without people")
    cli.writable_folder(str(Path(FLAGS.output).parent))  # fail before the work starts
    from hg3d_tf import weights
    from hg3d_tf.data import input_pipeline
    from hg3d_tf.pictures import tables
    from hg3d_tf.prediction import person_finder, photos, predictors

    backgrounds = [photos.read_photo(p) for p in photos.find_images([FLAGS.photos])]
    examples = _draw_examples(input_pipeline.data_dir_of(FLAGS.data_dir))
    look = predictors.load_predictor(FLAGS.model or "shipped")
    least = person_finder.LEAST_SCORE if FLAGS.together > 1 else person_finder.LEAST_SCORE_OF_KNOWN
    find = person_finder.LiteRTFinder(weights.FINDER_FILE, least)
    measure = _measure_one if FLAGS.together == 1 else _measure_several
    rows, statement = measure(examples, backgrounds, look, find)
    statement = f"{len(examples)} people of {FLAGS.dataset} {FLAGS.split}; {statement}"
    print(tables.as_text(tables.protocol_table(rows, {}, 1)), statement, sep="\n")
    files.write_json(FLAGS.output, {"statement": statement, "rows": rows})


def _measure_one(examples: list[dict], backgrounds: list, look, find):
    """Return rows of PCK by way of finding the one person in a photo, and words for them."""
    ways = {
        "whole photo": lambda photo, box: look(photo, None),
        "found": lambda photo, box: _clearest(photo, look, find),
        "true box": look,
    }
    shares, errors = [], {way: [] for way in ways}
    for number, example in enumerate(tqdm(examples, unit="person", disable=None)):
        rng = np.random.default_rng([1, number])
        size = _PHOTO_SIZES[rng.integers(len(_PHOTO_SIZES))]
        canvas, share = _canvas(rng, backgrounds, size), rng.uniform(*_SHARES)
        joints = _paste(rng, canvas, example, share, (0, size[0]))
        shares.append(share)
        box = box_of(joints[example["visible"]])
        for way, look_at in ways.items():
            pose = look_at(_as_photo(canvas), box)
            errors[way].append(_limb_errors(pose, joints, example["visible"]))
    statement = (
        "PCK in percent of the limbs' labelled joints, nearer than 0.1 and 0.2 of the longer side"
        f" of the joints' box; small: below {_SMALL} of the photo's shorter side"
    )
    return {way: _rates(errors[way], shares) for way in ways}, statement


def _clearest(photo, look, find) -> dict:
    """Return the pose of the clearest person; of the whole photo where nobody is found."""
    from hg3d_tf.prediction import people

    found = people.find_people(photo, look, find)
    if not found:
        return look(photo, None)
    return people.clearest(found, photo.pixels.shape[1::-1], 1)[0].pose


def _measure_several(examples: list[dict], backgrounds: list, look, find):
    """Return a row of recall and precision, and words for it."""
    from hg3d_tf.prediction import people

    counts = np.zeros(3)  # people found, poses, poses that are people
    starts = range(0, len(examples), FLAGS.together)
    for start in tqdm(starts, unit="photo", disable=None):
        rng = np.random.default_rng([2, start])
        canvas = _canvas(rng, backgrounds, _WIDE)
        group = examples[start : start + FLAGS.together]
        columns = np.linspace(0, _WIDE[0], len(group) + 1).round().astype(int)
        true = [
            (_paste(rng, canvas, example, rng.uniform(*_SHARES_TOGETHER), column), example)
            for column, example in zip(pairwise(columns), group, strict=True)
        ]
        found = people.find_people(_as_photo(canvas), look, find)
        hits = np.zeros((len(found), len(group)), bool)
        for i, j in np.ndindex(*hits.shape):
            joints, example = true[j]
            errors = _limb_errors(found[i].pose, joints, example["visible"])
            hits[i, j] = np.mean(errors < 0.2) >= 0.5
        counts += hits.any(axis=0).sum(), len(found), hits.any(axis=1).sum()
    seen, poses, right = counts
    rows = {
        "found": {"recall": 100 * seen / len(examples), "precision": 100 * right / max(1, poses)}
    }
    statement = (
        f"{FLAGS.together} in a photo; percent of them found, half of the limbs' joints nearer than"
        " 0.2 of the longer side of the joints' box; percent of the poses that are one of them"
    )
    return rows, statement


def _draw_examples(data_dir: str) -> list[dict]:
    from hg3d_tf.data import prepared

    dataset = prepared.load_split(FLAGS.dataset, FLAGS.split, data_dir)
    examples = [e for e in dataset.as_numpy_iterator() if e["visible"].sum() > 1]
    order = np.random.default_rng(0).permutation(len(examples))
    return [examples[i] for i in order[: FLAGS.count]]


def _canvas(rng, backgrounds: list, size: tuple[int, int]) -> Image.Image:
    background = backgrounds[rng.integers(len(backgrounds))]
    return Image.fromarray(background.pixels).resize(size)


def _paste(rng, canvas: Image.Image, example: dict, share: float, columns) -> np.ndarray:
    """Paste an example's picture between two columns of px, the person wholly; return the joints.

    They are [16, 2] px of the canvas.
    """
    picture = Image.open(io.BytesIO(example["image"])).convert("RGB")
    joints, visible = example["joints_2d"], example["visible"]
    scale = share * min(canvas.size) / np.ptp(joints[visible], axis=0).max()
    picture = picture.resize([max(1, round(length * scale)) for length in picture.size])
    left, right = map(int, columns)
    low, high = box_of(joints[visible] * scale).reshape(2, 2)
    room = np.maximum((right - left, canvas.height) - (high - low), 0)
    corner = np.round(rng.uniform(0, room) - low).astype(int)
    part = canvas.crop((left, 0, right, canvas.height))
    part.paste(picture, tuple(corner.tolist()))
    canvas.paste(part, (left, 0))
    return joints * scale + corner + (left, 0)


def _as_photo(canvas: Image.Image):
    from hg3d_tf.prediction.photos import Photo

    return Photo("pasted", np.asarray(canvas))


def _limb_errors(pose: dict, joints: np.ndarray, visible: np.ndarray) -> np.ndarray:
    """Return the distances of a pose to true joints [16, 2], in longer sides of their box."""
    limbs = [joint for joint in LIMB_JOINTS if visible[joint]]
    distances = np.linalg.norm(pose["joints_2d"] - joints, axis=-1)
    return distances[limbs] / np.ptp(joints[visible], axis=0).max()


def _rates(errors: list[np.ndarray], shares: list[float]) -> dict[str, float]:
    small = [error for error, share in zip(errors, shares, strict=True) if share < _SMALL]
    rates = {}
    for kind, values in (("", np.concatenate(errors)), ("small ", np.concatenate([[], *small]))):
        for limit in (0.1, 0.2):
            share = 100 * (values < limit).mean() if len(values) else math.nan
            rates[f"{kind}@{limit}"] = float(share)
    return rates


if __name__ == "__main__":
    cli.run(main)
