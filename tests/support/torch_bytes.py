"""Writes PyTorch checkpoints byte by byte, in both file formats, without PyTorch."""

import io
import struct
import zipfile

import numpy as np

MAGIC = 0x1950A86A20F9469CFC6C
ORDERED_DICT = b"ccollections\nOrderedDict\n"


def text(value: str) -> bytes:
    return b"X" + struct.pack("<I", len(value)) + value.encode()


def integer(value: int) -> bytes:
    return b"J" + struct.pack("<i", value)


def sequence(*items: bytes) -> bytes:
    return b"(" + b"".join(items) + b"t"


def call(module: str, name: str, *arguments: bytes) -> bytes:
    return f"c{module}\n{name}\n".encode() + sequence(*arguments) + b"R"


def ordered_dict(items: dict[str, bytes]) -> bytes:
    pairs = (text(key) + value + b"s" for key, value in items.items())
    return ORDERED_DICT + b")R" + b"".join(pairs)


def module(path: str, parameters=None, buffers=None, modules=None) -> bytes:
    """A pickled torch.nn.Module of a class that exists nowhere."""
    package, name = path.rsplit(".", 1)
    state = {
        "_backend": call("torch.nn.backends.thnn", "_get_thnn_function_backend"),
        "_parameters": ordered_dict(parameters or {}),
        "_buffers": ordered_dict(buffers or {}),
        "_modules": ordered_dict(modules or {}),
    }
    pairs = b"".join(text(key) + value + b"s" for key, value in state.items())
    return f"c{package}\n{name}\n".encode() + b")\x81}" + pairs + b"b"


def parameter(tensor: bytes) -> bytes:
    """As torch 0.1 to 0.3 pickle it: the class called with the tensor, then its state."""
    return call("torch.nn.parameter", "Parameter", tensor) + sequence(b"\x88", b"\x89", b"N") + b"b"


class Writer:
    """Collects the storages of the tensors that were asked for."""

    def __init__(self, legacy: bool):
        self.legacy = legacy
        self.storages: list[np.ndarray] = []

    def tensor(self, array, offset=0, shape=None, stride=None, view=None) -> bytes:
        """A tensor; in the old format it may lie in a `view` (offset, size) of its storage."""
        array = np.ascontiguousarray(array, "<f4")
        shape = array.shape if shape is None else shape
        stride = [s // 4 for s in array.strides] if stride is None else stride
        key = text(str(len(self.storages)))
        self.storages.append(array)
        parts = sequence(text("view"), *map(integer, view)) if view else b"N"
        saved_id = [text("storage"), b"ctorch\nFloatStorage\n", key, text("cpu")]
        return call(
            "torch._utils",
            "_rebuild_tensor" if self.legacy else "_rebuild_tensor_v2",
            sequence(*saved_id, integer(array.size), *([parts] if self.legacy else [])) + b"Q",
            integer(offset),
            sequence(*map(integer, shape)),
            sequence(*map(integer, stride)),
        )

    def file(self, content: bytes) -> bytes:
        """The whole file with the pickle `content`."""
        return (self._legacy if self.legacy else self._zip)(b"\x80\x02" + content + b".")

    def _zip(self, pickled):
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            archive.writestr("archive/data.pkl", pickled)
            for key, array in enumerate(self.storages):
                archive.writestr(f"archive/data/{key}", array.tobytes())
        return buffer.getvalue()

    def _legacy(self, pickled):
        magic = b"\x8a\x0a" + MAGIC.to_bytes(10, "little")
        keys = b"](" + b"".join(text(str(i)) for i in range(len(self.storages))) + b"e"
        data = (struct.pack("<q", a.size) + a.tobytes() for a in self.storages)
        heads = [b"\x80\x02" + head + b"." for head in (magic, b"M\xe9\x03", b"}")]
        return b"".join([*heads, pickled, b"\x80\x02" + keys + b".", *data])
