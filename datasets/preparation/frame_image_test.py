import io
import struct

import av
import numpy as np
import pytest
from av.video.reformatter import ColorRange
from PIL import Image

from hg3d_tf.skeleton import JOINT_NAMES
from preparation.frame_image import FrameImage
from preparation.painted_people import found_joints, jpeg, paint, standing
from preparation.stored_crop import Storage, plan_crop
from preparation.video_test import write_video


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


@pytest.mark.parametrize("colours", ["ITU709", "BT2020", "ITU601"])
@pytest.mark.parametrize("full_range", [False, True])
def test_colours_of_a_film_are_those_of_the_stored_jpeg(colours, full_range):
    source = np.full((64, 64, 3), (200, 40, 90), np.uint8)
    frame = av.VideoFrame.from_ndarray(source, format="rgb24").reformat(
        format="yuvj420p" if full_range else "yuv420p",
        dst_colorspace=colours,
        dst_color_range=ColorRange.JPEG if full_range else ColorRange.MPEG,
    )
    ours, _ = stored_image(frame, (32, 32), 30, Storage(40, 1.0))
    np.testing.assert_allclose(ours.mean((0, 1)), source[0, 0], atol=3)


def turned_clip(path, image, quarter):
    """Write an MP4 of one picture, stored turned, whose display matrix turns it back."""
    stored = np.ascontiguousarray(np.rot90(image, -quarter))
    height, width = stored.shape[:2]
    write_video(path, [stored] * 3, size=(width, height))
    # The track's matrix, 16.16 fixed point: a b u / c d v / x y w.
    upright = struct.pack(">9i", 1 << 16, 0, 0, 0, 1 << 16, 0, 0, 0, 1 << 30)
    cos, sin = ((1, 0), (0, -1), (-1, 0), (0, 1))[quarter % 4]
    turn = struct.pack(">9i", cos << 16, sin << 16, 0, -sin << 16, cos << 16, 0, 0, 0, 1 << 30)
    data = path.read_bytes()
    # The first is the film's own, the second the track's.
    place = data.index(upright, data.index(b"tkhd"))
    path.write_bytes(data[:place] + turn + data[place + len(turn) :])


@pytest.mark.parametrize("quarter", range(4))
def test_a_frame_is_stored_as_players_show_it(tmp_path, quarter):
    upright = np.asarray(smooth_image(160, 96))
    turned_clip(tmp_path / "clip.mp4", upright, quarter)
    with av.open(str(tmp_path / "clip.mp4")) as container:
        frame = next(container.decode(video=0))
    image = FrameImage(frame)
    assert image.size == (160, 96)
    ours, crop = stored_image(frame, (70, 50), 60, Storage(60, 1.0))
    left, top, right, bottom = crop.region
    assert np.abs(ours - upright[top:bottom, left:right]).mean() < 4


@pytest.mark.slow
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
