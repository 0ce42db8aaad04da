"""The trained network that comes with the package, by the name "shipped" wherever a folder fits."""

import dataclasses
import json
from pathlib import Path

import numpy as np

from hg3d_tf import files
from hg3d_tf.pose_model import ModelConfig, PoseModel, build_pose_model

NAME = "shipped"
FOLDER = Path(__file__).parent / "weights"
_CONFIG, _WEIGHTS = "model.json", "weights.npz"


def save(model: PoseModel, folder: Path = FOLDER) -> None:
    """Write architecture and weights; kernels in float16, the rest (biases, statistics) as is."""
    arrays = {
        f"{number:03d}": value.astype(np.float16 if value.ndim > 1 else value.dtype)
        for number, value in enumerate(model.get_weights())
    }
    folder.mkdir(parents=True, exist_ok=True)
    files.write_json(folder / _CONFIG, dataclasses.asdict(model.config))
    with files.atomic_path(folder / _WEIGHTS) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def load(folder: Path = FOLDER) -> PoseModel:
    """Return the network, in float32, not compiled."""
    model = build_pose_model(ModelConfig(**json.loads((folder / _CONFIG).read_text())))
    with np.load(folder / _WEIGHTS) as arrays:
        model.set_weights([arrays[name].astype(np.float32) for name in sorted(arrays)])
    return model
