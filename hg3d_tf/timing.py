"""How long something takes."""

import time

import numpy as np


def median_seconds(function, seconds: float) -> float:
    """Call `function` for about `seconds`; return the median duration of a call."""
    function()
    durations, end = [], time.perf_counter() + seconds
    while not durations or time.perf_counter() < end:
        start = time.perf_counter()
        function()
        durations.append(time.perf_counter() - start)
    return float(np.median(durations))
