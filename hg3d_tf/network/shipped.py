"""The trained networks that come with the package.

Those of poses go by the names of `weights.FOLDERS` wherever a training folder fits.
"""

import dataclasses
import json
from pathlib import Path

import numpy as np

from hg3d_tf import files, weights
from hg3d_tf.network.finder import build_finder
from hg3d_tf.network.keras_api import keras
from hg3d_tf.network.pose_model import ModelConfig, PoseModel, build_pose_model

NAME = "shipped"
_CONFIG, _WEIGHTS, _FINDER_WEIGHTS = "model.json", "weights.npz", "finder.npz"
_SCALE = "_scale"
_SMALL_KERNEL = 4096  # numbers


def save(model: PoseModel, folder: Path = weights.FOLDER) -> None:
    """Write architecture and weights: large kernels as int8 with a scale for each output channel.

    That is how the .tflite file stores them, too. Small and depthwise kernels are stored in
    float16, biases and statistics as they are.
    """
    folder.mkdir(parents=True, exist_ok=True)
    files.write_json(folder / _CONFIG, dataclasses.asdict(model.config))
    _save_weights(model, folder / _WEIGHTS)


def save_finder(finder: keras.Model, folder: Path = weights.FOLDER) -> None:
    """Write the weights of a `finder.build_finder`, rounded as `save` rounds them."""
    folder.mkdir(parents=True, exist_ok=True)
    _save_weights(finder, folder / _FINDER_WEIGHTS)


def _save_weights(model: keras.Model, path: Path) -> None:
    arrays = {}
    for number, value in enumerate(model.get_weights()):
        arrays |= _packed(f"{number:03d}", value)
    with files.atomic_path(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def _packed(name: str, value: np.ndarray) -> dict[str, np.ndarray]:
    if value.ndim < 2:
        return {name: value}
    if value.size < _SMALL_KERNEL or value.shape[-1] == 1:
        return {name: value.astype(np.float16)}
    scale = np.abs(value).max(axis=tuple(range(value.ndim - 1))) / 127 + 1e-12
    return {name: np.round(value / scale).astype(np.int8), f"{name}{_SCALE}": scale}


def _unpacked(arrays, name: str) -> np.ndarray:
    scale = arrays[name + _SCALE] if name + _SCALE in arrays else np.float32(1)
    return arrays[name].astype(np.float32) * scale


def load_config(folder: Path = weights.FOLDER) -> ModelConfig:
    """Return the network's architecture."""
    return ModelConfig(**json.loads((folder / _CONFIG).read_text()))


def load(folder: Path = weights.FOLDER) -> PoseModel:
    """Return the network, in float32, not compiled."""
    model = build_pose_model(load_config(folder))
    _load_weights(model, folder / _WEIGHTS)
    return model


def load_finder(folder: Path = weights.FOLDER) -> keras.Model:
    """Return the finder of people, in float32."""
    finder = build_finder()
    _load_weights(finder, folder / _FINDER_WEIGHTS)
    return finder


def _load_weights(model: keras.Model, path: Path) -> None:
    with np.load(path) as arrays:
        names = sorted(name for name in arrays if not name.endswith(_SCALE))
        model.set_weights([_unpacked(arrays, name) for name in names])
