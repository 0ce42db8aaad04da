"""The predictions file of evaluation: named arrays, one row per frame in any order.

`hg3d_tf/evaluation/predictions_file.py` says what each name means.
"""

import io
import json
import zipfile
from pathlib import Path

import numpy as np

from hg3d_tf.cli import UserError

SHAPES = {
    "predicted_2d_px": (16, 2),
    "predicted_depth": (16,),
    "off_axis": (2,),
    "predicted_3d_mm": (16, 3),
    "predicted_3d_17_mm": (17, 3),
    "confidence": (16,),
}

_WANTED = (
    'wanted: {"key": [...], "predicted_2d_px": [...]}: write the key of each frame in the dataset'
    " and, in a list beside it, its 16 joints x, y in MPII's order; `predicted_3d_mm` takes x, y, z"
    " (hg3d_tf/evaluation/predictions_file.py)"
)
_SMALLEST_MM = 10.0  # of a usual pose from end to end; in metres all are smaller


def load(path: str | Path) -> dict[str, np.ndarray]:
    """Return the arrays of a predictions file.

    Raises:
      UserError: for a file that is none, unknown names, wrong shapes, no frames, numbers that are
        not finite, poses in metres.
    """
    arrays = _read(path)
    unknown = sorted(set(arrays) - {"key", *SHAPES})
    if unknown:
        raise UserError(f"{path}: {unknown[0]!r} is unknown; names are {', '.join(SHAPES)}")
    if not arrays:
        raise UserError(f"{path}: holds nothing: give a file that predict or evaluate wrote")
    if "key" not in arrays or len(arrays) == 1:
        raise UserError(f"{path}: holds {', '.join(arrays)}; wanted: key and a pose")
    keys = arrays["key"].astype(str)
    if keys.ndim != 1:
        raise UserError(f"{path}: key has the shape {keys.shape}; wanted: one per frame")
    if not keys.size:
        raise UserError(f"{path}: holds no frame: write the poses of one at least")
    return {"key": keys} | {
        name: _checked(path, name, value, keys) for name, value in arrays.items() if name != "key"
    }


def checked_suffix(path: str | Path) -> str:
    """Return the suffix of a predictions file. Raises UserError unless it is .npz or .json."""
    suffix = Path(path).suffix
    if suffix not in (".npz", ".json"):
        raise UserError(f"{path}: predictions are .npz or .json files, by their suffix")
    return suffix


def _read(path) -> dict[str, np.ndarray]:
    suffix, content = checked_suffix(path), Path(path).read_bytes()
    if suffix == ".npz" and not zipfile.is_zipfile(io.BytesIO(content)):
        raise UserError(f"{path}: is no .npz file, or only a part of one: write it anew")
    try:
        if suffix == ".json":
            return _from_json(path, json.loads(content))
        with np.load(io.BytesIO(content), allow_pickle=False) as arrays:
            return dict(arrays)
    except UserError:
        raise
    except json.JSONDecodeError as error:
        text = f"is no JSON, or only a part of it ({error}): write it anew"
        raise UserError(f"{path}: {text}") from error
    except Exception as error:  # whatever damaged bytes lead the readers to
        raise UserError(f"{path}: cannot be read as named arrays ({error})") from error


def _from_json(path, content) -> dict[str, np.ndarray]:
    if not isinstance(content, dict) or "annotations" in content:
        raise UserError(f"{path}: {_kind(content)}; {_WANTED}")
    arrays = {}
    for name, value in content.items():
        try:
            arrays[name] = np.array(value)
        except ValueError as error:
            raise UserError(f"{path}: rows of {name} differ in their length") from error
    return arrays


def _kind(content) -> str:
    """Return what JSON that holds no named arrays is."""
    first = content[0] if isinstance(content, list) and content else content
    names = first.keys() if isinstance(first, dict) else ()
    if "annotations" in names:
        return "is a COCO file of annotations"
    if {"keypoints", "image_id"} <= names:
        return "is a list of COCO's results"
    if "joints_2d_px" in names or "joints_3d_mm" in names:
        return "is a list of poses, as predict writes"
    return "is a JSON list or value"


def _checked(path, name, value, keys) -> np.ndarray:
    wanted = (len(keys), *SHAPES[name])
    if value.dtype.kind not in "fiu" or value.shape != wanted:
        raise UserError(f"{path}: {name} is {value.dtype} {value.shape}; wanted: numbers {wanted}")
    broken = ~np.isfinite(value.reshape(len(keys), -1)).all(axis=1)
    if broken.any():
        raise UserError(f"{path}: {name} of frame {str(keys[broken][0])!r} is not finite")
    if name.endswith("_mm"):
        extent = np.median(np.ptp(value.astype(np.float64), axis=1).max(axis=1))
        if 0 < extent < _SMALLEST_MM:
            raise UserError(f"{path}: {name} shows people of {extent:.2g} mm: give mm, not metres")
    return value
