import contextlib
import zipfile

import numpy as np
import pytest
from support import torch_bytes
from support.torch_bytes import Writer, call, module, ordered_dict, parameter, text

from hg3d_tf.cli import UserError
from hg3d_tf.torch_weights import pickled, pth_file

FORMATS = pytest.mark.parametrize("legacy", [False, True], ids=["zip", "legacy"])


def read(tmp_path, content: bytes):
    path = tmp_path / "weights.pth"
    path.write_bytes(content)
    return pth_file.read_tensors(path)


@FORMATS
@pytest.mark.parametrize("prefix", ["", "module."])
def test_a_state_dict_is_read(tmp_path, legacy, prefix):
    writer = Writer(legacy)
    weight, bias = np.arange(24.0).reshape(2, 3, 2, 2), np.array([1.5, -2])
    content = ordered_dict(
        {f"{prefix}conv.weight": writer.tensor(weight), f"{prefix}conv.bias": writer.tensor(bias)}
    )
    content = b"}" + text("epoch") + b"K\x07s" + text("state_dict") + content + b"s"
    tensors = read(tmp_path, writer.file(content))
    assert list(tensors) == ["conv.weight", "conv.bias"]
    np.testing.assert_array_equal(tensors["conv.weight"], weight)
    np.testing.assert_array_equal(tensors["conv.bias"], bias)


@FORMATS
def test_a_whole_module_is_read_without_its_classes(tmp_path, legacy):
    writer = Writer(legacy)
    norm = module(
        "torch.nn.modules.batchnorm.BatchNorm2d",
        parameters={"weight": parameter(writer.tensor([1, 2])), "bias": b"N"},
        buffers={"running_mean": writer.tensor([3, 4])},
    )
    network = module("models.hg_3d.HourglassNet3D", modules={"bn1": norm})
    wrapped = module("torch.nn.parallel.DataParallel", modules={"module": network})
    tensors = read(tmp_path, writer.file(wrapped))
    assert {name: array.tolist() for name, array in tensors.items()} == {
        "bn1.weight": [1, 2],
        "bn1.running_mean": [3, 4],
    }


@FORMATS
def test_a_tensor_may_be_a_transposed_part_of_its_storage(tmp_path, legacy):
    writer = Writer(legacy)
    tensor = writer.tensor(np.arange(10), offset=2, shape=(2, 3), stride=(1, 2))
    tensors = read(tmp_path, writer.file(ordered_dict({"a": tensor})))
    assert tensors["a"].tolist() == [[2, 4, 6], [3, 5, 7]]


def test_old_files_store_parts_of_storages_as_views(tmp_path):
    writer = Writer(legacy=True)
    tensor = writer.tensor(np.arange(10), offset=1, shape=(2,), stride=(1,), view=(4, 3))
    tensors = read(tmp_path, writer.file(ordered_dict({"a": tensor})))
    assert tensors["a"].tolist() == [5, 6]
    outside = writer.tensor(np.arange(10), offset=1, shape=(3,), stride=(1,), view=(4, 3))
    with pytest.raises(UserError, match="leaves its storage of 3"):
        read(tmp_path, writer.file(ordered_dict({"a": tensor, "b": outside})))


def hostile_pickles(path):
    """Pickles that would write the file `path` if the unpickler did what they ask for."""
    command = text(f"touch {path}")
    program = text(f"open({str(path)!r}, 'w').close()")
    return [
        call("os", "system", command),
        call("posix", "system", command),
        call("subprocess", "check_output", b"](" + text("touch") + text(str(path)) + b"e"),
        call("builtins", "exec", program),
        call("__builtin__", "eval", text(f"open({str(path)!r}, 'w')")),
        call("torch.hub", "load", command),
        b"cos\nsystem\n" + b")\x81" + command + b"b",
        call("builtins", "getattr", b"cos\npath\n", text("os")),
    ]


@FORMATS
@pytest.mark.parametrize("number", range(8))
def test_a_hostile_pickle_is_not_obeyed(tmp_path, legacy, number):
    victim = tmp_path / "written"
    writer = Writer(legacy)
    hostile = hostile_pickles(victim)[number]
    content = ordered_dict({"bad": hostile, "weight": writer.tensor([1, 2])})
    assert list(read(tmp_path, writer.file(content))) == ["weight"]
    with pytest.raises(UserError, match="holds no parameters"):
        read(tmp_path, Writer(legacy).file(hostile))
    assert not victim.exists()


@FORMATS
def test_a_pickle_changes_neither_the_reader_nor_a_storage(tmp_path, legacy):
    writer = Writer(legacy)
    tensor = writer.tensor([1, 2, 3])
    state = b"}" + text("size") + b"K\x07s" + text("function") + b"K\x07s" + b"b"
    function, arguments = tensor[: tensor.index(b"(")], tensor[tensor.index(b"(") :]
    changed = function + state + arguments.replace(b"Q", b"Q" + state, 1) + state
    assert read(tmp_path, writer.file(ordered_dict({"a": changed})))["a"].tolist() == [1, 2, 3]
    for function in pickled.KNOWN.values():
        assert not hasattr(function, "size")


@FORMATS
@pytest.mark.parametrize(
    "offset, shape, stride",
    [(0, (5,), (1,)), (4, (1,), (1,)), (-1, (1,), (1,)), (0, (1 << 30,), (0,)), (3, (2,), (-1,))],
)
def test_a_tensor_cannot_leave_its_storage(tmp_path, legacy, offset, shape, stride):
    writer = Writer(legacy)
    tensor = writer.tensor([1, 2, 3, 4], offset, shape, stride)
    with pytest.raises(UserError, match="leaves its storage of 4"):
        read(tmp_path, writer.file(ordered_dict({"a": tensor})))


@FORMATS
def test_damaged_files_get_one_line(tmp_path, legacy):
    writer = Writer(legacy)
    whole = writer.file(ordered_dict({"a": writer.tensor(np.arange(4))}))
    rng = np.random.default_rng(0)
    failures = 0
    for n in range(300):
        damaged = bytearray(whole)
        damaged[rng.integers(len(whole))] = rng.integers(256)
        try:
            read(tmp_path, bytes(damaged[: len(whole) - n // 2]))
        except UserError as error:
            assert "weights.pth" in str(error)
            failures += 1
    assert failures > 100


def test_a_seek_out_of_a_damaged_archive_is_named(tmp_path):
    whole = bytearray(Writer(legacy=False).file(ordered_dict({"a": Writer(False).tensor([1])})))
    for place in range(len(whole) - 22, len(whole)):  # the archive's end record
        damaged = bytes(whole[:place]) + b"\xff\xff\xff\xff" + bytes(whole[place + 4 :])
        with contextlib.suppress(UserError):
            read(tmp_path, damaged)
    with pytest.raises(FileNotFoundError):
        pth_file.read_tensors(tmp_path / "none.pth")


def test_other_files_are_named(tmp_path):
    for content in (b"", b"no checkpoint", b"<html>", b"\x80\x02K\x07."):
        with pytest.raises(UserError) as error:
            read(tmp_path, content)
        words = (
            "is neither a zip archive nor a row of pickles, as PyTorch writes: give the .pth file"
        )
        assert f"weights.pth: {words}" in str(error.value) and "(" not in str(error.value)
    half = Writer(legacy=True).file(torch_bytes.integer(7))[:-4]
    with pytest.raises(UserError, match=r"is a damaged PyTorch checkpoint .*: download or copy"):
        read(tmp_path, half)
    with pytest.raises(UserError, match="holds no parameters"):
        read(tmp_path, Writer(legacy=True).file(torch_bytes.integer(7)))


@pytest.mark.parametrize(
    ("names", "fix"),
    [
        (["model.json", "weights.h5"], "give the .pth file that PyTorch wrote"),
        (["readme.txt", "models/hg.pth"], "unpack it, and give its models/hg.pth"),
        (["a/data.pkl", "b/data.pkl"], "give the .pth file that PyTorch wrote"),
    ],
)
def test_a_zip_archive_that_is_no_checkpoint_is_named_with_the_fix(tmp_path, names, fix):
    path = tmp_path / "model.zip"
    with zipfile.ZipFile(path, "w") as archive:
        for name in names:
            archive.writestr(name, "x")
    with pytest.raises(UserError) as raised:
        pth_file.read_tensors(path)
    assert str(raised.value) == f"{path}: is a zip archive, but no PyTorch checkpoint: {fix}"
