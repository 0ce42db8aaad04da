"""What must be done before Python shuts down."""

import atexit
import functools
import gc

# TensorFlow's classes of what reads a dataset, for one device and for several.
_ITERATORS = ("OwnedIterator", "OwnedMultiDeviceIterator")


@functools.cache
def free_iterators_at_exit() -> None:
    """Let no iterator of tf.data outlive the program.

    For datasets that call Python: their threads read ahead, and one that enters Python while it
    shuts down is ended there, which aborts the process or hangs it (tensorflow/tensorflow#21277).
    """
    atexit.register(free_iterators)


def free_iterators() -> None:
    """Free all iterators of tf.data that are left, once their threads have left Python."""
    for thing in gc.get_objects():
        kind = type(thing)
        if kind.__name__ in _ITERATORS and kind.__module__.startswith("tensorflow."):
            vars(thing).clear()  # the resource, and datasets that hold it too
