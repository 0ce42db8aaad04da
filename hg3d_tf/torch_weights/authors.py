"""The authors' PyTorch network and ours: names, shapes and weights of the same layers."""

import math
import re
from collections.abc import Iterator

import numpy as np

from hg3d_tf.cli import UserError
from hg3d_tf.network.hourglass import DEPTH_LEVELS, HOURGLASS_DEPTH
from hg3d_tf.network.keras_api import keras
from hg3d_tf.network.pose_model import ModelConfig, PoseModel

_RESIDUAL = {
    "bn": "bn1",
    "conv1": "conv1",
    "bn1": "bn2",
    "conv2": "conv2",
    "bn2": "bn3",
    "conv3": "conv3",
    "conv4": "skip",
}
_CELLS = 64  # px of the input for each cell of the depth module's last features
_IGNORED = "num_batches_tracked"

Tensors = dict[str, np.ndarray]


def infer_config(tensors: Tensors) -> ModelConfig:
    """Return the architecture that has these tensors.

    Raises:
      UserError: if they are no network of this family.
      ValueError: if its sizes are none that it can have.
    """
    counts = {name: _count(tensors, name) for name in ("lin_", "Residual", "reg_")}
    absent = [f"{name}.*" for name, count in counts.items() if not count]
    absent += [name for name in ("lin_.0.0.weight", "reg.weight") if name not in tensors]
    if absent:
        raise UserError(f"no network of this family: {', '.join(absent)} is missing")
    convolution, dense = tensors["lin_.0.0.weight"], tensors["reg.weight"]
    if convolution.ndim != 4 or dense.ndim != 2 or not convolution.size:
        raise UserError(
            f"no network of this family: lin_.0.0.weight has the shape {convolution.shape},"
            f" reg.weight {dense.shape}"
        )
    stacks, features = counts["lin_"], convolution.shape[0]
    residuals, depth_residuals = counts["Residual"] // stacks, counts["reg_"] // DEPTH_LEVELS
    side = _side(dense, features)
    return ModelConfig(
        num_stacks=stacks,
        num_features=features,
        num_residuals=residuals,
        input_size=_CELLS * side,
        num_depth_residuals=None if depth_residuals == residuals else depth_residuals,
    )


def _count(tensors: Tensors, name: str) -> int:
    numbers = {re.match(rf"{name}\.(\d+)\.", tensor) for tensor in tensors}
    return len({match.group(1) for match in numbers if match})


def layer_names(config: ModelConfig) -> Iterator[tuple[str, str]]:
    """Yield the authors' and our name of every place where there are weights.

    A residual module is one place; `_RESIDUAL` names what is in it.
    """
    yield from [("conv1_", "stem_conv"), ("bn1", "stem_bn")]
    yield from [("r1", "stem_res1"), ("r4", "stem_res2"), ("r5", "stem_res3")]
    count = config.num_residuals
    for s in range(config.num_stacks):
        yield from _hourglass_names(f"hourglass.{s}", f"stack{s}_hg", HOURGLASS_DEPTH, count)
        yield from ((f"Residual.{s * count + j}", f"stack{s}_out_{j}") for j in range(count))
        yield from [(f"lin_.{s}.0", f"stack{s}_lin_conv"), (f"lin_.{s}.1", f"stack{s}_lin_bn")]
        yield from [(f"tmpOut.{s}", f"stack{s}_heatmaps"), (f"ll_.{s}", f"stack{s}_merge_features")]
        yield f"tmpOut_.{s}", f"stack{s}_merge_heatmaps"
    depth_count = config.num_depth_residuals or count
    for k in range(DEPTH_LEVELS * depth_count):
        yield f"reg_.{k}", f"depth_{k // depth_count}_{k % depth_count}"
    yield "reg", "depth"


def _hourglass_names(theirs: str, ours: str, depth: int, count: int) -> Iterator[tuple[str, str]]:
    places = {"up1_": "skip", "low1_": "before", "low3_": "after"}
    if depth > 1:
        yield from _hourglass_names(f"{theirs}.low2", f"{ours}_in", depth - 1, count)
    else:
        places["low2_"] = "innermost"
    for theirs_place, ours_place in places.items():
        for j in range(count):
            yield f"{theirs}.{theirs_place}.{j}", f"{ours}_{ours_place}_{j}"


def assign(model: PoseModel, tensors: Tensors) -> None:
    """Give `model` the weights `tensors` of the authors' network.

    Raises:
      UserError: if parameters are missing, unknown, or of another shape; all are named.
    """
    by_layer = _tensor_names(model)
    expected = {name for names in by_layer.values() for name in names}
    present = {name for name in tensors if not name.endswith(_IGNORED)}
    missing, unknown = sorted(expected - present), sorted(present - expected)
    if missing or unknown:
        parts = [f"missing: {', '.join(missing)}"] if missing else []
        parts += [f"unknown: {', '.join(unknown)}"] if unknown else []
        raise UserError(f"not the parameters of {model.config}: {'; '.join(parts)}")
    for layer, names in by_layer.items():
        weights = [_converted(tensors[name], model.config.num_features) for name in names]
        wrong = [
            f"{name} {tensors[name].shape}"
            for name, array, weight in zip(names, weights, layer.weights, strict=True)
            if array.shape != weight.shape
        ]
        if wrong:
            raise UserError(f"not of the shape that {model.config} has: {', '.join(wrong)}")
        layer.set_weights(weights)


def _tensor_names(model: PoseModel) -> dict[keras.layers.Layer, list[str]]:
    """Return the authors' names of each layer's weights, in Keras's order of them."""
    layers = {layer.name: layer for layer in model.layers if layer.weights}
    found = {}
    for theirs, ours in layer_names(model.config):
        parts = {f"{theirs}.{a}": f"{ours}_{b}" for a, b in _RESIDUAL.items()}
        for name, layer_name in {theirs: ours, **parts}.items():
            if layer_name in layers:
                norm = isinstance(layers[layer_name], keras.layers.BatchNormalization)
                kinds = ("weight", "bias", *(("running_mean", "running_var") if norm else ()))
                found[layers[layer_name]] = [f"{name}.{kind}" for kind in kinds]
    return found


def _converted(array: np.ndarray, features: int) -> np.ndarray:
    """Return a tensor in Keras's order of axes; unchanged if its shape fits no layer of ours."""
    array = array.astype(np.float32)
    if array.ndim == 4:
        return array.transpose(2, 3, 1, 0)  # [out, in, h, w] -> [h, w, in, out]
    if array.ndim == 2 and features * (side := _side(array, features)) ** 2 == array.shape[1]:
        # Torch flattens [channel, h, w], Keras [h, w, channel].
        by_place = array.reshape(-1, features, side, side)
        return by_place.transpose(2, 3, 1, 0).reshape(array.shape[1], -1)
    return array


def _side(dense_weight: np.ndarray, features: int) -> int:
    """Return the side of the features that the depth module flattens."""
    return math.isqrt(dense_weight.shape[1] // features)


def fold_input(model: PoseModel, bgr: bool, divisor: float) -> None:
    """Let `model`, whose weights were trained on (B, G, R) / divisor, take RGB in [0, 1].

    The padding is zero in either scale, so that the outputs are exactly the same.
    """
    layer = model.get_layer("stem_conv")
    kernel, bias = layer.get_weights()
    kernel = kernel[:, :, ::-1] if bgr else kernel
    layer.set_weights([kernel * (255 / divisor), bias])
