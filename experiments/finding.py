"""How well predict finds who does not fill the photo: experiments/finding.py --photos=FOLDER.

People of a prepared dataset are pasted, with what their picture shows around them, into photos: 30
to 95 % as long as the photo's shorter side, anywhere. Measured are the joints found by `predict`'s
search, by a look at the whole photo alone, and in the box of the true joints; as PCK of the limbs'
joints. Two minutes for 150 people on two cores.
"""

import io
import math
import sys
from pathlib import Path

import numpy as np
from absl import flags
from PIL import Image

sys.path.insert(0, str(Path(__file__).resolve().parent.parent))

from hg3d_tf import cli, files

FLAGS = flags.FLAGS

flags.DEFINE_string("photos", None, "Folder of photos to paste people into, without people.")
flags.DEFINE_string("dataset", "lspet", "Prepared dataset of the people.")
flags.DEFINE_string("split", "validation", "Its split.")
flags.DEFINE_integer("count", 150, "How many people, at random.", lower_bound=1)
flags.DEFINE_string("model", None, "As of hg3d_tf.predict [the network in the package].")
flags.DEFINE_string("data_dir", "", "Folder of prepared datasets [$TFDS_DATA_DIR, else data].")
flags.DEFINE_string("output", "runs/finding.json", "JSON file for the table.")

_PHOTO_SIZES = ((1280, 720), (720, 1280), (960, 960))  # width and height, px
_SHARES = (0.3, 0.95)  # of the photo's shorter side: the longer one of the joints' box
_SMALL = 0.5  # share below which the table calls a person small
_MARGIN = 0.06  # of a box round a person, in longer sides of the joints' box


def main() -> None:
    """Paste, find and measure; print and write the table."""
    cli.require(FLAGS.photos, "photos", "name a folder of photos without people")
    cli.writable_folder(str(Path(FLAGS.output).parent))  # fail before the work starts
    from tqdm import tqdm

    from hg3d_tf import input_pipeline, people, prediction, tables
    from hg3d_tf.skeleton import LIMB_JOINTS

    backgrounds = [prediction.read_photo(p) for p in prediction.find_images([FLAGS.photos])]
    data_dir = FLAGS.data_dir or input_pipeline.default_data_dir()
    examples = _draw_examples(data_dir)
    look = prediction.load_predictor(FLAGS.model or prediction.shipped_model())
    ways = {
        "whole photo": lambda photo, box: look(photo, None),
        "searched": lambda photo, box: people.find_people(photo, look)[0].pose,
        "true box": look,
    }
    shares, errors = [], {way: [] for way in ways}
    for number, example in enumerate(tqdm(examples, unit="person", disable=None)):
        photo, joints, share = _pasted(example, backgrounds, number)
        shares.append(share)
        box = _box(joints[example["visible"]])
        limbs = [joint for joint in LIMB_JOINTS if example["visible"][joint]]
        for way, find in ways.items():
            distances = np.linalg.norm(find(photo, box)["joints_2d"] - joints, axis=-1)
            errors[way].append(distances[limbs] / (share * min(photo.pixels.shape[:2])))
    rows = {way: _rates(distances, shares) for way, distances in errors.items()}
    statement = (
        f"{len(examples)} people of {FLAGS.dataset} {FLAGS.split}; PCK in percent of the limbs'"
        " labelled joints, nearer than 0.1 and 0.2 of the longer side of the joints' box; small:"
        f" below {_SMALL} of the photo's shorter side"
    )
    print(tables.as_text(tables.protocol_table(rows, {}, 1)), statement, sep="\n")
    files.write_json(FLAGS.output, {"statement": statement, "rows": rows})


def _draw_examples(data_dir: str) -> list[dict]:
    from hg3d_tf import prepared

    dataset = prepared.load_split(FLAGS.dataset, FLAGS.split, data_dir)
    examples = [e for e in dataset.as_numpy_iterator() if e["visible"].sum() > 1]
    order = np.random.default_rng(0).permutation(len(examples))
    return [examples[i] for i in order[: FLAGS.count]]


def _pasted(example: dict, backgrounds: list, number: int):
    """Return a photo with an example's picture in it, the joints [16, 2] px there, the share."""
    from hg3d_tf.prediction import Photo

    rng = np.random.default_rng([1, number])
    width, height = _PHOTO_SIZES[rng.integers(len(_PHOTO_SIZES))]
    background = backgrounds[rng.integers(len(backgrounds))]
    canvas = Image.fromarray(background.pixels).resize((width, height))
    picture = Image.open(io.BytesIO(example["image"])).convert("RGB")
    share = rng.uniform(*_SHARES)
    side = np.ptp(example["joints_2d"][example["visible"]], axis=0).max()
    scale = share * min(width, height) / side
    picture = picture.resize([max(1, round(length * scale)) for length in picture.size])
    # All of it inside where it fits, else as much as there is room for.
    rooms = np.sort([[0, 0], np.subtract(canvas.size, picture.size)], axis=0)
    corner = rng.integers(rooms[0], rooms[1] + 1)
    canvas.paste(picture, tuple(corner.tolist()))
    joints = example["joints_2d"] * scale + corner
    return Photo(example["key"].decode(), np.asarray(canvas)), joints, share


def _box(joints: np.ndarray) -> np.ndarray:
    """Return the box [4] px of a person with these joints."""
    margin = _MARGIN * np.ptp(joints, axis=0).max()
    return np.concatenate([joints.min(0) - margin, joints.max(0) + margin])


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
