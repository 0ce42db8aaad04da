"""For tests: a person whose joints are coloured discs, painted and found again."""

import io

import numpy as np
import tensorflow_datasets as tfds
from PIL import Image

from hg3d_tf.skeleton import JOINT_NAMES

# mm from the pelvis: a person who faces the camera; x to the image's right, y down, z away.
_LEFT_HALF = {
    "l_hip": (140, 10, 0),
    "l_knee": (190, 440, -70),
    "l_ankle": (230, 860, 40),
    "l_shoulder": (200, -430, 10),
    "l_elbow": (410, -300, -90),
    "l_wrist": (600, -480, -200),
}
_MIDDLE = {
    "pelvis": (0, 0, 0),
    "spine": (20, -220, 30),
    "thorax": (0, -430, 10),
    "upper_neck": (0, -590, -20),
    "nose": (0, -720, -120),
    "head": (0, -730, -60),
    "head_top": (0, -860, -10),
}
_RIGHT_HALF = {"r" + name[1:]: (-x - 20, y + 25, z - 40) for name, (x, y, z) in _LEFT_HALF.items()}
STANDING_MM = {
    name: np.array(place, float) for name, place in (_MIDDLE | _LEFT_HALF | _RIGHT_HALF).items()
}
STANDING_MM["thorax"] = (STANDING_MM["l_shoulder"] + STANDING_MM["r_shoulder"]) / 2

# Distinct and not grey, so that a joint is known by its colour after lossy compression.
_LEVELS = np.array(np.meshgrid(*[[0, 128, 255]] * 3)).reshape(3, -1).T
_COLOURS = _LEVELS[np.ptp(_LEVELS, axis=1) > 0][: len(JOINT_NAMES)]


def standing(names, scale: float = 1.0) -> np.ndarray:
    """Return the painted person's joints [len(names), 3] mm; unknown ones lie near the pelvis."""
    return np.stack([STANDING_MM.get(name, np.array([5.0, 30, 40])) for name in names]) * scale


def paint(
    joints_2d: np.ndarray, size: tuple[int, int], radius_px: float, seed: int = 0
) -> np.ndarray:
    """Return an image [height, width, 3] of noise with a disc at each of the 16 joints.

    Args:
      joints_2d: [16, 2] px, the image's top left corner being (0, 0); NaN where not painted.
      size: width and height.
      radius_px: of a disc.
      seed: of the noise.
    """
    width, height = size
    noise = np.random.default_rng(seed).normal(60, 5, (height, width, 1))
    image = np.repeat(noise, 3, axis=2)
    for place, colour in zip(joints_2d, _COLOURS, strict=True):
        if np.isfinite(place).all():
            first = np.clip(np.floor(place - radius_px - 1), 0, size).astype(int)
            end = np.clip(np.ceil(place + radius_px + 1), 0, size).astype(int)
            _add_disc(image[first[1] : end[1], first[0] : end[0]], place - first, radius_px, colour)
    return image.clip(0, 255).astype(np.uint8)


def _add_disc(part: np.ndarray, place: np.ndarray, radius_px: float, colour: np.ndarray) -> None:
    """Paint a disc on the part of an image that it covers, at a place within the part."""
    height, width = part.shape[:2]
    centers = np.stack(np.meshgrid(np.arange(width), np.arange(height)), -1) + 0.5
    distance = np.linalg.norm(centers - place, axis=-1)
    cover = np.clip(radius_px + 0.5 - distance, 0, 1)[..., None]
    part[:] = part * (1 - cover) + colour * cover


def jpeg(image: np.ndarray) -> bytes:
    """Return an image as a JPEG file of high quality."""
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "jpeg", quality=95)
    return buffer.getvalue()


def found_joints(image: np.ndarray, near: np.ndarray, radius_px: float) -> np.ndarray:
    """Return the centre [16, 2] of each joint's disc, looked for near a place; NaN if not found."""
    return np.stack(
        [_disc_center(image, *item, radius_px) for item in zip(near, _COLOURS, strict=True)]
    )


def _disc_center(image, near, colour, radius_px):
    centers = np.stack(np.meshgrid(*map(np.arange, image.shape[1::-1])), -1) + 0.5
    # Every pixel in reach counts by how much of the way from the background to the colour it is.
    reach = np.linalg.norm(centers - near, axis=-1) < radius_px + 3
    towards = (colour - 60.0) / np.square(colour - 60.0).sum()
    weight = np.where(reach, ((image.astype(float) - 60) @ towards).clip(0, 1), 0)
    covered = (weight > 0.5).sum()
    same_colour = reach & (np.abs(image.astype(float) - colour).max(-1) < 64)
    if covered == 0 or same_colour.sum() < 0.3 * covered:
        return np.full(2, np.nan)
    weight = np.where(weight > 0.2, weight, 0)
    return (centers * weight[..., None]).sum((0, 1)) / weight.sum()


def build(builder_class, manual_dir, data_dir, num_processes=1, beam_runner=None, **options):
    """Prepare a dataset as the build command does; return the builder."""
    builder = builder_class(data_dir=data_dir, num_processes=num_processes, **options)
    download_config = tfds.download.DownloadConfig(manual_dir=manual_dir, beam_runner=beam_runner)
    builder.download_and_prepare(download_config=download_config)
    return builder


def assert_a_photo_that_comes_is_read(builder, manual_dir, photo) -> None:
    """Check that a photo of a dataset which was not there makes its unit another one."""

    def files():
        splits = builder.split_units(manual_dir).values()
        return {unit.path_in(manual_dir) for units in splits for unit in units}

    hidden = photo.rename(photo.with_name("not unpacked yet"))
    before = files()
    hidden.rename(photo)
    assert len(files() - before) == 1


def prepared(builder, split: str) -> dict[str, dict]:
    """Return the examples of a split by key."""
    examples = tfds.as_numpy(builder.as_dataset(split=split))
    return {example["key"].decode(): example for example in examples}


def stored_scale(example: dict) -> float:
    """Return stored px per source px of a prepared example."""
    left, _, right, _ = example["stored_region"]
    return example["image"].shape[1] / (right - left)


def assert_joints_on_discs(example: dict, radius_px: float) -> None:
    """Check that each visible joint of an example lies within 1 px of its disc's centre.

    And most within much less: half a pixel of a wrong convention would show.
    """
    radius = radius_px * stored_scale(example)
    found = found_joints(example["image"], example["joints_2d"], radius)
    distance = np.linalg.norm(found - example["joints_2d"], axis=-1)[example["visible"]]
    assert (distance < 1).all(), (example["key"], distance)
    assert np.median(distance) < 0.25, (example["key"], distance)
