"""3D human pose estimation in the wild with weak supervision (Zhou et al., ICCV 2017)."""

import sys

__version__ = "0.1.0"


def _end_quietly(kind, error, trace) -> None:
    """Show an exception as Python does, but Ctrl-C as the commands do: by a line."""
    if issubclass(kind, KeyboardInterrupt):
        print("error: interrupted", file=sys.stderr)
        sys.exit(130)
    sys.__excepthook__(kind, error, trace)


# `python -m hg3d_tf.NAME` is looking for NAME: what is imported for it no command guards yet.
if getattr(sys, "argv", None) and sys.argv[0] == "-m":
    sys.excepthook = _end_quietly
