"""Flagfiles that absl would take otherwise than their author meant."""

import itertools
import os
import re
from collections.abc import Iterator, Sequence

from hg3d_tf.files import user_path

_FLAGFILE = re.compile(r"--?flagfile(?:=(?P<path>.*))?$", re.DOTALL)
_QUOTED = re.compile(r"--?\w+=(?P<quote>[\"']).*(?P=quote)$")


def problem(argv: Sequence[str], outer: frozenset[os.PathLike] = frozenset()) -> str | None:
    """Return what is wrong with the flagfiles that arguments name, None if nothing is.

    Args:
      argv: the arguments, or the lines of a flagfile.
      outer: the files that these stand in, one within the other.
    """
    found = (_problem_of(path, outer) for path in _paths(argv))
    return next((text for text in found if text), None)


def _paths(argv: Sequence[str]) -> Iterator[os.PathLike]:
    for argument, following in itertools.pairwise([*argv, ""]):
        if match := _FLAGFILE.match(argument):
            yield user_path(match["path"] if match["path"] is not None else following)


def _problem_of(path, outer) -> str | None:
    try:
        lines = path.read_text(encoding="utf-8-sig").splitlines()
    except UnicodeDecodeError:
        return f"{path} is no UTF-8 text: save the flagfile as UTF-8"
    except OSError as error:
        return f"--flagfile={path}: {error.strerror}"
    if path.read_bytes().startswith(b"\xef\xbb\xbf"):
        return f"{path} begins with a byte order mark: save the flagfile as UTF-8 without it"
    for number, line in enumerate(map(str.strip, lines), 1):
        if _QUOTED.match(line):
            return f"{path}, line {number}: a flagfile keeps quotes: leave them out"
    if path.resolve() in outer:
        return f"--flagfile={path} stands in a file that it leads to: leave it out"
    nested = [line for line in map(str.strip, lines) if _FLAGFILE.match(line)]
    return problem(nested, outer | {path.resolve()})
