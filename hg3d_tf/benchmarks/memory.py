"""Whether a process that reads batches grows."""

import concurrent.futures
import multiprocessing
import os
import time
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

_READINGS = 20


def in_fresh_process(function: Callable, *arguments):
    """Return what a function of a module returns in a process that has done nothing before."""
    context = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(1, context) as process:
        return process.submit(function, *arguments).result()


def measure(batches: Iterable, seconds: float) -> dict:
    """Return the resident memory, MiB, while batches are read for `seconds`.

    Returns:
      start, after the first twentieth of the time; end; growth, of the least-squares line through
      all readings from start to end; batches: how many were read.
    """
    iterator, begin, readings, count = iter(batches), time.perf_counter(), [], 0
    for reading in range(1, _READINGS + 1):
        until = begin + seconds * reading / _READINGS
        while not count or time.perf_counter() < until:
            next(iterator)
            count += 1
        readings.append(resident_mib())
    slope = np.polyfit(np.arange(_READINGS), readings, 1)[0]
    growth = slope * (_READINGS - 1)
    return {
        "start": readings[0],
        "end": readings[-1],
        "growth": float(growth),
        "seconds": seconds,
        "batches": count,
    }


def resident_mib() -> float:
    """Return the memory that this process holds (Linux)."""
    pages = int(Path("/proc/self/statm").read_text(encoding="utf-8").split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE") / 2**20
