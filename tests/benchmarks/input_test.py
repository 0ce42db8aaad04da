import numpy as np
import pytest
from support import painted_people
from support.painted_samples import painted_sample
from support.training_runs import shrink_network

from hg3d_tf.benchmarks import input, input_data, input_stages, memory, opencv_loader
from hg3d_tf.data import prepared
from hg3d_tf.data.input_pipeline import InputConfig
from hg3d_tf.network import targets
from hg3d_tf.network.pose_model import ModelConfig

KIND = "photos"
FORM = (128, 96, 80.0)


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    path = str(tmp_path_factory.mktemp("photos"))
    input_data.store(KIND, path, 5, *FORM)
    return path


def config(folder, **settings):
    return InputConfig(mix={KIND: 1.0}, batch_size=4, data_dir=folder, **settings)


def test_a_photo_shows_its_crop_whole_and_half_of_them_have_depth(folder):
    examples = list(prepared.load_split(KIND, "train", folder).as_numpy_iterator())
    assert len({example["key"] for example in examples}) == 5
    assert sum(example["has_depth"] for example in examples) == 2
    for example in examples:
        low, high = (example["crop_center"] + sign * example["crop_side"] / 2 for sign in (-1, 1))
        assert (low >= 0).all() and (high <= FORM[:2]).all()


def test_more_photos_than_are_made_differ_in_their_keys_only(monkeypatch):
    monkeypatch.setattr(input_data, "_DIFFERENT", 2)
    made = [example for _, example in input_data.examples(5, *FORM)]
    assert len({example["key"] for example in made}) == 5
    assert len({example["image"].read() for example in made}) == 2


def test_every_stage_is_measured_and_compared_with_the_limit(folder, monkeypatch):
    monkeypatch.setattr(opencv_loader, "available", lambda: False)
    rates = {"decode_limit": 40.0, "whole": 10.0}
    monkeypatch.setattr(
        input_stages, "median_rates", lambda ways, *_: dict.fromkeys(ways, 1) | rates
    )
    result = input.measure_kind(KIND, folder, 64, 4, 0.0)
    assert result["whole_to_limit"] == 0.25
    assert {"read_and_parse_per_second", "warp_per_second"} < result.keys()


@pytest.mark.slow
def test_the_stages_make_batches(folder):
    for make in input_stages.stages(config(folder), 64).values():
        batch = next(iter(make()))
        assert len(batch["image"] if isinstance(batch, dict) else batch) == 4
    assert batch["heatmaps"].shape == (4, 16, 16, 16)


def test_a_rate_counts_samples():
    rates = input_stages.median_rates({"numbers": lambda: iter(range(10**9))}, 7, 0.01)
    assert rates["numbers"] > 7 * 1000


@pytest.mark.slow
def test_a_fed_step_tells_what_it_consumes(folder, monkeypatch):
    shrink_network(monkeypatch.setattr)
    measured = input.measure_training(config(folder), ModelConfig(1, 8, 1, 64), "float32", 0.0)
    np.testing.assert_allclose(measured["images_per_second"] * measured["step_ms"], 4000)
    assert 0 <= measured["waiting_for_input"] < 1
    assert measured["input_to_step"] > 0


def test_resident_memory_is_in_mib():
    before = memory.resident_mib()
    kept = np.ones(2**23)
    assert 48 < memory.resident_mib() - before < 80
    assert kept.nbytes == 64 * 2**20


def test_a_fresh_process_holds_nothing_of_this_one():
    kept = np.ones(2**25)
    assert memory.resident_mib() > 256
    assert memory.in_fresh_process(memory.resident_mib) < memory.resident_mib() - 240
    assert kept.nbytes == 256 * 2**20


@pytest.mark.parametrize("growth", [0.0, 38.0])
def test_growth_is_that_of_the_line_through_all_readings(monkeypatch, growth):
    noise = np.random.default_rng(0).normal(0, 0.1, 20)
    readings = iter(100 + np.linspace(0, growth, 20) + noise)
    monkeypatch.setattr(memory, "resident_mib", lambda: next(readings))
    measured = memory.measure(iter(range(10**9)), 0.02)
    assert abs(measured["growth"] - growth) < 0.3
    assert abs(measured["end"] - measured["start"] - growth) < 0.6
    assert measured["batches"] > 20


class Turned:
    """In place of a random generator: turn by 20 degrees, keep scale and colour."""

    def random(self):
        return 0.0

    def normal(self, mean, sigma):
        return 20.0 if sigma > 1 else 0.0

    def uniform(self, low, high, count):
        return np.ones(count)


def test_opencv_draws_heatmaps_where_the_joints_are():
    pytest.importorskip("cv2", reason="the datasets extra is not installed")
    sample = {name: value.numpy() for name, value in painted_sample(1).items()}
    image, heatmaps = opencv_loader.make_sample(sample, Turned(), 128, 32)
    assert image.shape == (128, 128, 3) and image.dtype == np.float32
    for joint, heatmap in enumerate(heatmaps):
        row, column = np.array(np.unravel_index(heatmap.argmax(), heatmap.shape)) * 4 + 2
        near = image[row - 4 : row + 5, column - 4 : column + 5] * 255
        assert np.abs(near - painted_people.COLOURS[joint]).max(-1).min() < 40


def test_opencvs_heatmaps_are_those_of_training():
    joints_2d = np.random.default_rng(0).uniform(4, 28, (16, 2))
    drawn = opencv_loader.draw_heatmaps(joints_2d, 32)
    expected = targets.draw_heatmaps(
        np.float32(joints_2d / 16 - 1)[np.newaxis], np.ones((1, 16), bool), 32
    )
    np.testing.assert_allclose(drawn, np.moveaxis(expected[0], -1, 0), atol=1e-5)
