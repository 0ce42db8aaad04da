"""The layers of the network: residual module, hourglass, stack, depth module.

All are functions on Keras tensors, NHWC. Layer names follow from the place in the network, so that
a weight can be found by name.
"""

from hg3d_tf.network.keras_api import keras
from hg3d_tf.network.layers import batch_norm_relu, conv, head_dtype, torch_init
from hg3d_tf.skeleton import NUM_JOINTS

layers = keras.layers

OUTPUT_STRIDE = 4
HOURGLASS_DEPTH = 4  # pooling steps between the heat map's resolution and the innermost modules
DEPTH_LEVELS = 4  # pooling steps of the depth module


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
    x = layers.Conv2D(64, 7, strides=2, kernel_initializer=torch_init(), name="stem_conv")(x)
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
    heatmaps = conv(y, NUM_JOINTS, 1, f"{name}_heatmaps", dtype=head_dtype())
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
        NUM_JOINTS, kernel_initializer=torch_init(), dtype=head_dtype(), name="depth"
    )(x)


def outputs(image, num_stacks, num_features, num_residuals, num_depth_residuals) -> tuple:
    """Return the stacks' heat maps [[B, S/4, S/4, 16], ...] and the depth [B, 16], float32."""
    x, heatmaps = stem(image, num_features), []
    for s in range(num_stacks):
        x, stack_heatmaps = stack(x, num_residuals, f"stack{s}")
        heatmaps.append(stack_heatmaps)
    return heatmaps, depth_module(x, num_depth_residuals)
