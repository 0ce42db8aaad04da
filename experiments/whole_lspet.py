"""Leeds Sports Pose Extended with its photos uncut, for what looks at photos as they are."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
from tqdm import tqdm

from hg3d_tf.cli import UserError
from hg3d_tf.data.joint_orders import LSP_14_NAMES
from hg3d_tf.prediction import photos

# All but the neck and the top of the head come first.
LIMBS = LSP_14_NAMES[:12]


def people(folder: Path, first: int, last: int) -> Iterator[tuple]:
    """Yield of each photo from number `first` to `last` what is labelled in it.

    Yields:
      the photo; the joints [14, 2] px in the order of LSP_14_NAMES; which are labelled, [14] bool.

    Raises:
      UserError: where the labels are not there or cannot be read, or a photo is not there.
    """
    joints = _labels(folder / "joints.mat")
    numbers = range(first, min(last, joints.shape[-1]) + 1)
    for number in tqdm(numbers, unit="photo", disable=None):
        photo = photos.read_photo(folder / f"images/im{number:05d}.jpg")
        yield photo, joints[:, :2, number - 1], joints[:, 2, number - 1] > 0


def _labels(path: Path) -> np.ndarray:
    import scipy.io

    if not path.is_file():
        raise UserError(f"{path} does not exist: --lspet is the folder with LSPET's joints.mat")
    try:
        joints = scipy.io.loadmat(path, variable_names=["joints"])["joints"]
    except Exception as error:  # a damaged file makes scipy raise almost any
        raise UserError(f"{path}: cannot be read ({error}): download LSPET again") from error
    if joints.ndim != 3 or joints.shape[:2] != (len(LSP_14_NAMES), 3):
        raise UserError(f"{path}: joints have the shape {joints.shape}, not (14, 3, photos)")
    return joints
