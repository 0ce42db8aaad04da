"""Libraries of formats, imported where they are used."""

import importlib
from types import ModuleType

from hg3d_tf import extras


def load(name: str, form: str) -> ModuleType:
    """Return the library that a format needs. Raises UserError where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise extras.missing(f"--format={form}", name, "formats") from error
