"""Ask a TF Serving server for poses, over gRPC or REST (the extra `serving`)."""

import base64
import dataclasses
import json
from collections.abc import Callable, Iterator, Sequence

import grpc
import numpy as np
import requests
import tensorflow as tf
import urllib3
from tensorflow_serving.apis import prediction_service_pb2_grpc

from hg3d_tf.cli import UserError
from hg3d_tf.serving.warmup import predict_request

OUTPUTS = ("joints_2d", "joints_3d", "confidence")
PEOPLE = "predict_people"
PEOPLE_OUTPUTS = (*OUTPUTS, "boxes", "scores", "valid")
WITHOUT_BOXES = (PEOPLE, "serving_default")
MAX_MESSAGE = 256 << 20  # bytes of a gRPC message

# Image files of a batch, boxes [B, 4] or None -> outputs by name.
Predict = Callable[[Sequence[bytes], "np.ndarray | None"], dict[str, np.ndarray]]


class RequestRefusedError(Exception):
    """The server answered that it cannot do what it was asked: asking again does not help."""


@dataclasses.dataclass(frozen=True)
class ServerConfig:
    """Where the model is, what is asked of it, and how long to wait.

    Raises:
      ValueError: for numbers that cannot be.
    """

    server: str  # host:port
    model: str = "hg3d"
    version: int = 0  # 0 means the newest
    signature: str = PEOPLE  # where no boxes are given; serving_default takes whole images as boxes
    timeout: float = 30.0  # seconds for all attempts at a gRPC request, for each at a REST request
    retries: int = 3  # after the first attempt, where the server is not reached or busy
    backoff: float = 0.5  # seconds before the first retry; doubled before each further

    def __post_init__(self):
        if self.signature not in WITHOUT_BOXES:
            raise ValueError(f"signature is {self.signature}, must be of {WITHOUT_BOXES}")
        if not 0 <= self.retries <= 4:
            raise ValueError(f"retries is {self.retries}, must be from 0 to 4")
        if self.timeout <= 0:
            raise ValueError(f"timeout is {self.timeout}, must be positive")


def grpc_predictor(config: ServerConfig) -> Predict:
    """Return the function that asks over gRPC.

    It raises RequestRefusedError, and UserError where the server cannot be reached.
    """
    options = [
        ("grpc.service_config", json.dumps(_retry_policy(config))),
        ("grpc.max_send_message_length", MAX_MESSAGE),
        ("grpc.max_receive_message_length", MAX_MESSAGE),
    ]
    channel = grpc.insecure_channel(config.server, options)
    stub = prediction_service_pb2_grpc.PredictionServiceStub(channel)

    def predict(images, boxes=None):
        signature, inputs, outputs = _asked_for(config, images, boxes)
        request = predict_request(signature, inputs)
        request.model_spec.name = config.model
        if config.version:
            request.model_spec.version.value = config.version
        request.output_filter.extend(outputs)
        try:
            # Wait for a server that is just starting, up to the timeout.
            answer = stub.Predict(
                request, timeout=config.timeout, wait_for_ready=config.retries > 0
            )
        except grpc.RpcError as error:
            refused = error.code() == grpc.StatusCode.INVALID_ARGUMENT
            if refused or _lacks_signature(error.details()):
                raise _refusal(config, signature, error.details()) from error
            raise UserError(_failure(config, f"{error.code().name}: {error.details()}")) from error
        return {name: tf.make_ndarray(answer.outputs[name]) for name in outputs}

    return predict


def _retry_policy(config: ServerConfig) -> dict:
    if not config.retries:
        return {}
    policy = {
        "maxAttempts": config.retries + 1,
        "initialBackoff": f"{config.backoff}s",
        "maxBackoff": f"{config.backoff * 2**config.retries}s",
        "backoffMultiplier": 2,
        "retryableStatusCodes": ["UNAVAILABLE", "RESOURCE_EXHAUSTED"],
    }
    service = {"service": "tensorflow.serving.PredictionService"}
    return {"methodConfig": [{"name": [service], "retryPolicy": policy}]}


def rest_predictor(config: ServerConfig) -> Predict:
    """Return the function that asks over REST; it raises what `grpc_predictor`'s does."""
    version = f"/versions/{config.version}" if config.version else ""
    url = f"http://{config.server}/v1/models/{config.model}{version}:predict"
    retry = urllib3.Retry(
        config.retries,
        backoff_factor=config.backoff,
        status_forcelist=(429, 503, 504),
        allowed_methods=["POST"],  # a prediction changes nothing on the server
        raise_on_status=False,
    )
    session = requests.Session()
    session.mount("http://", requests.adapters.HTTPAdapter(max_retries=retry))

    def predict(images, boxes=None):
        signature, inputs, names = _asked_for(config, images, boxes)
        inputs["image_bytes"] = [{"b64": base64.b64encode(image).decode()} for image in images]
        body = {"signature_name": signature, "inputs": inputs}
        try:
            answer = session.post(url, json=body, timeout=config.timeout)
        except requests.RequestException as error:
            raise UserError(_failure(config, str(error))) from error
        status = f"{answer.status_code} {answer.reason}"
        if not answer.ok and answer.status_code != 400:
            raise UserError(_failure(config, status))
        try:
            if answer.status_code == 400:
                raise _refusal(config, signature, str(answer.json()["error"]))
            outputs = answer.json()["outputs"]
            return {name: np.array(outputs[name], np.float32) for name in names}
        except (ValueError, KeyError, TypeError) as error:  # others, such as proxies, answer so
            raise UserError(_failure(config, f"{status}, without outputs in JSON")) from error

    return predict


def _asked_for(config: ServerConfig, images, boxes) -> tuple[str, dict, tuple[str, ...]]:
    """Return the signature, its inputs by name, and the outputs that are wanted."""
    if boxes is not None:
        inputs = {"image_bytes": list(images), "boxes": np.asarray(boxes).tolist()}
        return "predict_boxes", inputs, OUTPUTS
    outputs = PEOPLE_OUTPUTS if config.signature == PEOPLE else OUTPUTS
    return config.signature, {"image_bytes": list(images)}, outputs


def _lacks_signature(message: str) -> bool:
    return "signature" in message and "not found" in message


def _refusal(config: ServerConfig, signature: str, message: str) -> Exception:
    if _lacks_signature(message):
        return UserError(
            f"model {config.model!r} on {config.server} has no signature {signature}: export it"
            " anew, or ask with --signature=serving_default or --box"
        )
    return RequestRefusedError(_one_line(message))


def _one_line(message: str) -> str:
    return " ".join(message.split())


def _failure(config: ServerConfig, reason: str) -> str:
    return (
        f"{config.server} does not answer for model {config.model!r} ({reason[:200]}): is the"
        " server running there, with the --protocol asked for?"
    )


def predict_batches(
    images: Sequence[bytes], predict: Predict, batch_size: int, boxes=None
) -> Iterator[dict | str]:
    """Yield for each image its outputs, or why the server refuses it.

    One bad image makes the server refuse its whole batch: then each image is sent alone.

    Args:
      images: files' bytes.
      predict: from `grpc_predictor` or `rest_predictor`.
      batch_size: images in a request.
      boxes: [N, 4] px, or None for what the predictor's `signature` finds in the whole images.
    """
    for start in range(0, len(images), batch_size):
        batch = images[start : start + batch_size]
        in_boxes = None if boxes is None else boxes[start : start + batch_size]
        try:
            outputs = predict(batch, in_boxes)
        except RequestRefusedError as error:
            if len(batch) == 1:
                yield str(error)
            else:
                yield from predict_batches(batch, predict, 1, in_boxes)
            continue
        for i in range(len(batch)):
            yield {name: value[i] for name, value in outputs.items()}
