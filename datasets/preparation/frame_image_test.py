import io

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange
from PIL import Image

from hg3d_tf.skeleton import JOINT_NAMES
from preparation.frame_image import FrameImage
from preparation.painted_people import found_joints, jpeg, paint, standing
from preparation.stored_crop import Storage, plan_crop


def smooth_image(width, height):
    rng = np.random.default_rng(0)
    small = Image.fromarray(rng.integers(0, 255, (6, 6, 3), dtype=np.uint8))
    return small.resize((width, height), Image.Resampling.BICUBIC)


def stored_image(frame, center, side, storage):
    image = FrameImage(frame)
    crop = plan_crop(center, side, image, storage)
    return np.asarray(Image.open(io.BytesIO(image.jpeg(crop, 95))), float), crop


@pytest.mark.parametrize("pixel_format", ["yuv420p", "yuvj420p", "yuv422p", "yuv444p", "rgb24"])
@pytest.mark.parametrize("size", [200, 61, 30])
def test_a_stored_frame_is_the_crop_of_the_source(pixel_format, size):
    source = smooth_image(221, 143)
    frame = av.VideoFrame.from_image(source).reformat(
        format=pixel_format,
        dst_color_range=ColorRange.JPEG if pixel_format == "yuvj420p" else None,
    )
    ours, crop = stored_image(frame, (110, 75), 80, Storage(size, 1.5))
    assert ours.shape == (crop.height, crop.width, 3)
    resampling = Image.Resampling.BILINEAR
    part = source.resize((crop.width, crop.height), resampling, crop.region)
    reference = Image.open(io.BytesIO(jpeg(np.asarray(part))))
    difference = ours - np.asarray(reference, float)
    assert np.abs(difference).mean() < 3
    assert np.abs(difference.mean((0, 1))).max() < 3


@pytest.mark.parametrize("ratio", [1.0, 1.5, 1.9, 2.2, 3.7])
def test_labels_move_with_the_pixels(ratio):
    joints = standing(JOINT_NAMES)[:, :2] * 0.3 + (401, 307)
    source = paint(joints, (800, 640), 4 * ratio)
    frame = av.VideoFrame.from_ndarray(source, format="rgb24").reformat(format="yuv420p")
    ours, crop = stored_image(frame, (401, 307), 400, Storage(round(600 / ratio), 1.5))
    labels = crop.points(joints)
    distance = np.linalg.norm(found_joints(ours, labels, 4) - labels, axis=1)
    assert distance.max() < 0.5
    assert np.median(distance) < 0.15


@pytest.mark.parametrize("block", [1, 2])
def test_a_planned_crop_keeps_to_size_and_grid(block):
    rng = np.random.default_rng(0)
    image = FrameImage(av.VideoFrame(1001, 707, "yuv420p"))
    image.block = block
    for _ in range(300):
        center, side = rng.uniform((0, 0), (1001, 707)), rng.uniform(10, 900)
        crop = plan_crop(center, side, image, Storage(97, 1.5))
        assert max(crop.width, crop.height) <= 97
        step = crop.reduction * block
        assert not np.any(np.array(crop.region) % step)
        low, high = np.reshape(crop.region, (2, 2))
        # The whole square is there, as far as it lies in the image's whole blocks.
        assert (low <= np.maximum(center - 0.75 * side, 0)).all()
        assert (high >= np.minimum(center + 0.75 * side, np.array(image.size) - step + 1)).all()
        # Neither stored larger than it is, nor reduced by more than it must be.
        assert (crop.scale <= 1.0001).all()
        assert (crop.scale * crop.reduction <= 1.0001).all()
