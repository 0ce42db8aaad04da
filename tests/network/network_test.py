"""The network's layers against the description of the paper's network."""

import numpy as np
import pytest

from hg3d_tf.network import hourglass
from hg3d_tf.network.keras_api import keras
from hg3d_tf.network.pose_model import ModelConfig, build_pose_model

pytestmark = pytest.mark.slow


@pytest.fixture
def model(papers_network):
    return papers_network


def parameters(layers) -> int:
    return sum(int(np.prod(w.shape)) for layer in layers for w in layer.trainable_weights)


def starting_with(model, prefix):
    return [layer for layer in model.layers if layer.name.startswith(prefix)]


def residual_parameters(inputs, outputs) -> int:
    half = outputs // 2
    norms = 2 * (inputs + half + half)
    convolutions = (inputs + 1) * half + (9 * half + 1) * half + (half + 1) * outputs
    return norms + convolutions + ((inputs + 1) * outputs if inputs != outputs else 0)


def test_stem(model):
    for name, shape in {
        "stem_conv": (128, 128, 64),
        "stem_res1_add": (128, 128, 128),
        "stem_pool": (64, 64, 128),
        "stem_res2_add": (64, 64, 128),
        "stem_res3_add": (64, 64, 256),
    }.items():
        assert tuple(model.get_layer(name).output.shape[1:]) == shape, name
    expected = (49 * 3 + 1) * 64 + 2 * 64
    expected += sum(residual_parameters(*io) for io in [(64, 128), (128, 128), (128, 256)])
    assert parameters(starting_with(model, "stem_")) == expected


def test_each_stack_has_two_residuals_at_each_of_its_places(model):
    per_residual = residual_parameters(256, 256)
    for s in range(2):
        # 4 levels of skip, before and after, one innermost place, and after the hourglass.
        hourglass_layers = starting_with(model, f"stack{s}_hg")
        assert parameters(hourglass_layers) == 13 * 2 * per_residual
        assert parameters(starting_with(model, f"stack{s}_out")) == 2 * per_residual
        heads = 257 * 256 + 2 * 256 + 257 * 16 + 257 * 256 + 17 * 256
        all_of_stack = parameters(starting_with(model, f"stack{s}_"))
        assert all_of_stack == 14 * 2 * per_residual + heads
        pools = [x for x in hourglass_layers if isinstance(x, keras.layers.MaxPooling2D)]
        assert [pool.output.shape[1] for pool in pools] == [32, 16, 8, 4]
        ups = [x for x in hourglass_layers if isinstance(x, keras.layers.UpSampling2D)]
        assert {up.interpolation for up in ups} == {"nearest"}
        assert [up.output.shape[1] for up in ups] == [8, 16, 32, 64]


def test_depth_module(model):
    shapes = [tuple(model.get_layer(f"depth_{i}_pool").output.shape[1:]) for i in range(4)]
    assert shapes == [(32, 32, 256), (16, 16, 256), (8, 8, 256), (4, 4, 256)]
    dense = (4 * 4 * 256 + 1) * 16
    expected = 4 * 2 * residual_parameters(256, 256) + dense
    assert parameters(starting_with(model, "depth")) == expected


def test_heat_maps_of_the_last_stack_too_reach_the_depth_module(model):
    merge = model.get_layer("stack1_merge")
    sources = [tensor.name.split("/")[0] for tensor in merge.input]
    assert sources == ["stack0_merge", "stack1_merge_features", "stack1_merge_heatmaps"]
    first = model.get_layer("depth_0_0_bn1").input
    assert first.name.split("/")[0] == "stack1_merge"


def test_normalisation_and_biases_are_those_of_the_paper(model):
    for layer in model.layers:
        if isinstance(layer, keras.layers.BatchNormalization):
            assert (layer.epsilon, layer.momentum) == (1e-5, 0.9)
        if isinstance(layer, keras.layers.Conv2D | keras.layers.Dense):
            assert layer.use_bias


def test_residual_equals_its_formula():
    image = keras.Input((4, 4, 6))
    model = keras.Model(image, hourglass.residual(image, 8, "r"))
    rng = np.random.default_rng(0)
    for layer in model.layers:
        layer.set_weights([rng.uniform(0.2, 1, w.shape) for w in layer.get_weights()])
    x = rng.normal(size=(2, 4, 4, 6))
    y = x
    for i, kernel in enumerate((1, 3, 1), start=1):
        gamma, beta, mean, variance = model.get_layer(f"r_bn{i}").get_weights()
        y = np.maximum((y - mean) / np.sqrt(variance + 1e-5) * gamma + beta, 0)
        y = convolve(y, *model.get_layer(f"r_conv{i}").get_weights(), kernel)
    y = y + convolve(x, *model.get_layer("r_skip").get_weights(), 1)
    np.testing.assert_allclose(model(x.astype(np.float32)), y, rtol=1e-4)


def convolve(x, weight, bias, kernel):
    """Convolution with zero padding, pixel by pixel."""
    margin = kernel // 2
    padded = np.pad(x, [(0, 0), (margin, margin), (margin, margin), (0, 0)])
    out = np.zeros((*x.shape[:3], weight.shape[-1]))
    for i in range(x.shape[1]):
        for j in range(x.shape[2]):
            patch = padded[:, i : i + kernel, j : j + kernel]
            out[:, i, j] = np.tensordot(patch, weight, 3) + bias
    return out


def test_the_depth_module_may_have_another_number_of_residuals():
    small = {"num_stacks": 1, "num_features": 8, "num_residuals": 1, "input_size": 64}
    same = build_pose_model(ModelConfig(**small))
    more = build_pose_model(ModelConfig(**small, num_depth_residuals=3))
    extra = parameters(more.layers) - parameters(same.layers)
    assert extra == 4 * 2 * residual_parameters(8, 8)
    assert more.get_layer("depth_3_2_add").output.shape[1] == 2
