"""A painted person on its way through the pipeline, and the discs found again in its crop."""

import io

import numpy as np
import tensorflow as tf
from PIL import Image

from hg3d_tf.data import geometry, region_decoding, warping
from hg3d_tf.data.ops import boxed, chain
from support import painted_people


def encoded(image: Image.Image, form: str = "JPEG") -> bytes:
    """Return the bytes of an image file; JPEG with as little loss as it can."""
    buffer = io.BytesIO()
    options = {"quality": 95, "subsampling": 0} if form == "JPEG" else {}
    image.save(buffer, form, **options)
    return buffer.getvalue()


def render(size: int, with_opencv: bool = False):
    """Return the op from an adapted sample to its crop, as the pipeline chains it."""
    crop = geometry.crop(size, snapped=True)
    if with_opencv:
        crop = chain(geometry.place_crop(size), crop_alone(size, True), geometry.move_labels(size))
    return chain(geometry.snap_to_pixels(size), region_decoding.decode_for_crop(size), crop)


def crop_alone(size: int, with_opencv: bool = warping.OPENCV):
    """Return the op that renders the crop of a placed sample as a batch of one."""
    crop = geometry.crop_batch(size, with_opencv)

    def apply(sample):
        sample = {"channel_factors": tf.ones([3])} | sample
        batch = {name: sample[name][tf.newaxis] for name in geometry.RENDERED_FIELDS}
        image = crop(batch | {"image": boxed(sample["image"])[tf.newaxis]})["image"][0]
        return sample | {"image": image}

    return apply


def painted_sample(seed: int, zoom: int = 1, form: str = "JPEG", **changes) -> dict:
    """A person of discs with exact labels, as the pipeline sees it before the crop.

    With `zoom` the image has so many times the pixels of the usual one on each side.
    """
    person = painted_people.random_person(np.random.default_rng(seed))
    intrinsics = zoom * np.array([400.0, 400.0, 80.0, 80.0])
    joints_2d = painted_people.project(person, intrinsics)
    low, high = joints_2d.min(0), joints_2d.max(0)
    image = painted_people.paint(joints_2d, zoom * painted_people.SIZE, radius=3 * zoom)
    sample = {
        "image": encoded(image, form),
        "has_depth": np.array(False),
        "joints_2d": joints_2d.astype(np.float32),
        "joints_3d": person.astype(np.float32),
        "visible": np.arange(16) != 3,
        "intrinsics": intrinsics.astype(np.float32),
        "crop_center": ((low + high) / 2).astype(np.float32),
        "crop_side": np.float32(1.4 * (high - low).max()),
        "person_side": np.float32((high - low).max()),
        "rotation": np.float32(0),
        "flip": np.array(False),
        "seed": np.array([seed, 0], np.int32),
    }
    return {name: tf.constant(value) for name, value in (sample | changes).items()}


def in_tf_data(op):
    """The op as tf.data runs it."""

    def apply(sample):
        return next(iter(tf.data.Dataset.from_tensors(sample).map(op)))

    return apply


def eagerly(op):
    """The op as it is."""
    return op


def assert_discs_at_labels(sample, fewest: int = 4) -> None:
    """Assert that the disc of each joint that stands alone is within 0.5 px of its label."""
    image, joints_2d = sample["image"].numpy(), sample["joints_2d"].numpy()
    # After a flip the label of a joint is where the disc of its mirror image was painted.
    painted = np.array(geometry.MIRROR) if sample["flip"] else np.arange(16)
    size, found = len(image), 0
    for joint, xy in enumerate(joints_2d):
        apart = np.linalg.norm(np.delete(joints_2d, joint, axis=0) - xy, axis=1).min() > 10
        if apart and (xy > 6).all() and (xy < size - 6).all():
            center = _disc_center(image, painted[joint], xy)
            np.testing.assert_allclose(center, xy, atol=0.5, err_msg=f"joint {joint}")
            found += 1
    assert found >= fewest


def _disc_center(image, joint, near):
    """Centre of the disc of that joint's colour, px, within 5 px of a point."""
    rows, columns = np.indices(image.shape[:2])
    centers = (columns + 0.5, rows + 0.5)
    distance = np.abs(image * 255 - painted_people.COLOURS[joint]).max(-1)
    weight = np.clip(1 - distance / 60, 0, None)
    weight[np.hypot(centers[0] - near[0], centers[1] - near[1]) > 5] = 0
    return np.array([(weight * c).sum() for c in centers]) / weight.sum()
