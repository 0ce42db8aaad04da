import json
import math
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import tensorflow as tf
from support import painted_people
from support.commands import fails_with_one_line, fork_shrunk
from support.rendered_people import three_people

from hg3d_tf import weights
from hg3d_tf.data import input_pipeline
from hg3d_tf.network import shipped
from hg3d_tf.network.confidence import UNMEASURED
from hg3d_tf.prediction.person_finder import letterbox
from hg3d_tf.serving.description import describe_phone_model
from hg3d_tf.training import checkpoints

pytest.importorskip("ai_edge_litert", reason="LiteRT is not installed")

from hg3d_tf.tflite import exported_files, litert, measurement


@pytest.fixture(scope="module")
def contents(model):
    images = np.random.default_rng(0).random((4, 64, 64, 3))
    return exported_files.convert(model, ["float32", "float16", "int8"], images)


def crops(count: int) -> np.ndarray:
    """Crops of whole grey levels: uint8 and float inputs hold the same."""
    return np.random.default_rng(1).integers(0, 256, (count, 64, 64, 3), np.uint8)


@pytest.mark.slow
def test_keras_saved_model_and_tflite_agree(model, served, contents):
    runner = litert.TfliteRunner(contents["float32"])
    images = crops(4)
    expected = served.signatures["predict_crops"](crops=tf.constant(images))
    outputs = model(images / np.float32(255), training=False)
    for i, image in enumerate(images):
        joints = runner.run("joints", image / 255)
        assert joints.keys() == expected.keys()
        np.testing.assert_allclose(joints["joints_2d"][0], expected["joints_2d"][i], atol=1e-3)
        np.testing.assert_allclose(joints["joints_3d"][0], expected["joints_3d"][i], atol=0.05)
        np.testing.assert_allclose(joints["confidence"][0], expected["confidence"][i], atol=1e-4)
        raw = runner.run("heatmaps", image / 255)
        np.testing.assert_allclose(raw["heatmaps"][0], outputs["heatmaps"][-1][i], atol=1e-4)
        np.testing.assert_allclose(raw["depth"][0], outputs["depth"][i], atol=1e-4)


@pytest.mark.slow
def test_half_precision_is_near_and_smaller(contents):
    image = crops(1)[0] / 255
    exact, half = (
        litert.TfliteRunner(contents[form]).run("heatmaps", image)
        for form in ("float32", "float16")
    )
    assert len(contents["float16"]) < len(contents["float32"])
    for name, value in exact.items():
        assert 0 < np.abs(half[name] - value).mean() < 0.02 * np.ptp(value), name


@pytest.mark.slow
def test_int8_is_smaller_and_its_joints_are_near(contents):
    exact, rough = (litert.TfliteRunner(contents[form]) for form in ("float32", "int8"))
    assert len(contents["int8"]) < 0.5 * len(contents["float32"]) and rough.signatures == ["joints"]
    images = crops(8) / 255
    found, expected = ([runner.run("joints", i) for i in images] for runner in (rough, exact))
    assert found[0].keys() == expected[0].keys()
    for name, tolerance in (("confidence", 0.1), ("joints_3d_crop", 0.35)):
        values, truth = (np.concatenate([row[name] for row in rows]) for rows in (found, expected))
        assert 0 < np.median(np.abs(values - truth)) < tolerance * np.ptp(truth), name


@pytest.mark.slow
@pytest.mark.parametrize("form", ["float32", "float16", "int8"])
@pytest.mark.parametrize("level", [0.0, 0.5, 1.0])
def test_no_output_of_an_image_of_nothing_is_nan(contents, form, level):
    runner = litert.TfliteRunner(contents[form])
    for signature in runner.signatures:
        for name, value in runner.run(signature, np.full((64, 64, 3), level)).items():
            assert np.isfinite(value).all(), (signature, name)


@pytest.mark.slow
def test_several_threads_get_the_poses_of_one(contents):
    runner = litert.TfliteRunner(contents["float32"])
    images = crops(24) / 255
    expected = [runner.run("joints", image)["joints_3d"] for image in images]
    with ThreadPoolExecutor(8) as threads:
        found = list(threads.map(lambda image: runner.run("joints", image)["joints_3d"], images))
    np.testing.assert_array_equal(found, expected)


@pytest.mark.slow
def test_the_heatmaps_are_for_gpu_delegates_the_joints_are_not(contents):
    listed = measurement.operators_with_delegate(contents["float32"])
    assert listed.keys() == {"joints", "heatmaps"}
    assert all(operator["gpu_delegate"] for operator in listed["heatmaps"].values())
    assert listed["heatmaps"]["CONV_2D"]["count"] > 10
    assert not listed["joints"]["ARG_MAX"]["gpu_delegate"]
    assert measurement.operators_with_delegate(contents["int8"]).keys() == {"joints"}


@pytest.mark.slow
def test_the_report_measures_each_file(model, contents, data_dir):
    batches = input_pipeline.evaluation_batches("painted_2d", "test", 64, 4, data_dir)
    report = measurement.measure(model, contents, batches, seconds=0.01)
    assert report["samples"] == 10 and report["files"].keys() == contents.keys()
    exact, rough = report["files"]["float32"], report["files"]["int8"]
    # Untrained, on a plain background, cells tie: rounding moves some joints. How exactly the file
    # follows the network is tested on noise, above.
    assert abs(exact["pck_loss"]) < 1 and abs(exact["mpjpe_rise"]) < 1
    assert exact["joints_2d_px"] < 0.2 and exact["joints_2d_px"] < rough["joints_2d_px"]
    assert exact["depth_difference"] < 1e-4 < rough["depth_difference"]
    text = measurement.as_markdown(report)
    assert all(form in text for form in contents) and "ARG_MAX" in text
    json.dumps(report)


@pytest.mark.slow
def test_on_photos_without_3d_labels_only_pck_can_be_lost(model, contents, data_dir):
    batches = input_pipeline.evaluation_batches("painted_2d", "test", 64, 4, data_dir)
    batches = batches.map(lambda batch: batch | {"joints_3d": 0 * batch["joints_3d"]})
    one = {"float32": contents["float32"]}
    report = measurement.measure(model, one, batches, seconds=0.01) | {"test_set": "photos"}
    assert "pck_loss" in report["files"]["float32"]
    assert "mpjpe" not in json.dumps(report)
    assert "MPJPE" not in measurement.as_markdown(report)


@pytest.mark.parametrize("heatmaps", ["linear", "softmax"])
def test_the_description_is_that_of_the_file(contents, heatmaps):
    told = describe_phone_model(64, heatmaps, ((0.0, 0.1), (1.0, 0.9)))
    assert told["confidence_knots"] == [[0.0, 0.1], [1.0, 0.9]]
    assert list(told["inputs"]) == ["image"] and "[1, 64, 64, 3]" in told["inputs"]["image"]
    assert "1.25 times the longer side of the person's box" in told["inputs"]["image"]
    assert told["heatmaps"] == heatmaps and heatmaps in told["outputs"]["heatmaps"]
    runner = litert.TfliteRunner(contents["float32"])
    outputs = {k for name in runner.signatures for k in runner.run(name, crops(1)[0])}
    assert outputs == told["outputs"].keys()


def test_the_description_is_that_of_the_finder():
    told = describe_phone_model(64, "softmax")["finder"]
    assert told["file"] == weights.FINDER_FILE.name
    runner = litert.TfliteRunner(weights.FINDER_FILE.read_bytes())
    size = runner.input_size(told["signature"])
    assert size == told["input_size"]
    maps = runner.run(told["signature"], np.zeros((size, size, 3)))
    shapes = {name: str(list(value.shape)) for name, value in maps.items()}
    assert {name: text[: len(shapes[name])] for name, text in told["outputs"].items()} == shapes


@pytest.mark.slow
def test_the_finder_comes_in_floats_too():
    contents = exported_files.convert_finder(["float16", "float32", "dynamic"])
    assert list(contents) == ["finder", "finder_float32", "finder_float16"]
    assert contents["finder"] == weights.FINDER_FILE.read_bytes()
    image = letterbox(three_people(), 256)[0] / np.float32(255)
    exact = shipped.load_finder()(image[np.newaxis], training=False)
    for name, most in (("finder_float32", 1e-3), ("finder_float16", 0.05)):
        maps = litert.TfliteRunner(contents[name]).run("serving_default", image)
        for key, value in exact.items():
            np.testing.assert_allclose(maps[key], value, atol=most, err_msg=key)
    rows = measurement.measure_finder(contents, seconds=0.01)
    report = {"keras": {}, "samples": 0, "processor": "a CPU", "files": {}, "finder": rows}
    text = measurement.as_markdown(report)
    assert "finder_float16 |" in text and "finder_float32, `serving_default`" in text


def test_the_package_describes_its_own_network():
    stored = json.loads((weights.FOLDER / "description.json").read_text("utf-8"))
    knots = shipped.load().config.confidence_knots
    assert len(knots) > 2 and knots != UNMEASURED
    fresh = describe_phone_model(stored["input_size"], stored["heatmaps"], knots)
    fresh = json.loads(json.dumps(fresh))
    assert stored | {"software": ""} == fresh | {"software": ""}


def test_a_file_that_litert_cannot_run_is_noticed(contents):
    assert litert.can_run(contents["int8"])
    assert not litert.can_run(contents["int8"][:1000])


def test_what_was_not_measured_is_said():
    row = {"size_mb": 1.0, "latency_ms": 2.0, "operators": {}}
    report = {"keras": {}, "samples": 0, "processor": "a CPU", "files": {"float32": row}}
    text = measurement.as_markdown(report)
    assert "was not measured" in text and "PCK" not in text
    assert measurement.refused(report, 2.0, 5.0) == []


def test_what_loses_too_much_is_refused():
    files = {
        "good": {"pck_loss": 1.9, "mpjpe_rise": 4.9},
        "blurred": {"pck_loss": 2.1, "mpjpe_rise": 0.0},
        "flat": {"pck_loss": -1.0, "mpjpe_rise": 5.1},
        "broken": {"pck_loss": math.nan, "mpjpe_rise": math.nan},
    }
    assert measurement.refused({"files": files}, 2.0, 5.0) == ["blurred", "flat", "broken"]


@pytest.mark.slow
def test_the_command_writes_what_is_good_and_names_what_is_refused(model, data_dir, tmp_path):
    checkpoints.save_model(model, tmp_path / "run")
    flags = ("hg3d_tf.export", f"--workdir={tmp_path / 'run'}", f"--data_dir={data_dir}")
    data = ("--dataset=painted_2d", "--mix=painted_3d", "--calibration_samples=2")
    # No file can gain 200 % of MPJPE: each is refused.
    process = fork_shrunk(*flags, *data, "--tflite=int8", "--max_mpjpe_rise=-200")
    fails_with_one_line(process, "int8 not written", "--force")
    made = {path.name for path in (tmp_path / "run/tflite").iterdir()}
    assert made == {"description.json", "finder.tflite", "report.json", "report.md"}
    assert "finder.tflite" in process.stdout
    # The network is measured against itself only: there is no dataset called wild.
    photos = tmp_path / "photos"
    photos.mkdir()
    for number in range(2):
        painted_people.paint(np.full((16, 2), 60.0 + number)).save(photos / f"{number}.png")
    process = fork_shrunk(*flags, "--tflite=int8", f"--calibration_photos={photos}")
    assert process.returncode == 0, process.stderr
    assert "2 samples of" in process.stdout and "without labels" in process.stdout
    process = fork_shrunk(*flags, "--tflite=int8")
    fails_with_one_line(process, "'studio' is not in", "--calibration_photos=FOLDER")
    process = fork_shrunk(*flags, "--tflite=float64")
    fails_with_one_line(process, "--tflite=float64", "float32, float16, dynamic, int8")
