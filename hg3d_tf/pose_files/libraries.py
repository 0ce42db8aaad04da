"""Libraries of formats, imported where they are used."""

import importlib
from types import ModuleType

from hg3d_tf.cli import UserError


def load(name: str, form: str) -> ModuleType:
    """Return the library that a format needs. Raises UserError where it is not installed."""
    try:
        return importlib.import_module(name)
    except ImportError as error:
        raise UserError(f"{form} files need {name}: pip install 'hg3d_tf[formats]'") from error
