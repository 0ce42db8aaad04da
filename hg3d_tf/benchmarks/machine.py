"""The machine that numbers were measured on."""

import os
import platform


def machine() -> dict:
    """Return what the numbers depend on."""
    import tensorflow as tf

    return {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
    }


def _processor() -> str:
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as file:
            names = (line.split(":")[1].strip() for line in file if line.startswith("model name"))
            return next(names)
    except (OSError, StopIteration):
        return platform.processor()
