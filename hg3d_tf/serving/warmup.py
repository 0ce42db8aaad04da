"""The requests that TF Serving replays on a new version before it answers others.

Without them the first users wait for what TensorFlow does once for each shape.
"""

from pathlib import Path

import tensorflow as tf
from tensorflow_serving.apis import predict_pb2, prediction_log_pb2

MODEL_NAME = "hg3d"
BATCH_SIZES = (1, 8)  # those of serving/batching_parameters.txt


def write_warmup(saved_model: Path, people: bool = False) -> None:
    """Add assets.extra/tf_serving_warmup_requests to a SavedModel that is not yet published.

    Args:
      saved_model: its folder.
      people: whether it has the signature `predict_people`.
    """
    folder = saved_model / "assets.extra"
    folder.mkdir()
    with tf.io.TFRecordWriter(str(folder / "tf_serving_warmup_requests")) as writer:
        for request in warmup_requests(people):
            log = prediction_log_pb2.PredictLog(request=request)
            writer.write(prediction_log_pb2.PredictionLog(predict_log=log).SerializeToString())


def warmup_requests(people: bool = False):
    """Yield requests for the signatures that take files, in the batch sizes of the server."""
    image = tf.io.encode_jpeg(tf.zeros([96, 64, 3], tf.uint8)).numpy()
    for size in BATCH_SIZES:
        images, boxes = [image] * size, [[0.0, 0.0, 64.0, 96.0]] * size
        yield predict_request("serving_default", {"image_bytes": images})
        yield predict_request("predict_boxes", {"image_bytes": images, "boxes": boxes})
        if people:  # nobody is in the image; the pose network was called above
            yield predict_request("predict_people", {"image_bytes": images})


def predict_request(signature: str, inputs: dict) -> predict_pb2.PredictRequest:
    """Return the gRPC request for a signature; `inputs` are by name."""
    request = predict_pb2.PredictRequest()
    request.model_spec.name = MODEL_NAME
    request.model_spec.signature_name = signature
    for name, values in inputs.items():
        dtype = tf.string if name == "image_bytes" else tf.float32
        request.inputs[name].CopyFrom(tf.make_tensor_proto(values, dtype))
    return request
