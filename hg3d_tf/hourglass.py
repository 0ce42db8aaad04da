"""The layers of the network: residual module, hourglass, stack, depth module.

All are functions on Keras tensors, NHWC. Layer names follow from the place in the network, so that
a weight can be found by name.
"""

import tensorflow as tf

from hg3d_tf.keras_api import keras
from hg3d_tf.skeleton import NUM_JOINTS

layers = keras.layers

OUTPUT_STRIDE = 4
HOURGLASS_DEPTH = 4  # pooling steps between the heat map's resolution and the innermost modules
DEPTH_LEVELS = 4  # pooling steps of the depth module


def _torch_init():
    # U(-1/sqrt(fan_in), 1/sqrt(fan_in)). With Keras's larger default the sums over residual
    # modules make the first heat maps and depths so large that training starts by undoing them.
    return keras.initializers.VarianceScaling(1 / 3, mode="fan_in", distribution="uniform")


def _head_dtype() -> str:
    """Return the precision of the variables: outputs are not rounded under mixed precision."""
    return keras.mixed_precision.global_policy().variable_dtype


def conv(x, filters: int, kernel_size: int, name: str, **kwargs):
    """Convolve with bias, keeping the resolution."""
    return layers.Conv2D(
        filters, kernel_size, padding="same", kernel_initializer=_torch_init(), name=name, **kwargs
    )(x)


def batch_norm_relu(x, name: str):
    """Normalise (with the statistics of all replicas), then rectify."""
    # Torch's momentum 0.1 is the weight of the new batch, Keras's 0.9 that of the old average.
    # Synchronized only where it must be: Keras has no fused kernel for it.
    norm = layers.BatchNormalization(
        momentum=0.9, epsilon=1e-5, synchronized=_num_replicas() > 1, name=name
    )
    # The fused kernel averages the unbiased variance, the synchronized one the biased. Take the
    # biased in both, so that the result does not depend on the number of replicas.
    norm._bessels_correction_test_only = False
    return layers.ReLU(name=f"{name}_relu")(norm(x))


def _num_replicas() -> int:
    return tf.distribute.get_strategy().num_replicas_in_sync


def residual(x, filters: int, name: str):
    """Apply a pre-activated bottleneck (1x1, 3x3, 1x1) and add the input."""
    y = batch_norm_relu(x, f"{name}_bn1")
    y = conv(y, filters // 2, 1, f"{name}_conv1")
    y = batch_norm_relu(y, f"{name}_bn2")
    y = conv(y, filters // 2, 3, f"{name}_conv2")
    y = batch_norm_relu(y, f"{name}_bn3")
    y = conv(y, filters, 1, f"{name}_conv3")
    if x.shape[-1] != filters:
        x = conv(x, filters, 1, f"{name}_skip")
    return layers.Add(name=f"{name}_add")([x, y])


def residuals(x, count: int, name: str):
    """Apply `count` residual modules, keeping the number of features."""
    for i in range(count):
        x = residual(x, x.shape[-1], f"{name}_{i}")
    return x


def stem(image, num_features: int):
    """Reduce the image [B, S, S, 3] to features [B, S/4, S/4, num_features]."""
    # Padded by 3 on each side, as Torch does; "same" would pad 2 and 3.
    x = layers.ZeroPadding2D(3, name="stem_pad")(image)
    x = layers.Conv2D(64, 7, strides=2, kernel_initializer=_torch_init(), name="stem_conv")(x)
    x = batch_norm_relu(x, "stem_bn")
    x = residual(x, 128, "stem_res1")
    x = layers.MaxPooling2D(name="stem_pool")(x)
    x = residual(x, 128, "stem_res2")
    return residual(x, num_features, "stem_res3")


def hourglass(x, depth: int, num_residuals: int, name: str):
    """Pool, process at half the resolution, upsample, and add the branch that kept it."""
    skip = residuals(x, num_residuals, f"{name}_skip")
    y = layers.MaxPooling2D(name=f"{name}_pool")(x)
    y = residuals(y, num_residuals, f"{name}_before")
    if depth > 1:
        y = hourglass(y, depth - 1, num_residuals, f"{name}_in")
    else:
        y = residuals(y, num_residuals, f"{name}_innermost")
    y = residuals(y, num_residuals, f"{name}_after")
    y = layers.UpSampling2D(interpolation="nearest", name=f"{name}_up")(y)
    return layers.Add(name=f"{name}_add")([skip, y])


def stack(x, num_residuals: int, name: str):
    """Apply one hourglass with its heads.

    Returns:
      the input of what follows [B, H, W, F], and the heat maps [B, H, W, 16] in float32.
    """
    features = x.shape[-1]
    y = hourglass(x, HOURGLASS_DEPTH, num_residuals, f"{name}_hg")
    y = residuals(y, num_residuals, f"{name}_out")
    y = conv(y, features, 1, f"{name}_lin_conv")
    y = batch_norm_relu(y, f"{name}_lin_bn")
    heatmaps = conv(y, NUM_JOINTS, 1, f"{name}_heatmaps", dtype=_head_dtype())
    merged = [
        x,
        conv(y, features, 1, f"{name}_merge_features"),
        conv(heatmaps, features, 1, f"{name}_merge_heatmaps"),
    ]
    return layers.Add(name=f"{name}_merge")(merged), heatmaps


def depth_module(x, num_residuals: int):
    """Regress one depth per joint [B, 16] in float32 from the features [B, H, W, F]."""
    for level in range(DEPTH_LEVELS):
        x = residuals(x, num_residuals, f"depth_{level}")
        x = layers.MaxPooling2D(name=f"depth_{level}_pool")(x)
    x = layers.Flatten(name="depth_flatten")(x)
    return layers.Dense(
        NUM_JOINTS, kernel_initializer=_torch_init(), dtype=_head_dtype(), name="depth"
    )(x)
