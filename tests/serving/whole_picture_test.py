"""A picture decoded once: its square is that of `predict`'s finder, its crops those of boxes."""

import io

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image, ImageOps
from support.rendered_people import three_people

from hg3d_tf.prediction import person_finder
from hg3d_tf.serving import served_image, whole_picture

SIZE = 64


def turned_jpeg(image: Image.Image, orientation: int) -> bytes:
    exif = Image.Exif()
    exif[0x0112] = orientation
    buffer = io.BytesIO()
    image.save(buffer, "JPEG", quality=95, subsampling=0, exif=exif)
    return buffer.getvalue()


def seen(data: bytes) -> np.ndarray:
    return np.asarray(ImageOps.exif_transpose(Image.open(io.BytesIO(data))))


def png(pixels: np.ndarray) -> bytes:
    return tf.io.encode_png(pixels).numpy()


def people(width: int, height: int) -> Image.Image:
    return Image.fromarray(three_people()).resize((width, height))


# Enlarged, kept, a half that is rounded to even, a line.
@pytest.mark.parametrize("shape", [(40, 120), (50, 37), (64, 64), (128, 33), (1, 300), (256, 250)])
def test_the_square_is_that_of_predict(shape):
    pixels = np.asarray(people(shape[1], shape[0]))
    expected, scale, corner = person_finder.letterbox(pixels, SIZE)
    square = whole_picture.letterbox(whole_picture.decode(tf.constant(png(pixels))), SIZE)
    np.testing.assert_allclose(square.scale, scale, rtol=1e-6)
    np.testing.assert_array_equal(square.corner, corner)
    difference = np.abs(square.pixels.numpy() * 255 - expected)
    # Pillow's kernel and TensorFlow's nearest are not the same, and Pillow rounds in between.
    assert difference.mean() < 1.5 and difference.max() < 20


@pytest.mark.parametrize("orientation", range(1, 9))
def test_the_square_is_turned_as_the_exif_says(orientation):
    data = turned_jpeg(people(150, 90), orientation)
    expected, _, corner = person_finder.letterbox(seen(data), SIZE)
    square = whole_picture.letterbox(whole_picture.decode(tf.constant(data)), SIZE)
    np.testing.assert_array_equal(square.corner, corner)
    assert np.abs(square.pixels.numpy() * 255 - expected).mean() < 1.5


def crops_of_both(data: bytes, box):
    picture = whole_picture.decode(tf.constant(data))
    box = tf.constant(box, tf.float32)
    crop, to_picture = whole_picture.crop(picture, box, 1.25, SIZE)
    expected, to_image = served_image.crop_of_box(tf.constant(data), box, 1.25, SIZE)
    np.testing.assert_allclose(to_picture, to_image, rtol=1e-4, atol=1e-3)
    return picture, np.abs(crop - expected).mean()


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_crop_is_that_of_the_box(orientation):
    _, difference = crops_of_both(turned_jpeg(people(300, 180), orientation), [20, 10, 150, 160])
    assert difference < 0.01


@pytest.mark.parametrize("orientation", [1, 6])
def test_a_large_jpeg_is_decoded_smaller_and_its_crop_is_the_same(orientation):
    data = turned_jpeg(people(2451, 1081), orientation)
    # A box inside: at the picture's edges both are black from another px on.
    picture, difference = crops_of_both(data, [300, 200, 900, 800])
    assert picture.unit == 2 and tuple(picture.pixels.shape[:2]) == (541, 1226)
    assert difference < 0.003
    width, height = picture.seen_size.numpy()
    assert (width, height) == ((2451, 1081) if orientation == 1 else (1081, 2451))


def test_other_files_stay_as_large_as_they_are():
    picture = whole_picture.decode(tf.constant(png(np.asarray(people(2451, 1081)))))
    assert picture.unit == 1 and tuple(picture.pixels.shape[:2]) == (1081, 2451)
