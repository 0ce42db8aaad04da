"""Prepared datasets of made-up photos: noise with the detail of a photo, and a drawn person."""

import contextlib
import io
from collections.abc import Iterator

import numpy as np
import tensorflow_datasets as tfds
from absl import logging
from PIL import Image, ImageDraw
from tqdm import tqdm

from hg3d_tf.data import schema
from hg3d_tf.skeleton import BONES, NUM_JOINTS

_QUALITY = 92  # of the JPEGs
_PERSON_SHARE = 0.75  # of the crop's side
_DIFFERENT = 96  # photos; making more takes longer than measuring


def photo(rng: np.random.Generator, width: int, height: int) -> Image.Image:
    """Return an image of smooth shapes and some grain."""
    coarse = rng.integers(0, 255, (height // 16, width // 16, 3), dtype=np.uint8)
    smooth = Image.fromarray(coarse).resize((width, height), Image.Resampling.BICUBIC)
    grain = rng.normal(0, 4, (height, width, 1))
    return Image.fromarray(np.clip(np.asarray(smooth) + grain, 0, 255).astype(np.uint8))


def as_jpeg(image: Image.Image) -> bytes:
    """Return the file of an image, about as large as a real photo's of the same size."""
    file = io.BytesIO()
    image.save(file, "JPEG", quality=_QUALITY)
    return file.getvalue()


def examples(count: int, width: int, height: int, crop_side: float) -> Iterator[tuple[int, dict]]:
    """Yield that many numbered examples; from `_DIFFERENT` on they differ in their keys only."""
    different = [example(i, width, height, crop_side) for i in range(min(count, _DIFFERENT))]
    for i in range(count):
        repeated = different[i % len(different)]
        image = io.BytesIO(repeated["image"].getvalue())  # reading empties it
        yield i, repeated | {"key": f"photo/{i:06d}", "image": image}


def example(index: int, width: int, height: int, crop_side: float) -> dict:
    """Return an example of the schema whose crop has `crop_side` px and lies in the image."""
    rng = np.random.default_rng(index)
    image = photo(rng, width, height)
    margin = crop_side / 2
    center = [rng.uniform(min(margin, n / 2), max(n - margin, n / 2)) for n in (width, height)]
    reach = crop_side * _PERSON_SHARE / 2
    joints_2d = center + rng.uniform(-reach, reach, (NUM_JOINTS, 2))
    canvas = ImageDraw.Draw(image)
    for start, end in BONES:
        canvas.line([*joints_2d[start], *joints_2d[end]], fill=(200, 160, 140), width=6)
    joints_3d = np.concatenate([joints_2d, rng.normal(5000, 200, (NUM_JOINTS, 1))], axis=1)
    return {
        "key": f"photo/{index:06d}",
        "image": io.BytesIO(as_jpeg(image)),
        "joints_2d": joints_2d.astype(np.float32),
        "visible": np.ones(NUM_JOINTS, bool),
        "occluded": np.zeros(NUM_JOINTS, bool),
        "joints_3d": joints_3d.astype(np.float32),
        "has_depth": bool(index % 2),
        "intrinsics": np.float32([width, width, width / 2, height / 2]),
        "crop_center": np.float32(center),
        "crop_side": np.float32(crop_side),
        "box": np.concatenate([joints_2d.min(0), joints_2d.max(0)]).astype(np.float32),
    }


def store(name: str, data_dir: str, count: int, width: int, height: int, crop_side: float) -> None:
    """Write a prepared dataset of `count` photos in the split train."""
    photos = tqdm(
        examples(count, width, height, crop_side),
        desc=f"making {name}",
        total=count,
        unit="photo",
        leave=False,
        disable=None,
    )
    tfds.disable_progress_bar()
    # TFDS would say that it downloads, and warn that what it is to make is not there yet.
    with contextlib.redirect_stdout(io.StringIO()), _errors_only():
        tfds.dataset_builders.store_as_tfds_dataset(
            name=name,
            version="1.0.0",
            features=schema.pose_features(jpeg=True),
            split_datasets={"train": photos},
            data_dir=data_dir,
        )


@contextlib.contextmanager
def _errors_only() -> Iterator[None]:
    verbosity = logging.get_verbosity()
    logging.set_verbosity(logging.ERROR)
    try:
        yield
    finally:
        logging.set_verbosity(verbosity)
