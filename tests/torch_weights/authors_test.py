"""The authors' checkpoints give the same outputs here. Needs PyTorch for all but the last tests."""

import functools

import numpy as np
import pytest
from support.commands import run
from support.small_network import SMALL
from support.torch_bytes import Writer, ordered_dict

from hg3d_tf.cli import UserError
from hg3d_tf.network import confidence, joint_decoding
from hg3d_tf.network.keras_api import keras
from hg3d_tf.network.pose_model import ModelConfig, build_pose_model
from hg3d_tf.prediction import photos, predictors
from hg3d_tf.torch_weights import authors, pth_file
from hg3d_tf.training import checkpoints

SIZES = {  # stacks, residuals, features, depth residuals, input size
    "small": (2, 1, 16, 2, 128),
    "other": (1, 2, 128, 2, 64),
    "tiny": (1, 1, 16, 1, 64),
}
FORMS = ["module-zip", "module-legacy", "state_dict-zip", "state_dict-legacy", "parallel-zip"]


def save(network, path, form):
    import torch

    content, file_format = form.split("-")
    if content == "parallel":
        network = torch.nn.DataParallel(network)
    written = network if content == "module" else network.state_dict()
    torch.save(written, path, _use_new_zipfile_serialization=file_format == "zip")


def images(size):
    return np.random.default_rng(0).integers(0, 256, (2, size, size, 3), np.uint8)


def torch_outputs(network, pixels):
    import torch

    bgr = pixels[..., ::-1].astype(np.float32) / 256  # as OpenCV reads them
    with torch.no_grad():
        heatmaps, depth = network(torch.from_numpy(bgr.transpose(0, 3, 1, 2).copy()))
    return [h.numpy().transpose(0, 2, 3, 1) for h in heatmaps], depth.numpy()


def check_same(model, network):
    pixels = images(model.config.input_size)
    heatmaps, depth = torch_outputs(network, pixels)
    outputs = model(pixels.astype(np.float32) / 255, training=False)
    assert np.std(heatmaps[-1]) > 0.01
    for actual, expected in zip(outputs["heatmaps"], heatmaps, strict=True):
        np.testing.assert_allclose(actual, expected, atol=1e-4)
    np.testing.assert_allclose(outputs["depth"], depth, atol=1e-4)


_networks = functools.cache(build_pose_model)


def imported(path):
    tensors = pth_file.read_tensors(path)
    model = _networks(authors.infer_config(tensors))
    for weight in model.weights:  # of the last file nothing is left
        weight.assign(np.full(weight.shape, np.nan))
    authors.assign(model, tensors)
    authors.fold_input(model, bgr=True, divisor=256)
    return model


@pytest.mark.slow
def test_predict_reads_images_as_the_authors_do(tmp_path, torch_network):
    network = torch_network.random_network(*SIZES["tiny"])
    save(network, tmp_path / "hg.pth", "state_dict-legacy")
    checkpoints.save_model(imported(tmp_path / "hg.pth"), tmp_path / "run")
    pixels = images(64)[0]
    pose = predictors.load_predictor(tmp_path / "run")(photos.Photo("a", pixels), None)
    heatmaps, depth = torch_outputs(network, pixels[np.newaxis])
    joints_2d_norm, peak = joint_decoding.decode_heatmaps(heatmaps[-1])
    expected = np.interp(peak, *np.transpose(confidence.UNMEASURED)).astype(np.float32)
    joints = joint_decoding.join_depth(joints_2d_norm, depth)
    joints = joint_decoding.to_canonical_mm(joints, expected)
    np.testing.assert_allclose(pose["confidence"], expected[0], atol=1e-4)
    np.testing.assert_allclose(pose["joints_2d"], (joints_2d_norm[0] + 1) * 32, atol=1e-2)
    np.testing.assert_allclose(pose["joints_3d"], joints[0], atol=0.5)  # mm


@pytest.fixture
def torch_network():
    pytest.importorskip("torch", reason="compares with PyTorch (extra: torch)")
    from support import torch_network

    return torch_network


@pytest.mark.slow
@pytest.mark.parametrize("form", FORMS)
@pytest.mark.filterwarnings("ignore")  # torch cannot find the source of our stand-in paths
def test_all_forms_give_the_outputs_of_pytorch(tmp_path, torch_network, form):
    network = torch_network.random_network(*SIZES["small"])
    save(network, tmp_path / "hg.pth", form)
    model = imported(tmp_path / "hg.pth")
    assert model.config == ModelConfig(2, 16, 1, 128, num_depth_residuals=2)
    check_same(model, network)


@pytest.mark.slow
def test_another_size_is_found_from_the_file(tmp_path, torch_network):
    network = torch_network.random_network(*SIZES["other"])
    save(network, tmp_path / "hg.pth", "state_dict-zip")
    model = imported(tmp_path / "hg.pth")
    assert model.config == ModelConfig(1, 128, 2, 64)
    check_same(model, network)


def test_the_papers_network_has_the_same_parameters_in_pytorch(torch_network):
    network = torch_network.HourglassNet3D(2, 2, 256, 2, 256)
    assert sum(parameter.numel() for parameter in network.parameters()) == 14_429_104


@pytest.fixture(scope="module")
def model():
    """A small network of our own."""
    keras.utils.set_random_seed(0)
    return build_pose_model(SMALL)


@pytest.fixture(scope="module")
def tensors(model):
    """Tensors of that network by the authors' names, from its weights."""
    found = {}
    for layer, names in authors._tensor_names(model).items():
        for name, weight in zip(names, layer.get_weights(), strict=True):
            axes = (3, 2, 0, 1) if weight.ndim == 4 else range(weight.ndim)[::-1]
            found[name] = weight.transpose(axes)
    return found


@pytest.fixture
def checkpoint(tmp_path, tensors):
    writer = Writer(legacy=True)
    content = ordered_dict({name: writer.tensor(array) for name, array in tensors.items()})
    path = tmp_path / "hg.pth"
    path.write_bytes(writer.file(content))
    return path


def run_import(path, output, *arguments):
    files = (f"--torch_checkpoint={path}", f"--output={output}")
    return run("-m", "hg3d_tf.import_weights", *arguments, *files)


@pytest.mark.slow
def test_the_command_makes_a_training_folder(tmp_path, tensors, checkpoint):
    process = run_import(checkpoint, tmp_path / "run")
    assert process.returncode == 0, process.stderr
    model = checkpoints.load_model(tmp_path / "run")
    kernel = model.get_layer("stem_conv").get_weights()[0]
    torch_kernel = tensors["conv1_.weight"].transpose(2, 3, 1, 0)
    np.testing.assert_allclose(kernel, torch_kernel[:, :, ::-1] * 255 / 256, rtol=1e-6)
    image = np.ones((1, 64, 64, 3), np.float32)
    assert np.isfinite(model(image, training=False)["depth"]).all()


def test_the_output_is_checked_before_the_checkpoint_is_read(tmp_path):
    (tmp_path / "text.pth").write_text("no checkpoint")
    process = run_import(tmp_path / "text.pth", "/proc/nowhere")
    assert process.returncode == 1 and "error: cannot write to /proc/nowhere" in process.stderr


def test_missing_and_unknown_parameters_are_named(tensors, model):
    changed = {name: array for name, array in tensors.items() if name != "r1.bn2.running_var"}
    changed |= {"extra.weight": np.zeros(3), "r1.bn.num_batches_tracked": np.array(5)}
    assert authors.infer_config(changed) == model.config
    message = r"missing: r1\.bn2\.running_var; unknown: extra\.weight$"
    with pytest.raises(UserError, match=message):
        authors.assign(model, changed)


def test_a_wrong_shape_is_named(tensors, model):
    changed = tensors | {"r4.conv2.bias": np.zeros(7)}
    assert authors.infer_config(changed) == model.config
    with pytest.raises(UserError, match=r"r4\.conv2\.bias \(7,\)"):
        authors.assign(model, changed)


@pytest.mark.parametrize("weight", [np.zeros(()), np.zeros((0, 8, 1, 1)), np.zeros((8, 8))])
def test_a_layer_of_another_kind_is_named(tensors, weight):
    with pytest.raises(UserError, match=r"lin_\.0\.0\.weight has the shape \("):
        authors.infer_config(tensors | {"lin_.0.0.weight": weight})


def test_another_network_is_named():
    with pytest.raises(UserError, match=r"no network of this family: lin_\.\*"):
        authors.infer_config({"layer1.0.conv1.weight": np.zeros((64, 64, 3, 3))})
