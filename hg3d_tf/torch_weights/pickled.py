"""Pickles of PyTorch, read without importing or calling what they name.

Only the few names that build tensors are known; any other becomes a `StandIn`, which does nothing.
"""

import collections
import dataclasses
import pickle
import types
from collections.abc import Mapping
from typing import BinaryIO

import numpy as np

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


KNOWN = {
    ("collections", "OrderedDict"): collections.OrderedDict,
    ("torch._utils", "_rebuild_tensor"): _Function(_rebuild_tensor),
    ("torch._utils", "_rebuild_tensor_v2"): _Function(_rebuild_tensor),
    ("torch._utils", "_rebuild_parameter"): _Function(_same_tensor),
    ("torch._utils", "_rebuild_parameter_with_state"): _Function(_same_tensor),
    ("torch.nn.parameter", "Parameter"): _Function(_same_tensor),
    ("torch.autograd.variable", "Variable"): _Function(_same_tensor),
}


class Unpickler(pickle.Unpickler):
    """Imports nothing. `add_storage(type, key, size)` returns the storage called key."""

    def __init__(self, file: BinaryIO, add_storage=None):
        super().__init__(file, encoding="latin1")  # of strings that Python 2 wrote
        self._add_storage = add_storage

    def find_class(self, module, name):
        if module in ("torch", "torch.cuda") and name in _DTYPES:
            return _DTYPES[name]
        return KNOWN.get((module, name)) or type(name, (StandIn,), {})

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
