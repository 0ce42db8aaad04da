"""Parameters out of a .pth file, without PyTorch.

Both file formats: the zip archive of torch >= 1.6, and the row of pickles of torch 0.1 to 1.5.
Both contents: a state_dict, or a whole pickled module, whose classes need not be there.
"""

import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np

from hg3d_tf.cli import UserError
from hg3d_tf.torch_weights.pickled import StandIn, Storage, Tensor, Unpickler

_LEGACY_MAGIC = 0x1950A86A20F9469CFC6C
_SUFFIXES = (".pth", ".pt", ".pth.tar")
_STATE_DICT_KEYS = ("state_dict", "model_state_dict", "model")


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
    except UserError:
        raise
    except Exception as error:  # whatever broken or hostile bytes lead the unpickler to
        raise UserError(
            f"{path}: is a damaged PyTorch checkpoint ({error}): download or copy it again"
        ) from error
    if not tensors:
        raise UserError(f"{path}: holds no parameters: give a state_dict or a whole module")
    return {name.removeprefix("module."): array for name, array in tensors.items()}


def _pickled(path, names: list[str]) -> str:
    """Return the name of a checkpoint's pickle. Raises UserError for another's archive."""
    found = [name for name in names if name.endswith("/data.pkl")]
    if len(found) == 1:
        return found[0]
    packed = next((name for name in names if name.endswith(_SUFFIXES)), None)
    fix = f"unpack it, and give its {packed}" if packed else "give the .pth file that PyTorch wrote"
    raise UserError(f"{path}: is a zip archive, but no PyTorch checkpoint: {fix}")


def _read_zip(path):
    with zipfile.ZipFile(path) as archive:
        pickled = _pickled(path, archive.namelist())
        folder = pickled.removesuffix("data.pkl") + "data/"

        def add_storage(dtype, key, size):
            if archive.getinfo(folder + key).file_size != size * dtype.itemsize:
                raise ValueError(f"storage {key} has not the {size} numbers it should have")
            return Storage(dtype, size, np.frombuffer(archive.read(folder + key), dtype))

        with archive.open(pickled) as file:
            return Unpickler(file, add_storage).load()


def _read_legacy(path):
    storages = {}

    def add_storage(dtype, key, size):
        return storages.setdefault(key, Storage(dtype, size))

    with open(path, "rb") as file:
        if not _begins_as_legacy(file):
            what = "is neither a zip archive nor a row of pickles, as PyTorch writes"
            raise UserError(f"{path}: {what}: give the .pth file itself, not a page about it")
        _version, _system = Unpickler(file).load(), Unpickler(file).load()
        content = Unpickler(file, add_storage).load()
        for key in Unpickler(file).load():
            storage = storages[key]
            (size,) = np.fromfile(file, "<i8", 1)
            if size != storage.size:
                raise ValueError(f"storage {key} has {size} numbers instead of {storage.size}")
            storage.data = np.fromfile(file, storage.dtype, size)
            if storage.data.size != size:
                raise ValueError("the file ends early")
    return content


def _begins_as_legacy(file) -> bool:
    try:
        return Unpickler(file).load() == _LEGACY_MAGIC
    except Exception:  # whatever other files lead the unpickler to
        return False


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
