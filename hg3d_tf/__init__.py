"""3D human pose estimation in the wild with weak supervision (Zhou et al., ICCV 2017)."""

import sys

__version__ = "0.1.0"


def _end_quietly(kind, error, trace) -> None:
    """Show an exception as Python does, but Ctrl-C as the commands do: by a line."""
    if issubclass(kind, KeyboardInterrupt):
        print("error: interrupted", file=sys.stderr)
        sys.exit(130)
    sys.__excepthook__(kind, error, trace)


def _is_looked_for() -> bool:
    """Tell whether `python -m hg3d_tf.NAME` is looking for NAME; another's -m may import this."""
    if getattr(sys, "argv", [])[:1] != ["-m"] or "-m" not in sys.orig_argv:
        return False
    module = sys.orig_argv[sys.orig_argv.index("-m") + 1]
    return module.partition(".")[0] == __name__


if _is_looked_for():  # what is imported for it no command guards yet
    sys.excepthook = _end_quietly
