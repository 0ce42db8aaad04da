"""Predictions in files, so that any system can be scored and a network need run only once.

An .npz or .json file of named arrays, one row per frame in any order:
  key [N]: the examples' keys in the dataset;
  predicted_2d_px [N, 16, 2]: joints in MPII order, px of the dataset's image from its corner;
  predicted_depth [N, 16]: relative depth, half crop sides; with predicted_2d_px it is a pose;
  off_axis [N, 2]: where that depth is along the line of sight to the crop: how far the crop's
    middle is from the optical axis, x and y in focal lengths;
  predicted_3d_mm [N, 16, 3]: mm, axes of the camera (x right, y down, z forwards), any origin;
  predicted_3d_17_mm [N, 17, 3]: the same with Human3.6M's 17 joints, for h36m_p1 and h36m_pa;
  confidence [N, 16]: how likely a joint lies within 0.1 of the longer side of the person's box.
A file holds `key` and those of the others that its system predicts.
"""

from pathlib import Path

import numpy as np

from hg3d_tf import files
from hg3d_tf.cli import UserError
from hg3d_tf.evaluation.protocols.inputs import Predictions
from hg3d_tf.pose_files.named_arrays import SHAPES, checked_suffix


def save(path: str | Path, predictions: Predictions) -> None:
    """Write what was predicted to `path`, an .npz or .json file.

    Raises:
      UserError: for another suffix.
    """
    half = predictions["crop_side"][:, np.newaxis, np.newaxis] / 2
    center = predictions["crop_center"][:, np.newaxis]
    predictions = predictions | {
        "predicted_2d_px": center + predictions["predicted_2d_norm"] * half,
        "key": np.array([key.decode() for key in predictions["key"].tolist()]),
    }
    arrays = {name: predictions[name] for name in ("key", *SHAPES) if name in predictions}
    if checked_suffix(path) == ".json":
        files.write_json(path, {name: value.tolist() for name, value in arrays.items()})
        return
    with files.atomic_path(path) as temporary:
        np.savez_compressed(temporary, **arrays)


def join(labels: Predictions, arrays: dict[str, np.ndarray], path: str | Path) -> Predictions:
    """Return the labels of all frames with what `arrays` predict for them, by key.

    `arrays` are what `named_arrays.load` returns.

    Raises:
      UserError: if a frame is missing or there twice.
    """
    keys, first = np.unique(arrays["key"], return_index=True)
    if len(keys) < len(arrays["key"]):
        raise UserError(f"{path}: a key is there twice: each frame may be predicted once")
    wanted = np.array([key.decode() for key in labels["key"].tolist()])
    missing = wanted[~np.isin(wanted, keys)]
    if missing.size:
        raise UserError(
            f"{path}: {missing.size} of {wanted.size} frames are missing, e.g. {str(missing[0])!r}:"
            " predict all frames of the split"
        )
    rows = first[np.searchsorted(keys, wanted)]
    predicted = {name: value[rows] for name, value in arrays.items() if name != "key"}
    if "predicted_2d_px" in predicted:
        half = labels["crop_side"][:, np.newaxis, np.newaxis] / 2
        offset = predicted.pop("predicted_2d_px") - labels["crop_center"][:, np.newaxis]
        predicted["predicted_2d_norm"] = offset / half
    return labels | predicted
