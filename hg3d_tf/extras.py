"""How to install what an optional part of the package needs: the command that works here."""

import importlib.metadata
import json
import os
import shlex
import sys
import urllib.parse
import urllib.request
from pathlib import Path

from hg3d_tf.cli import UserError

_NAME = "hg3d_tf"
_CHECKOUT = Path(__file__).resolve().parents[1]


def missing(what: str, package: str, extra: str, instead: str = "") -> UserError:
    """Return the error for a package that is not installed.

    Args:
      what: wants it, e.g. a flag.
      package: that it wants.
      extra: of the package that brings it.
      instead: what helps, too.
    """
    advice = f", or {instead}" if instead else ""
    return UserError(f"{what} needs {package}: {install_command(extra)}{advice}")


def install_command(extra: str) -> str:
    """Return the command that brings an extra to this Python, whatever environment is active.

    It installs from where this package is: the checkout, or what pip installed; only a package from
    an index is asked for by its name.
    """
    if (_CHECKOUT / "setup.py").exists():
        target = ["-e", f"{_shortened(_CHECKOUT)}[{extra}]"]
    else:
        target = [_requirement(extra, _installed_from())]
    return shlex.join([_shortened(Path(sys.executable)), "-m", "pip", "install", *target])


def _shortened(path: Path) -> str:
    """Return a path as it is written from here, if that is inside."""
    try:
        inside = os.path.relpath(path)
    except ValueError:  # another drive
        return str(path)
    return str(path) if inside.startswith("..") else inside


def _installed_from() -> dict:
    """Return what pip noted: {} where the package came from an index."""
    try:
        text = importlib.metadata.distribution(_NAME).read_text("direct_url.json")
    except importlib.metadata.PackageNotFoundError:
        text = None
    return json.loads(text) if text else {}


def _requirement(extra: str, origin: dict) -> str:
    """Return what pip installs: `origin` is as PEP 610 says."""
    url = origin.get("url", "")
    if "vcs_info" in origin:
        info = origin["vcs_info"]
        return f"{_NAME}[{extra}] @ {info['vcs']}+{url}@{info['commit_id']}"
    if "dir_info" in origin:
        folder = urllib.request.url2pathname(urllib.parse.urlsplit(url).path)
        return f"{folder}[{extra}]"
    return f"{_NAME}[{extra}]" + (f" @ {url}" if url else "")
