"""The finder: its maps as boxes of the picture, and the file in the package."""

import threading

import numpy as np
import pytest
from PIL import Image

from hg3d_tf import weights
from hg3d_tf.cli import UserError
from hg3d_tf.network.finding import STRIDE_PX
from hg3d_tf.prediction import finder_decoding, person_finder
from hg3d_tf.prediction.person_finder import LiteRTFinder, letterbox
from hg3d_tf.prediction.photos import Photo

SIZE = 64
CELLS = SIZE // STRIDE_PX


def maps(*people):
    """Return maps in which boxes [4] px of the finder's input have their logits."""
    centre = np.full((CELLS, CELLS, 1), -9.0, np.float32)
    box = np.zeros((CELLS, CELLS, 4), np.float32)
    quality = np.zeros((CELLS, CELLS, 1), np.float32)
    for corners, logit in people:
        x, y = (int((corners[i] + corners[i + 2]) / 2 // 8) for i in (0, 1))
        middle = np.array([x + 0.5, y + 0.5]) * 8
        sides = np.concatenate([middle - corners[:2], np.array(corners[2:]) - middle])
        centre[y, x], quality[y, x], box[y, x] = logit, logit, np.log(sides / 16)
    return {"centre": centre, "box": box, "quality": quality}


def test_boxes_come_out_as_they_were_put_in():
    one, other = (4.0, 10.0, 30.0, 60.0), (34.0, 20.0, 60.0, 40.0)
    boxes, scores = finder_decoding.decode(**maps((other, 1.0), (one, 2.0)))
    np.testing.assert_allclose(boxes, [one, other], rtol=1e-5)
    np.testing.assert_allclose(scores, 1 / (1 + np.exp([-2.0, -1.0])), rtol=1e-5)


def test_a_second_box_round_the_same_person_goes():
    one, nearly = (4.0, 10.0, 40.0, 60.0), (10.0, 10.0, 58.0, 60.0)
    boxes, _ = finder_decoding.decode(**maps((one, 2.0), (nearly, 1.0)))
    assert len(boxes) == 1


def test_what_is_unlikely_is_no_box():
    boxes, scores = finder_decoding.decode(**maps(((4.0, 10.0, 30.0, 60.0), -4.0)))
    assert boxes.shape == (0, 4) and scores.shape == (0,)


@pytest.mark.parametrize(("height", "width"), [(40, 120), (120, 40), (16, 16), (1, 300)])
def test_the_whole_picture_lies_in_the_square(height, width):
    pixels = np.random.default_rng(0).integers(0, 255, (height, width, 3), np.uint8)
    square, scale, corner = letterbox(pixels, SIZE)
    small = np.maximum(1, np.round(np.array([width, height]) * scale)).astype(int)
    assert scale == SIZE / max(height, width) and small.max() == SIZE
    x, y = corner
    outside = np.ones((SIZE, SIZE), bool)
    outside[y : y + small[1], x : x + small[0]] = False
    assert (square[outside] == 127).all()
    if scale < 1:
        mean = square[~outside].mean()
        assert abs(mean - pixels.mean()) < 6


class _Runner:
    """Sees one person in the upper left quarter of the picture, 120 x 60 px."""

    signatures = ("serving_default",)

    def __init__(self, content, num_threads):
        pass

    def input_size(self, signature):
        return SIZE

    def run(self, signature, image):
        assert image.shape == (SIZE, SIZE, 3) and image.max() <= 1
        return {name: value[np.newaxis] for name, value in maps(((0, 16, 32, 32), 3.0)).items()}


def test_boxes_are_px_of_the_photo(monkeypatch, tmp_path):
    (tmp_path / "finder.tflite").write_bytes(b"")
    monkeypatch.setattr("hg3d_tf.tflite.litert.TfliteRunner", _Runner)
    photo = Photo("photo", np.zeros((60, 120, 3), np.uint8))
    found = LiteRTFinder(tmp_path / "finder.tflite")(photo)
    np.testing.assert_allclose(found.boxes, [[0, 0, 60, 30]], atol=1e-3)
    assert found.scores > person_finder.LEAST_SCORE
    assert not len(LiteRTFinder(tmp_path / "finder.tflite", least_score=0.99)(photo).boxes)


def test_the_finder_in_the_package_finds_the_same_from_several_threads():
    rows = Image.open(weights.FOLDER / "typical.png").convert("RGB")
    height = rows.height // 3
    photo = Photo("row", np.asarray(rows)[:height, : rows.width // 2])
    find = LiteRTFinder(weights.FINDER_FILE, person_finder.LEAST_SCORE_OF_KNOWN)
    expected = find(photo)
    assert len(expected.boxes)
    found = []
    threads = [threading.Thread(target=lambda: found.append(find(photo))) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 4
    for one in found:
        np.testing.assert_array_equal(one.boxes, expected.boxes)


def test_what_is_no_finder_is_named(tmp_path):
    with pytest.raises(UserError, match=r"none\.tflite does not exist"):
        LiteRTFinder(tmp_path / "none.tflite")
    with pytest.raises(UserError, match=r"pose\.tflite is no finder"):
        LiteRTFinder(weights.TFLITE_FILE)
