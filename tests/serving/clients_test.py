"""The client against a stand-in for TF Serving, over real sockets; the files in serving/."""

import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image
from support import painted_people
from support.commands import fails_with_one_line, run
from support.painted_samples import encoded
from support.rendered_people import three_people

pytest.importorskip("tensorflow_serving", reason="the serving extra is not installed")

import grpc
import requests
from google.protobuf import text_format
from support import serving_stand_in
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    prediction_log_pb2,
    prediction_service_pb2_grpc,
)
from tensorflow_serving.config import model_server_config_pb2

from hg3d_tf.cli import UserError
from hg3d_tf.serving import clients

SERVING = Path(__file__).resolve().parents[2] / "serving"
SERVERS = {
    "grpc": (serving_stand_in.serve_grpc, clients.grpc_predictor),
    "rest": (serving_stand_in.serve_rest, clients.rest_predictor),
}
PHOTOS = [encoded(painted_people.paint(np.full((16, 2), 40.0 + i)), "PNG") for i in range(3)]


@pytest.fixture
def stand_in(saved_model, served):
    return serving_stand_in.Model(saved_model, served)


@pytest.fixture(params=SERVERS)
def predictor(request, stand_in):
    """The function that makes a predictor of one protocol for the stand-in, of whole images."""
    serve, create = SERVERS[request.param]
    with serve(stand_in) as address:

        def predictor(signature="serving_default", **config):
            config = clients.ServerConfig(address, signature=signature, backoff=0.05, **config)
            return create(config)

        yield predictor


@pytest.mark.slow
def test_answers_are_those_of_the_saved_model(predictor, served):
    expected = served.signatures["serving_default"](image_bytes=tf.constant(PHOTOS))
    answers = list(clients.predict_batches(PHOTOS, predictor(version=1), batch_size=2))
    assert len(answers) == 3
    for i, answer in enumerate(answers):
        for name in clients.OUTPUTS:
            np.testing.assert_allclose(answer[name], expected[name][i], rtol=1e-4, atol=1e-2)


def test_the_server_finds_the_people(predictor, served):
    three = encoded(Image.fromarray(three_people()), "PNG")
    images = [PHOTOS[0], three]
    expected = served.signatures["predict_people"](image_bytes=tf.constant(images))
    answers = list(clients.predict_batches(images, predictor(clients.PEOPLE), batch_size=2))
    assert answers[1]["valid"].sum() == 3
    for i, answer in enumerate(answers):
        assert answer.keys() == set(clients.PEOPLE_OUTPUTS)
        for name, value in answer.items():
            np.testing.assert_allclose(value, expected[name][i], rtol=1e-3, atol=0.1)


def test_an_older_model_is_named(predictor, stand_in):
    stand_in.loaded = SimpleNamespace(signatures={})
    with pytest.raises(UserError, match="no signature predict_people: export it anew"):
        predictor(clients.PEOPLE)(PHOTOS[:1])


def test_boxes_go_along(predictor, served):
    box = np.array([20, 20, 80, 90], np.float32)
    images, boxes = tf.constant(PHOTOS[:2]), tf.constant([box, box])
    expected = served.signatures["predict_boxes"](image_bytes=images, boxes=boxes)
    answers = list(clients.predict_batches(PHOTOS[:2], predictor(), 8, [box, box]))
    for answer, joints_2d in zip(answers, expected["joints_2d"].numpy(), strict=True):
        np.testing.assert_allclose(answer["joints_2d"], joints_2d, atol=1e-2)


def test_a_bad_image_is_named_and_the_others_of_its_batch_are_answered(predictor):
    photos = [PHOTOS[0], b"no picture", PHOTOS[1]]
    good, bad, other = clients.predict_batches(photos, predictor(), batch_size=3)
    assert "not a JPEG, PNG, GIF or BMP" in bad
    assert good["joints_2d"].shape == other["joints_2d"].shape == (16, 2)


def test_a_busy_server_is_asked_again(predictor, stand_in):
    stand_in.failures = 2
    (answer,) = clients.predict_batches(PHOTOS[:1], predictor(retries=2), 1)
    assert answer["confidence"].shape == (16,) and len(stand_in.requests) == 3


def test_retries_end(predictor, stand_in):
    stand_in.failures = 9
    with pytest.raises(UserError, match="does not answer for model 'hg3d'"):
        predictor(retries=1)(PHOTOS[:1])
    assert len(stand_in.requests) == 2


def test_a_slow_server_is_given_up(predictor, stand_in):
    stand_in.go_on.clear()
    try:
        with pytest.raises(UserError, match="does not answer"):
            predictor(retries=0, timeout=0.2)(PHOTOS[:1])
    finally:
        stand_in.go_on.set()


@pytest.mark.parametrize("status", [200, 400])
@pytest.mark.parametrize("content", [b"<html>Sign in</html>", b"[]", b"{}", b'{"outputs": {}}'])
def test_what_is_no_server_of_models_is_named(monkeypatch, status, content):
    answer = requests.Response()
    answer.status_code, answer._content = status, content
    monkeypatch.setattr(requests.Session, "post", lambda *_, **__: answer)
    with pytest.raises(UserError, match=f"does not answer for model 'hg3d' .{status} "):
        clients.rest_predictor(clients.ServerConfig("localhost:1"))(PHOTOS[:1])


def test_an_unknown_model_is_named(predictor):
    with pytest.raises(UserError, match=r"'another'.*(NOT_FOUND|404)"):
        predictor(model="another")(PHOTOS[:1])


@pytest.mark.parametrize(
    "inputs",
    [
        {"image_bytes": [{"b64": "*not base64*"}]},
        {"image_bytes": [1.5]},
        {"image_bytes": []},
        {"boxes": [[0, 0, 1, 1]]},
    ],
)
def test_a_request_of_another_form_is_refused_and_the_server_stays_up(stand_in, inputs):
    with serving_stand_in.serve_rest(stand_in) as address:
        url = f"http://{address}/v1/models/hg3d:predict"
        assert requests.post(url, json={"inputs": inputs}, timeout=30).status_code == 400
        config = clients.ServerConfig(address)
        assert clients.rest_predictor(config)(PHOTOS[:1])["joints_2d"].shape == (1, 8, 16, 2)


def test_metadata_lists_the_signatures(stand_in, served):
    request = get_model_metadata_pb2.GetModelMetadataRequest(metadata_field=["signature_def"])
    request.model_spec.name = "hg3d"
    with serving_stand_in.serve_grpc(stand_in) as address:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(grpc.insecure_channel(address))
        response = stub.GetModelMetadata(request, timeout=30)
    signatures = get_model_metadata_pb2.SignatureDefMap()
    response.metadata["signature_def"].Unpack(signatures)
    assert set(served.signatures) <= set(signatures.signature_def)
    for signature in (signatures.signature_def[name] for name in served.signatures):
        # Batching merges along the first axis, which every input and output must have free.
        for tensor in (*signature.inputs.values(), *signature.outputs.values()):
            assert tensor.tensor_shape.dim[0].size == -1
    with serving_stand_in.serve_rest(stand_in) as address:
        answer = requests.get(f"http://{address}/v1/models/hg3d/metadata", timeout=30).json()
    assert set(served.signatures) <= set(answer["metadata"]["signature_def"])


def test_the_warm_up_requests_are_answered(stand_in, saved_model):
    path = saved_model / "assets.extra/tf_serving_warmup_requests"
    logs = [
        prediction_log_pb2.PredictionLog.FromString(record.numpy())
        for record in tf.data.TFRecordDataset(str(path))
    ]
    with serving_stand_in.serve_grpc(stand_in) as address:
        stub = prediction_service_pb2_grpc.PredictionServiceStub(grpc.insecure_channel(address))
        answers = [stub.Predict(log.predict_log.request, timeout=60) for log in logs]
    assert set(stand_in.requests) == {"serving_default", "predict_boxes", "predict_people"}
    sizes = {answer.outputs["joints_2d"].tensor_shape.dim[0].size for answer in answers}
    text = (SERVING / "batching_parameters.txt").read_text()
    allowed = {int(line.split()[1]) for line in text.splitlines() if line.startswith("allowed")}
    assert sizes == allowed == {1, 8}


def test_the_servers_configuration_is_one(saved_model):
    text = (SERVING / "models.config").read_text()
    config = text_format.Parse(text, model_server_config_pb2.ModelServerConfig())
    (model,) = config.model_config_list.config
    assert model.name == clients.ServerConfig("").model
    assert dict(model.version_labels) == {"stable": 1}
    assert list(model.model_version_policy.specific.versions) == [1]


@pytest.mark.slow
def test_the_command_writes_poses_and_names_what_has_none(stand_in, tmp_path):
    for name, photo in (("a.png", PHOTOS[0]), ("b.png", b"no picture")):
        (tmp_path / name).write_bytes(photo)
    output = tmp_path / "poses.json"

    def ask(*more):
        with serving_stand_in.serve_grpc(stand_in) as address:
            flags = (f"--server={address}", f"--output={output}", *more)
            return run("-m", "hg3d_tf.client", *flags, tmp_path)

    process = ask("--signature=serving_default")
    fails_with_one_line(process, "b.png: cannot be read as an image (not a picture)")
    (pose,) = json.loads(output.read_text())
    assert pose["image"].endswith("a.png") and "l_knee" in pose["joints_3d_mm"]
    Image.fromarray(three_people()).save(tmp_path / "b.png")
    stand_in.requests.clear()
    process = ask()
    # Another port is another server.
    assert process.returncode == 0 and stand_in.requests == ["predict_people"]
    poses = json.loads(output.read_text())
    of_three = [pose for pose in poses if pose["image"].endswith("b.png")]
    assert [pose["person"] for pose in of_three] == [1, 2, 3]
    assert of_three[0]["score"] >= of_three[2]["score"] > 0.5
    assert of_three[0]["image_size_px"] == [816, 360] and len(of_three[0]["box_px"]) == 4
    assert len(output.with_suffix(".jsonl").read_text().splitlines()) == 2  # one for each image
