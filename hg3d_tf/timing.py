"""How long something takes, and on what machine."""

import os
import platform
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


def seconds_in_turn(functions, seconds: float) -> np.ndarray:
    """Call functions one after the other for about `seconds`; return durations [rounds, functions].

    What else the machine does in the meantime takes time from all alike.
    """
    for function in functions:
        function()
    rounds, end = [], time.perf_counter() + seconds
    while not rounds or time.perf_counter() < end:
        times = [time.perf_counter()]
        for function in functions:
            function()
            times.append(time.perf_counter())
        rounds.append(np.diff(times))
    return np.array(rounds)


def machine() -> dict:
    """Return what measured numbers depend on."""
    import tensorflow as tf

    return {
        "processor": _processor(),
        "cores": cores(),
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
    }


def cores() -> int:
    """Return how many cores this process may use."""
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = (line.split(":")[1].strip() for line in file if line.startswith("model name"))
            return next(names)
    except (OSError, StopIteration):
        return platform.processor()
