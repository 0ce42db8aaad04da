"""Precision of the layers by name; heads and losses stay float32 in all but float64."""

import contextlib
from pathlib import Path

import tensorflow as tf

from hg3d_tf.network.keras_api import keras

# float64, for checks of the arithmetic, is as slow as it sounds.
PRECISIONS = ("auto", "float32", "mixed_bfloat16", "mixed_float16", "float64")


def resolve(name: str) -> str:
    """Return the Keras policy of a precision; "auto" is `native_precision`."""
    return native_precision() if name == "auto" else name


def native_precision() -> str:
    """Return mixed_bfloat16 where a CPU does the work and has instructions for it, else float32."""
    if tf.config.list_physical_devices("GPU"):
        return "float32"
    try:
        cpu = Path("/proc/cpuinfo").read_text()
    except OSError:
        return "float32"
    return "mixed_bfloat16" if "avx512_bf16" in cpu or "amx_bf16" in cpu else "float32"


@contextlib.contextmanager
def policy(name: str):
    """Build layers under a Keras precision policy, e.g. "mixed_bfloat16"; restore it afterwards."""
    before = keras.mixed_precision.global_policy()
    keras.mixed_precision.set_global_policy(name)
    try:
        yield
    finally:
        keras.mixed_precision.set_global_policy(before)
