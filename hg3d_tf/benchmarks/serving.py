"""What serving a network costs beside the network itself, and how fast LiteRT runs it."""

import numpy as np
import tensorflow as tf

from hg3d_tf.benchmarks import input_data
from hg3d_tf.network.pose_model import PoseModel
from hg3d_tf.serving.pose_server import PoseServer
from hg3d_tf.timing import median_seconds, seconds_in_turn

_WIDTH, _HEIGHT = 640, 480
_BOX = (200.0, 60.0, 440.0, 440.0)


def measure(model: PoseModel, batch_size: int, seconds: float) -> dict:
    """Return speed of the server's graph and its parts, and LiteRT's frames a second.

    Photos are JPEGs of 640 x 480 px. With random weights LiteRT's int8 may be slower than it is
    once trained: EfficientNet-Lite0's was slower than its float32.
    """
    return {
        "server": measure_server(PoseServer(model), batch_size, seconds),
        "litert_1_thread": measure_litert(model, seconds),
    }


def measure_server(server: PoseServer, batch_size: int, seconds: float) -> dict[str, float]:
    """Return what a batch of photos with boxes takes, the network's part, and batching's gain.

    What the rest takes is 0 where it is less than the timings differ.
    """
    photo = input_data.as_jpeg(input_data.photo(np.random.default_rng(0), _WIDTH, _HEIGHT))
    photos, boxes = tf.constant([photo] * batch_size), tf.constant([_BOX] * batch_size)
    crops = tf.random.uniform([batch_size, server.size, server.size, 3])

    def predict(count):
        return server.predict_boxes(photos[:count], boxes[:count])["joints_3d"].numpy()

    # Timed in turn: what else the machine does takes from both alike.
    durations = seconds_in_turn(
        [lambda: server.network(crops)["depth"].numpy(), lambda: predict(batch_size)], 2 * seconds
    )
    network, whole = np.median(durations, axis=0).tolist()
    rest = max(0.0, float(np.median(durations[:, 1] - durations[:, 0])))
    single = median_seconds(lambda: predict(1), seconds)
    return {
        "network_ms": 1000 * network,
        "whole_ms": 1000 * whole,
        "images_per_second": batch_size / whole,
        "rest_ms": 1000 * rest,
        "rest_percent_of_network": 100 * rest / network,
        "single_ms": 1000 * single,
        "batching_gain": batch_size * single / whole,
    }


def measure_litert(model, seconds: float) -> dict[str, float]:
    """Return the frames a second that LiteRT runs the network at, float32 and int8."""
    from hg3d_tf.tflite import exported_files, measurement
    from hg3d_tf.tflite.litert import TfliteRunner

    size = model.config.input_size
    images = np.random.default_rng(0).random((8, size, size, 3))
    contents = exported_files.convert(model, ("float32", "int8"), images)
    return {
        f"{form}_fps": 1 / measurement.latency_seconds(TfliteRunner(content), size, seconds)
        for form, content in contents.items()
    }
