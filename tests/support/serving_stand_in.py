"""A TEST STAND-IN for TF Serving: one SavedModel behind the documented gRPC and REST calls.

The gRPC side uses the real service stubs. It has no batching, no version policy, no reloading.
"""

import base64
import contextlib
import json
import threading
from concurrent import futures
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import grpc
import numpy as np
import tensorflow as tf
from tensorflow.core.protobuf import saved_model_pb2
from tensorflow_serving.apis import (
    get_model_metadata_pb2,
    predict_pb2,
    prediction_service_pb2_grpc,
)


class Model:
    """A SavedModel; the first `failures` requests find it unavailable, each waits to `go_on`."""

    def __init__(self, path: Path, loaded):
        self.path, self.version, self.loaded = path, int(path.name), loaded
        self.failures, self.requests = 0, []
        self.go_on = threading.Event()
        self.go_on.set()

    def predict(self, signature: str, inputs: dict) -> dict[str, np.ndarray]:
        self.requests.append(signature)
        self.go_on.wait(60)
        if self.failures:
            self.failures -= 1
            raise tf.errors.UnavailableError(None, None, "busy")
        if signature not in self.loaded.signatures:
            message = f'Serving signature key "{signature}" not found.'
            raise tf.errors.FailedPreconditionError(None, None, message)
        function = self.loaded.signatures[signature]
        return {name: value.numpy() for name, value in function(**inputs).items()}


@contextlib.contextmanager
def serve_grpc(model: Model):
    """Serve the gRPC calls Predict and GetModelMetadata; yield host:port."""
    server = grpc.server(futures.ThreadPoolExecutor(2))
    prediction_service_pb2_grpc.add_PredictionServiceServicer_to_server(_Service(model), server)
    port = server.add_insecure_port("localhost:0")
    server.start()
    try:
        yield f"localhost:{port}"
    finally:
        server.stop(None)


class _Service(prediction_service_pb2_grpc.PredictionServiceServicer):
    def __init__(self, model: Model):
        self.model = model

    def Predict(self, request, context):
        self._check(request.model_spec, context)
        inputs = {name: tf.constant(tf.make_ndarray(v)) for name, v in request.inputs.items()}
        try:
            outputs = self.model.predict(
                request.model_spec.signature_name or "serving_default", inputs
            )
        except tf.errors.InvalidArgumentError as error:
            context.abort(grpc.StatusCode.INVALID_ARGUMENT, error.message)
        except tf.errors.FailedPreconditionError as error:
            context.abort(grpc.StatusCode.FAILED_PRECONDITION, error.message)
        except tf.errors.UnavailableError as error:
            context.abort(grpc.StatusCode.UNAVAILABLE, error.message)
        response = predict_pb2.PredictResponse()
        for name in request.output_filter or outputs:
            response.outputs[name].CopyFrom(tf.make_tensor_proto(outputs[name]))
        return response

    def GetModelMetadata(self, request, context):
        self._check(request.model_spec, context)
        signatures = get_model_metadata_pb2.SignatureDefMap()
        for name, signature in _signature_defs(self.model.path).items():
            signatures.signature_def[name].CopyFrom(signature)
        response = get_model_metadata_pb2.GetModelMetadataResponse()
        response.model_spec.name = "hg3d"
        response.model_spec.version.value = self.model.version
        response.metadata["signature_def"].Pack(signatures)
        return response

    def _check(self, spec, context):
        if spec.name != "hg3d" or spec.version.value not in (0, self.model.version):
            context.abort(grpc.StatusCode.NOT_FOUND, "Servable not found for request")


def _signature_defs(path: Path):
    content = (path / "saved_model.pb").read_bytes()
    return saved_model_pb2.SavedModel.FromString(content).meta_graphs[0].signature_def


@contextlib.contextmanager
def serve_rest(model: Model):
    """Serve the REST calls predict (columnar inputs) and metadata; yield host:port."""

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self):
            if self.path not in _paths(model, ":predict"):
                return self.answer(404, {"error": f"{self.path} not found"})
            body = self.rfile.read(int(self.headers["Content-Length"]))
            try:
                inputs, signature = _parse(body)
                outputs = model.predict(signature, inputs)
            except tf.errors.FailedPreconditionError as error:
                return self.answer(400, {"error": error.message})
            except (tf.errors.InvalidArgumentError, ValueError, TypeError) as error:
                return self.answer(400, {"error": str(error)})
            except tf.errors.UnavailableError as error:
                return self.answer(503, {"error": error.message})
            columns = {name: value.tolist() for name, value in outputs.items()}
            return self.answer(200, {"outputs": columns})

        def do_GET(self):
            if self.path not in _paths(model, "/metadata"):
                return self.answer(404, {"error": f"{self.path} not found"})
            spec = {"name": "hg3d", "signature_name": "", "version": str(model.version)}
            names = list(_signature_defs(model.path))
            return self.answer(200, {"model_spec": spec, "metadata": {"signature_def": names}})

        def answer(self, status: int, content: dict):
            data = json.dumps(content).encode()
            self.send_response(status)
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        def log_message(self, *arguments):
            pass

    server = ThreadingHTTPServer(("localhost", 0), Handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"localhost:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def _paths(model: Model, call: str) -> tuple[str, str]:
    return f"/v1/models/hg3d{call}", f"/v1/models/hg3d/versions/{model.version}{call}"


def _parse(body: bytes) -> tuple[dict, str]:
    request = json.loads(body)
    inputs = {
        name: tf.constant(
            [base64.b64decode(v["b64"], validate=True) for v in values]
            if name.endswith("_bytes")
            else np.array(values, np.float32)
        )
        for name, values in request["inputs"].items()
    }
    return inputs, request.get("signature_name", "serving_default")
