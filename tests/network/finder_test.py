"""The finder's network: its maps, its weights in the package, and the file made of the same."""

import numpy as np
import pytest
from support.rendered_people import three_people

from hg3d_tf import weights
from hg3d_tf.network import shipped
from hg3d_tf.network.finder import build_finder
from hg3d_tf.network.finding import LEAST_SCORE, STRIDE_PX
from hg3d_tf.prediction import finder_decoding
from hg3d_tf.prediction.boxes import overlaps
from hg3d_tf.prediction.person_finder import letterbox
from hg3d_tf.tflite.litert import TfliteRunner


@pytest.fixture(scope="module")
def finder():
    return shipped.load_finder()


@pytest.mark.slow
def test_maps_have_a_cell_for_each_8_px():
    maps = build_finder(64)(np.zeros((2, 64, 64, 3), np.float32))
    shapes = {name: tuple(value.shape) for name, value in maps.items()}
    cells = (2, 64 // STRIDE_PX, 64 // STRIDE_PX)
    assert shapes == {"centre": (*cells, 1), "box": (*cells, 4), "quality": (*cells, 1)}


@pytest.mark.slow
def test_the_encoder_is_that_of_the_pose_network_up_to_its_thirteenth_block(finder):
    names = {layer.name for layer in finder.layers}
    assert "encoder_blocks_12__project_conv" in names
    assert not any(name.startswith("encoder_blocks_13") for name in names)
    assert 1.4e6 < finder.count_params() < 1.6e6


def test_the_phone_file_is_the_same_network(finder):
    image = letterbox(three_people(), 256)[0] / np.float32(255)
    exact = finder(image[np.newaxis], training=False)
    rough = TfliteRunner(weights.FINDER_FILE.read_bytes()).run("serving_default", image)
    # The file computes in int8 throughout. Boxes count where there is likely somebody.
    likely = exact["centre"].numpy()[..., 0] > -1
    assert 3 <= likely.sum() < 60
    for name, most in (("centre", 0.2), ("box", 0.1), ("quality", 0.2)):
        difference = np.abs(exact[name].numpy() - rough[name])
        assert (difference[likely] if name != "centre" else difference).mean() < most, name
    found = [
        finder_decoding.decode(
            *(np.asarray(maps[name])[0] for name in ("centre", "box", "quality"))
        )
        for maps in (exact, rough)
    ]
    (boxes, scores), (others, other_scores) = ((b[:3], s[:4]) for b, s in found)
    np.testing.assert_allclose(scores[:3], other_scores[:3], atol=0.05)
    for three in (scores, other_scores):
        assert three[2] > LEAST_SCORE > three[3]
    order, other_order = (np.argsort(b[:, 0]) for b in (boxes, others))
    assert overlaps(boxes[order], others[other_order]).min() > 0.9


@pytest.mark.slow
def test_what_is_saved_is_loaded_to_within_its_rounding(finder, tmp_path):
    shipped.save_finder(finder, tmp_path)
    again = shipped.load_finder(tmp_path)
    # What was rounded once stays.
    for one, two in zip(finder.get_weights(), again.get_weights(), strict=True):
        np.testing.assert_allclose(one, two, rtol=1e-3, atol=1e-6)
