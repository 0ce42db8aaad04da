"""Reads PyTorch checkpoints without PyTorch, and without running what a pickle asks for.

Both file formats: the zip archive of torch >= 1.6, and the row of pickles of torch 0.1 to 1.5.
Both contents: a state_dict, or a whole pickled module, whose classes need not be there: only the
few names that build tensors are known; any other becomes a `StandIn`, which does nothing.
"""

import collections
import dataclasses
import pickle
import types
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import BinaryIO

import numpy as np

from hg3d_tf.cli import UserError

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_STATE_DICT_KEYS = ("state_dict", "model_state_dict", "model")
_DTYPES = {
    "FloatStorage": "<f4",
    "DoubleStorage": "<f8",
    "HalfStorage": "<f2",
    "LongStorage": "<i8",
    "IntStorage": "<i4",
    "ShortStorage": "<i2",
    "CharStorage": "i1",
    "ByteStorage": "u1",
    "BoolStorage": "?",
}


class _Stateless:
    """What a pickle cannot change after it was made."""

    def __setstate__(self, state): ...


class StandIn:
    """Takes the place of a class or function of a pickle; keeps the state that it is given."""

    state: Mapping = types.MappingProxyType({})  # __init__ is not always called

    def __init__(self, *args, **kwargs): ...

    def __setstate__(self, state):
        if isinstance(state, dict):
            self.state = state

    def __setitem__(self, key, value): ...

    def append(self, value): ...

    def extend(self, values): ...


@dataclasses.dataclass
class Storage(_Stateless):
    """Numbers of one type; in the old format their data is read after all that refers to it."""

    dtype: np.dtype
    size: int
    data: np.ndarray | None = None


@dataclasses.dataclass
class Tensor(_Stateless):
    """A view of a storage. A parameter is its tensor."""

    storage: Storage
    offset: int
    shape: tuple[int, ...]
    stride: tuple[int, ...]

    def array(self) -> np.ndarray:
        """Return a copy of the numbers. Raises ValueError if the view leaves the storage."""
        data = self.storage.data
        last = self.offset + sum((n - 1) * s for n, s in zip(self.shape, self.stride, strict=True))
        smallest = min((self.offset, *self.shape, *self.stride))
        if smallest < 0 or last >= data.size or np.prod(self.shape, dtype=object) > data.size:
            raise ValueError(f"a tensor of shape {self.shape} leaves its storage of {data.size}")
        strides = [s * data.itemsize for s in self.stride]
        return np.lib.stride_tricks.as_strided(data[self.offset :], self.shape, strides).copy()


def _rebuild_tensor(storage, offset, shape, stride, *_unused) -> Tensor:
    return Tensor(storage, int(offset), tuple(map(int, shape)), tuple(map(int, stride)))


def _same_tensor(tensor, *_unused) -> Tensor:
    if not isinstance(tensor, Tensor):
        raise pickle.UnpicklingError("a parameter without a tensor")
    return tensor


class _Function(_Stateless):
    """A function that a pickle may call, but not set attributes of."""

    def __init__(self, function):
        self._function = function

    def __call__(self, *args):
        return self._function(*args)


_KNOWN = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("torch._utils", "_rebuild_tensor"): _Function(_rebuild_tensor),
    ("torch._utils", "_rebuild_tensor_v2"): _Function(_rebuild_tensor),
    ("torch._utils", "_rebuild_parameter"): _Function(_same_tensor),
    ("torch._utils", "_rebuild_parameter_with_state"): _Function(_same_tensor),
    ("torch.nn.parameter", "Parameter"): _Function(_same_tensor),
    ("torch.autograd.variable", "Variable"): _Function(_same_tensor),
}


class _Unpickler(pickle.Unpickler):
    """Imports nothing. `add_storage(type, key, size)` returns the storage called key."""

    def __init__(self, file: BinaryIO, add_storage=None):
        super().__init__(file, encoding="latin1")  # of strings that Python 2 wrote
        self._add_storage = add_storage

    def find_class(self, module, name):
        if module in ("torch", "torch.cuda") and name in _DTYPES:
            return _DTYPES[name]
        return _KNOWN.get((module, name)) or type(name, (StandIn,), {})

    def persistent_load(self, saved_id):
        kind, *parts = saved_id
        if kind == "module":  # a class, with its source code
            return parts[0]
        if kind != "storage" or parts[0] not in _DTYPES.values():
            raise pickle.UnpicklingError(f"unknown kind of data {kind!r} {parts[:1]}")
        dtype, key, _device, size, *view = parts
        storage = self._add_storage(np.dtype(dtype), key, int(size))
        return _view(storage, *view[0]) if view and view[0] else storage


class _View(_Stateless):
    """A part of a storage that torch 0.1 to 0.3 stored as a storage of its own."""

    def __init__(self, root: Storage, offset: int, size: int):
        self.root, self.offset, self.size = root, offset, size

    @property
    def data(self) -> np.ndarray:
        return self.root.data[self.offset : self.offset + self.size]


def _view(root, _key, offset, size) -> _View:
    return _View(root, int(offset), int(size))


def read_tensors(path: str | Path) -> dict[str, np.ndarray]:
    """Return the parameters and buffers of a checkpoint by name, without a "module." prefix.

    Raises:
      UserError: for a file that is no checkpoint.
      OSError: if it cannot be opened.
    """
    with open(path, "rb"):  # so that an OSError from here on is one of the content
        pass
    try:
        content = _read_zip(path) if zipfile.is_zipfile(path) else _read_legacy(path)
        tensors = {name: tensor.array() for name, tensor in _named_tensors(content)}
    except Exception as error:  # whatever broken or hostile bytes lead the unpickler to
        raise UserError(f"{path}: cannot be read as a PyTorch checkpoint ({error})") from error
    if not tensors:
        raise UserError(f"{path}: holds no parameters: give a state_dict or a whole module")
    return {name.removeprefix("module."): array for name, array in tensors.items()}


def _read_zip(path):
    with zipfile.ZipFile(path) as archive:
        (pickled,) = (name for name in archive.namelist() if name.endswith("/data.pkl"))
        folder = pickled.removesuffix("data.pkl") + "data/"

        def add_storage(dtype, key, size):
            if archive.getinfo(folder + key).file_size != size * dtype.itemsize:
                raise ValueError(f"storage {key} has not the {size} numbers it should have")
            return Storage(dtype, size, np.frombuffer(archive.read(folder + key), dtype))

        with archive.open(pickled) as file:
            return _Unpickler(file, add_storage).load()


def _read_legacy(path):
    storages = {}

    def add_storage(dtype, key, size):
        return storages.setdefault(key, Storage(dtype, size))

    with open(path, "rb") as file:
        if _Unpickler(file).load() != _LEGACY_MAGIC:
            raise ValueError("the file does not begin as one")
        _version, _system = _Unpickler(file).load(), _Unpickler(file).load()
        content = _Unpickler(file, add_storage).load()
        for key in _Unpickler(file).load():
            storage = storages[key]
            (size,) = np.fromfile(file, "<i8", 1)
            if size != storage.size:
                raise ValueError(f"storage {key} has {size} numbers instead of {storage.size}")
            storage.data = np.fromfile(file, storage.dtype, size)
            if storage.data.size != size:
                raise ValueError("the file ends early")
    return content


def _named_tensors(content) -> Iterator[tuple[str, Tensor]]:
    if isinstance(content, StandIn):
        yield from _module_tensors(content, "")
    elif isinstance(content, dict):
        inner = [content[key] for key in _STATE_DICT_KEYS if key in content]
        if inner:
            yield from _named_tensors(inner[0])
        yield from ((name, value) for name, value in content.items() if isinstance(value, Tensor))


def _module_tensors(module: StandIn, prefix: str) -> Iterator[tuple[str, Tensor]]:
    for kind in ("_parameters", "_buffers"):
        for name, value in module.state.get(kind, {}).items():
            if isinstance(value, Tensor):
                yield prefix + name, value
    for name, child in module.state.get("_modules", {}).items():
        if isinstance(child, StandIn):
            yield from _module_tensors(child, f"{prefix}{name}.")
