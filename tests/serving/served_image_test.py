"""What the served graph makes of image files, and its answers to requests that are mistakes."""

import io
import os
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps

from hg3d_tf import images
from hg3d_tf.data import image_header
from hg3d_tf.serving import served_image


def smooth_picture(height=60, width=90) -> Image.Image:
    """Slopes of another direction in each channel: no two turns of it are alike."""
    rows, columns = np.mgrid[:height, :width]
    channels = (rows * 255 / height, columns * 255 / width, (rows + 2 * columns) % 200)
    return Image.fromarray(np.stack(channels, axis=-1).astype(np.uint8))


def encoded(image: Image.Image, form: str, **options) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, form, **options)
    return buffer.getvalue()


def whole_crop(image_bytes: bytes, size: int = 64) -> np.ndarray:
    box = tf.concat([tf.zeros([2]), served_image.seen_size(image_bytes)], axis=0)
    return served_image.crop_of_box(tf.constant(image_bytes), box, 1.0, size)[0].numpy()


def expected_crop(image: Image.Image) -> np.ndarray:
    return whole_crop(encoded(image.convert("RGB"), "PNG"))


@pytest.mark.parametrize(
    ("form", "mode"),
    [
        *(("PNG", mode) for mode in ("L", "LA", "RGB", "RGBA", "P", "1")),
        *(("BMP", mode) for mode in ("L", "RGB", "RGBA")),
        *(("JPEG", mode) for mode in ("L", "RGB", "CMYK")),
        *(("GIF", mode) for mode in ("L", "RGB")),
    ],
)
def test_formats_and_channels(form, mode):
    data = encoded(smooth_picture().convert(mode), form)
    assert list(image_header.stored_size(data)) == [90, 60]
    # Pillow is the reference; decoders of JPEG differ by little.
    difference = np.abs(whole_crop(data) - expected_crop(Image.open(io.BytesIO(data))))
    assert difference.mean() < 0.02 and np.quantile(difference, 0.99) < 0.1


@pytest.mark.parametrize("orientation", range(1, 9))
@pytest.mark.parametrize("byte_order", ["<", ">"])
def test_the_exif_orientation_is_applied(orientation, byte_order):
    exif = Image.Exif()
    exif.endian = byte_order
    exif[0x010F] = "a camera's maker"
    exif[0x0112] = orientation
    data = encoded(smooth_picture(), "JPEG", quality=95, exif=exif)
    upright = ImageOps.exif_transpose(Image.open(io.BytesIO(data)))
    assert tuple(served_image.seen_size(data).numpy()) == upright.size
    difference = np.abs(whole_crop(data) - expected_crop(upright))
    assert difference.mean() < 0.02, orientation


@pytest.mark.parametrize("profile", [3000, 200_000])
def test_the_exif_is_found_behind_a_colour_profile(profile):
    exif = Image.Exif()
    exif[0x0112] = 6
    data = encoded(smooth_picture(), "JPEG", quality=95, exif=exif)
    profiled = encoded(smooth_picture(), "JPEG", icc_profile=bytes(profile))
    segments = profiled[profiled.index(b"\xff\xe2") : profiled.index(b"\xff\xdb")]
    assert len(segments) > profile
    later = data[:2] + segments + b"\xff" + data[2:]  # and a byte that fills
    assert images.read_header(later).orientation == 6
    assert image_header.exif_orientation(later) == 6


def test_bytes_of_exif_that_are_no_segment_do_not_turn_a_picture():
    exif = Image.Exif()
    exif[0x0112] = 6
    turned = encoded(smooth_picture(), "JPEG", exif=exif)
    comment = turned[2 : turned.index(b"\xff\xdb")]
    data = encoded(smooth_picture(), "JPEG", comment=comment)
    assert images.read_header(data).orientation == image_header.exif_orientation(data) == 1


@pytest.mark.parametrize("cut", [0, 1, 2, 6, 10])
def test_a_jpeg_that_ends_in_its_exif_has_no_orientation(cut):
    begun = b"\xff\xd8" + b"\xff\xe1\x10\x00Exif\0\0"
    assert image_header.exif_orientation(begun[: len(begun) - cut]) == 1


def test_a_large_image_is_averaged_not_sampled():
    fine = np.indices((512, 512)).sum(0) % 2 * 255  # a chessboard of single pixels
    crop = whole_crop(encoded(Image.fromarray(fine.astype(np.uint8)), "PNG"))
    np.testing.assert_allclose(crop[2:-2, 2:-2], 0.5, atol=0.01)


def test_the_first_frame_of_an_animation_is_taken():
    frames = [Image.new("RGB", (40, 40), colour) for colour in ("red", "blue")]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    np.testing.assert_allclose(whole_crop(data)[32, 32], [1, 0, 0], atol=0.02)


PICTURES = {form: encoded(smooth_picture(), form) for form in ("PNG", "JPEG", "BMP", "GIF")}
WIDE = (20000).to_bytes(4, "big")
BAD_IMAGES = {
    "empty": (b"", "not a JPEG, PNG, GIF or BMP"),
    "no image": (b"<html></html>", "not a JPEG, PNG, GIF or BMP"),
    "webp": (encoded(smooth_picture(), "WEBP"), "not a JPEG, PNG, GIF or BMP"),
    "no pixels": (PICTURES["PNG"][:16] + bytes(8) + PICTURES["PNG"][24:], "has no pixels"),
    "too wide": (PICTURES["PNG"][:16] + WIDE + PICTURES["PNG"][20:], "larger than 8192 px"),
    **{
        f"truncated {form}": (data[: len(data) // 2], f"(?i){form}|size should match")
        for form, data in PICTURES.items()
    },
}


@pytest.mark.parametrize("name", BAD_IMAGES)
def test_a_bad_image_is_the_requests_error(served, name):
    data, message = BAD_IMAGES[name]
    with pytest.raises(tf.errors.InvalidArgumentError, match=message):
        served.signatures["serving_default"](image_bytes=tf.constant([PICTURES["PNG"], data]))


BAD_BOXES = {
    "outside": [[100.0, 0, 120, 40]],
    "no area": [[10.0, 10, 10, 40]],
    "upside down": [[10.0, 40, 40, 10]],
    "not a number": [[np.nan, 0, 10, 10]],
}


@pytest.mark.parametrize("name", BAD_BOXES)
def test_a_bad_box_is_the_requests_error(served, name):
    with pytest.raises(tf.errors.InvalidArgumentError, match="the box is not"):
        served.signatures["predict_boxes"](
            image_bytes=tf.constant([PICTURES["PNG"]]), boxes=tf.constant(BAD_BOXES[name])
        )


def test_batches_that_cannot_be_are_the_requests_error(served):
    predict = served.signatures
    with pytest.raises(tf.errors.InvalidArgumentError, match="the batch is empty"):
        predict["serving_default"](image_bytes=tf.constant([], tf.string))
    with pytest.raises(tf.errors.InvalidArgumentError, match="the batch is empty"):
        predict["predict_crops"](crops=tf.zeros([0, 64, 64, 3], tf.uint8))
    images = tf.constant([PICTURES["PNG"]] * 2)
    with pytest.raises(tf.errors.InvalidArgumentError, match="differ in their number of rows"):
        predict["predict_boxes"](image_bytes=images, boxes=tf.constant([[0.0, 0, 20, 20]]))
    with pytest.raises(tf.errors.InvalidArgumentError, match="person_height_mm must be positive"):
        predict["predict_metric"](
            image_bytes=images[:1],
            boxes=tf.constant([[0.0, 0, 20, 20]]),
            person_height_mm=tf.constant([0.0]),
            focal_length_px=tf.constant([500.0]),
        )


def mutated(rng: np.random.Generator) -> bytes:
    """One of the pictures with bytes changed, cut out or doubled, the header's as likely as all."""
    data = bytearray(PICTURES[rng.choice(list(PICTURES))])
    for _ in range(rng.integers(1, 8)):
        place = int(rng.integers(0, rng.choice([40, len(data)])))
        action = rng.integers(0, 3)
        if action == 0:
            data[place % len(data)] = rng.integers(0, 256)
        elif action == 1:
            del data[place : place + int(rng.integers(1, 50))]
        else:
            data[place:place] = data[place : place + int(rng.integers(1, 50))]
        data = data or bytearray(b"\0")
    return bytes(data)


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="no /proc to read memory from")
def test_mutated_images_are_answered_or_refused(served):
    """HG3D_MUTATIONS says how many, 100 by default; from 1000 on memory must stay flat too."""
    count = int(os.environ.get("HG3D_MUTATIONS", 100))
    rng, predict = np.random.default_rng(0), served.signatures["serving_default"]
    answered, memory = 0, []
    for _ in range(count):
        try:
            outputs = predict(image_bytes=tf.constant([mutated(rng)]))
            answered += all(np.isfinite(value).all() for value in outputs.values())
        except tf.errors.InvalidArgumentError:
            answered += 1
        memory.append(int(Path("/proc/self/statm").read_text().split()[1]) / 256)
    assert answered == count
    if count >= 1000:  # MB, once all is warm
        assert np.median(memory[-count // 4 :]) - np.median(memory[count // 4 : count // 2]) < 50
