"""The network that finds people in whole pictures: EfficientNet-Lite0's first blocks, a decoder."""

from hg3d_tf.network import efficientnet
from hg3d_tf.network.keras_api import keras
from hg3d_tf.network.layers import batch_norm

layers = keras.layers

INPUT_SIZE = 256  # px, in training
_NUM_BLOCKS = 13  # of the encoder's 16: two at stride 32
_FILTERS = 64


def build_finder(size: int = INPUT_SIZE) -> keras.Model:
    """Return the network, of random weights.

    It takes `image` [B, size, size, 3] in [0, 1], the whole picture in the middle, grey round it,
    and gives maps by name:
      centre [B, size / 8, size / 8, 1]: logit that a person's box has its middle in the cell.
      box [B, size / 8, size / 8, 4]: log of the distances from the cell's middle to the box's left,
        top, right and bottom, in 16 px.
      quality [B, size / 8, size / 8, 1]: logit of the box's intersection over union with the true
        one.

    Args:
      size: px, a multiple of 32.
    """
    image = keras.Input((size, size, 3), name="image")
    _, stride_8, stride_16, stride_32 = efficientnet.encode(image, _NUM_BLOCKS)
    x = _rectified(_pointwise(stride_32, "lateral32"), "lateral32")
    x = _separable(_separable(x, 5, "mix32a"), 5, "mix32b")
    x = _add_finer(x, stride_16, coarse="32", fine="16")
    x = _separable(_separable(x, 5, "mix16a"), 5, "mix16b")
    x = _add_finer(x, stride_8, coarse="16", fine="8")
    x = _separable(_separable(x, 5, "mix8a"), 3, "mix8b")
    of_middle, of_box = _separable(x, 3, "centre_mix"), _separable(x, 3, "box_mix")
    maps = {
        "centre": layers.Conv2D(1, 1, name="centre")(of_middle),
        "box": layers.Conv2D(4, 1, name="box")(of_box),
        "quality": layers.Conv2D(1, 1, name="quality")(of_box),
    }
    return keras.Model(image, maps, name="finder")


def _add_finer(x, features, coarse: str, fine: str):
    """Return the coarse map at the resolution of the encoder's finer features, which are added."""
    up = layers.UpSampling2D(interpolation="bilinear", name=f"up{coarse}")(x)
    lateral = _pointwise(features, f"lateral{fine}")
    x = layers.Add(name=f"add{fine}")([lateral, up])
    return _rectified(x, f"add{fine}")


def _separable(x, kernel_size: int, name: str):
    depthwise = f"{name}_depthwise"
    x = layers.DepthwiseConv2D(kernel_size, padding="same", use_bias=False, name=depthwise)(x)
    x = _rectified(batch_norm(f"{depthwise}_bn", epsilon=1e-3)(x), depthwise)
    return _rectified(_pointwise(x, f"{name}_pointwise"), f"{name}_pointwise")


def _pointwise(x, name: str):
    x = layers.Conv2D(_FILTERS, 1, use_bias=False, name=name)(x)
    return batch_norm(f"{name}_bn", epsilon=1e-3)(x)


def _rectified(x, name: str):
    return layers.ReLU(6.0, name=f"{name}_relu")(x)
