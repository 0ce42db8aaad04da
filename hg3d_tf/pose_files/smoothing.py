"""Smoothing of what is known of a whole film: without delay, over gaps, at uneven times."""

import numpy as np

_REACH = 3.0  # sigmas


def gaussian(values: np.ndarray, seconds: np.ndarray, sigma_s: float) -> np.ndarray:
    """Return values smoothed by a Gaussian over time.

    Args:
      values: [N] or [N, C], real or complex; NaN is left out, and filled in.
      seconds: [N], rising.
      sigma_s: of the Gaussian; 0 only fills in.

    Returns:
      As `values`. A line stays a line, also at the ends. Beyond the first and the last number of
      a column they are repeated; a column without any stays NaN.
    """
    columns = np.array(values.reshape(len(values), -1))
    for column in columns.T:
        _fill(column, seconds)
    if sigma_s > 0 and len(columns) > 2:
        columns = _convolved(columns, seconds, sigma_s)
    return columns.reshape(values.shape)


def _fill(column: np.ndarray, seconds: np.ndarray) -> None:
    known = np.isfinite(column)
    if known.any() and not known.all():
        column[~known] = np.interp(seconds[~known], seconds[known], column[known])


def _convolved(columns: np.ndarray, seconds: np.ndarray, sigma_s: float) -> np.ndarray:
    """Smooth on even times, then look up at the film's own."""
    # Across a pause of twice its reach the kernel carries nothing: longer ones are cut short.
    steps = np.minimum(np.diff(seconds), 2 * _REACH * sigma_s + np.median(np.diff(seconds)))
    seconds = np.concatenate([[0.0], np.cumsum(steps)])
    step = max(float(np.median(np.diff(seconds))), sigma_s / 50)
    count = max(3, round((seconds[-1] - seconds[0]) / step) + 1)
    even = np.linspace(seconds[0], seconds[-1], count)
    reach = int(min(np.ceil(_REACH * sigma_s / (even[1] - even[0])), count - 1))
    kernel = np.exp(-0.5 * (np.arange(-reach, reach + 1) * (even[1] - even[0]) / sigma_s) ** 2)
    kernel /= kernel.sum()
    smooth = np.empty_like(columns)
    for place, column in enumerate(columns.T):
        line = np.interp(even, seconds, column)
        # Beyond the ends it goes on as its image in a point, which keeps lines.
        before = 2 * line[0] - line[reach:0:-1]
        after = 2 * line[-1] - line[-2 : -reach - 2 : -1]
        padded = np.concatenate([before, line, after])
        smooth[:, place] = np.interp(seconds, even, np.convolve(padded, kernel, "valid"))
    return smooth
