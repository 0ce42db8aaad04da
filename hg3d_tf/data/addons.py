"""The one import of tensorflow-addons: None where it has no release."""

import warnings

try:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # it announces the end of its development
        import tensorflow_addons as tfa
except ImportError:
    tfa = None

__all__ = ["tfa"]
