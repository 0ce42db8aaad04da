import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from support import reference
from support.small_network import SMALL, random_batch, shrunk

from hg3d_tf.network.keras_api import keras
from hg3d_tf.network.pose_model import LossConfig, ModelConfig, build_pose_model


@pytest.fixture(scope="module")
def two_stacks():
    """A network of two stacks; to be compiled, not to be trained."""
    return shrunk(dataclasses.replace(SMALL, num_stacks=2))


@pytest.mark.slow
def test_the_default_network_is_the_papers(papers_network):
    model = papers_network
    assert sum(int(np.prod(v.shape)) for v in model.trainable_variables) == 14_429_104
    assert [tuple(h.shape) for h in model.output["heatmaps"]] == [(None, 64, 64, 16)] * 2
    assert tuple(model.output["depth"].shape) == (None, 16)


@pytest.mark.slow
@pytest.mark.parametrize(("stacks", "size"), [(1, 64), (3, 128)])
def test_other_members_of_the_family_have_their_shapes(stacks, size):
    model = build_pose_model(ModelConfig(stacks, 8, 1, size))
    outputs = model(np.zeros((2, size, size, 3), np.float32))
    assert [h.shape for h in outputs["heatmaps"]] == [(2, size // 4, size // 4, 16)] * stacks
    assert outputs["depth"].shape == (2, 16)


@pytest.mark.parametrize("precision", ["float32", "mixed_bfloat16"])
def test_outputs_and_variables_are_float32_in_every_precision(precision):
    model = shrunk(SMALL, precision)
    outputs = model(random_batch()["image"])
    assert {tensor.dtype for tensor in tf.nest.flatten(outputs)} == {tf.float32}
    assert {variable.dtype for variable in model.variables} == {tf.float32}
    assert model.get_layer("stem_conv").compute_dtype == precision.removeprefix("mixed_")
    assert keras.mixed_precision.global_policy().name == "float32"


def test_each_sample_gets_the_loss_of_its_kind(two_stacks):
    model = two_stacks
    model.compile(keras.optimizers.SGD(0.0), LossConfig(depth_weight=0.1, geometry_weight=0.01))
    batch = random_batch()
    outputs = model(batch["image"])
    losses = {k: v.numpy() for k, v in model.compute_losses(batch, outputs).items()}
    three_d = batch["has_depth"].numpy()
    depth = reference.depth_loss(outputs["depth"].numpy(), batch["depth"].numpy())
    geometry = reference.geometry_loss(
        batch["joints_2d_norm"].numpy(), outputs["depth"].numpy(), batch["visible"].numpy()
    )
    np.testing.assert_allclose(losses["depth_loss"], depth * three_d, rtol=1e-4, atol=1e-7)
    np.testing.assert_allclose(losses["geometry_loss"], geometry * ~three_d, rtol=1e-4, atol=1e-7)
    total = losses["heatmap_loss"] + 0.1 * losses["depth_loss"] + 0.01 * losses["geometry_loss"]
    np.testing.assert_allclose(losses["loss"], total, rtol=1e-6)

    model.compile(keras.optimizers.SGD(0.0), LossConfig(depth_loss="absolute"))
    absolute = model.compute_losses(batch, outputs)["depth_loss"]
    error = outputs["depth"].numpy() - batch["depth"].numpy()
    expected = (np.hypot(error, 0.03) - 0.03).mean(axis=1) * three_d
    np.testing.assert_allclose(absolute, expected, rtol=1e-4)


def test_the_heatmap_loss_sums_over_stacks(two_stacks):
    model = two_stacks
    batch = random_batch()
    outputs = model(batch["image"])
    target = np.stack(
        [
            [
                reference.heatmap(*joint, 16) * seen
                for joint, seen in zip(joints, visible, strict=True)
            ]
            for joints, visible in zip(
                batch["joints_2d_norm"].numpy(), batch["visible"].numpy(), strict=True
            )
        ]
    )
    target = np.moveaxis(target, 1, -1)
    expected = sum(reference.heatmap_loss(h.numpy(), target) for h in outputs["heatmaps"])
    np.testing.assert_allclose(
        model.compute_losses(batch, outputs)["heatmap_loss"], expected, rtol=1e-4
    )


def test_means_of_depth_and_geometry_are_over_their_own_samples(two_stacks):
    model = two_stacks
    model.compile(keras.optimizers.SGD(0.0), LossConfig())
    batch = random_batch()
    losses = model.compute_losses(batch, model(batch["image"], training=False))
    means = model.test_step(batch)
    three_d = batch["has_depth"].numpy()
    for name, mask in (("depth_loss", three_d), ("geometry_loss", ~three_d)):
        np.testing.assert_allclose(means[name], losses[name].numpy()[mask].mean(), rtol=1e-5)


@pytest.mark.parametrize(
    ("settings", "problem"),
    [
        ({"input_size": 100}, "100, must be a multiple of 64"),
        ({"num_stacks": 0}, "num_stacks is 0"),
        ({"num_features": 7}, "num_features is 7, must be even"),
    ],
)
def test_a_network_that_cannot_be_is_refused(settings, problem):
    with pytest.raises(ValueError, match=problem):
        ModelConfig(**settings)
