"""3D human pose estimation in the wild with weak supervision (Zhou et al., ICCV 2017).

In a shell `hg3d predict photo.jpg` finds poses, `hg3d train` trains, `hg3d export` makes what
servers and phones run; `hg3d` alone lists all commands. In Python:

    from hg3d_tf import weights
    from hg3d_tf.prediction import people, person_finder, photos, predictors

    look = predictors.load_predictor("shipped-large")
    find = person_finder.LiteRTFinder(weights.FINDER_FILE)
    found = people.find_people(photos.read_photo("photo.jpg"), look, find)

`hg3d_tf.training.checkpoints.load_model` gives the network as a Keras model.
"""

import sys

__all__ = ["__version__"]
__version__ = "0.1.0"


def __dir__() -> list[str]:
    """Return the public names, and the modules that were imported."""
    inside = {name.split(".")[1] for name in sys.modules if name.startswith(f"{__name__}.")}
    return sorted({*__all__, "__doc__", "__name__", "__path__", *inside})


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
