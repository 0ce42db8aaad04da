"""What a protocol returns, and what all of them count with."""

import dataclasses
import math

import numpy as np

BOX = "ground-truth box"
AUC_THRESHOLDS_MM = np.arange(0, 151, 5)


@dataclasses.dataclass(frozen=True)
class Result:
    """What a protocol found.

    Attributes:
      values: by column; NaN where no frame belongs to a column.
      statement: frames, joints, root, scale, box.
      poster: name of the poster's table with the same columns, "" if there is none.
      decimals: of the values in tables.
      note: how the predictions were made, such as "flip test"; "" where that is not known.
    """

    values: dict[str, float]
    statement: str
    poster: str = ""
    decimals: int = 1
    note: str = ""


def texts(values) -> np.ndarray:
    """Return a column of bytes or text [N] as text."""
    return np.array([v.decode() if isinstance(v, bytes) else str(v) for v in values.tolist()])


def mean(values) -> float:
    """Return the mean; NaN of nothing."""
    return float(values.mean()) if values.size else math.nan


def mean_of_known(values) -> float:
    """Return the mean of those that are not NaN."""
    return mean(values[~np.isnan(values)])
