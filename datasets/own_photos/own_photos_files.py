"""Finds the files of photos by the names that labels give them."""

import collections
import itertools
import os
import re
import unicodedata
import urllib.parse
from pathlib import Path

from own_photos.own_photos_persons import Person
from preparation.units import Skipped

# Label Studio puts eight digits before the name of a file that was uploaded.
_UPLOAD = re.compile(r"^[0-9a-f]{8}-")
_SCHEME = re.compile(r"^[a-z][a-z0-9+.-]+://", re.IGNORECASE)


def locate(folder: Path, persons: list[Person]) -> list[Person | Skipped]:
    """Return persons with their photos' paths below a folder, those left out without one."""
    finder = PhotoFinder(folder)
    found = {name: finder.find(name) for name in {person.image for person in persons}}
    names = collections.defaultdict(list)
    for name, path in found.items():
        names[path].append(_parts(name))
    # Of two folders, but one file: that is the photo of one of them only.
    doubtful = {
        path
        for path, parts in names.items()
        if not all(_common_end(*pair) for pair in itertools.combinations(parts, 2))
    }
    return [_located(person, found[person.image], doubtful) for person in persons]


def _located(person, path, doubtful) -> Person | Skipped:
    name = f"{person.image}/{person.key}"
    if isinstance(path, str):
        return Skipped(name, path)
    if path in doubtful and person.image != path.as_posix():
        return Skipped(name, "one image file, but names in several folders")
    return person._replace(image=path.as_posix())


class PhotoFinder:
    """The photos below a folder, found by names that may come from another machine.

    Folders before a name and those that it lacks are passed over, as are `\\` for `/`, a URL's
    other parts, upper and lower case, and how letters with accents are composed. A file in other
    folders than the name's is another file.

    Args:
      folder: that holds the photos, itself or in folders of its own.
    """

    def __init__(self, folder: Path):
        self._folder = folder
        self._by_name = {}
        for parent, _, names in os.walk(folder):
            for name in names:
                path = Path(parent, name).relative_to(folder)
                self._by_name.setdefault(_plain(name), []).append(path)

    def find(self, name: str) -> Path | str:
        """Return a photo's path below the folder; or, as text, why there is none."""
        if self._is_file(name):
            return Path(name)
        for parts in _readings(name):
            found = self._matches(parts)
            if len(found) == 1:
                return found[0]
            if found:
                return "several image files of that name"
        return f"no image file of that name in {self._folder}"

    def _is_file(self, name) -> bool:
        path = Path(name)
        if path.is_absolute() or ".." in path.parts or not path.parts or "\0" in name:
            return False
        try:
            return (self._folder / path).is_file()
        except OSError:  # such as a name that is too long
            return False

    def _matches(self, parts: list[str]) -> list[Path]:
        """Return the files with as many of the name's last parts as any has."""
        candidates = self._by_name.get(parts[-1], []) if parts else []
        common = {path: _common_end([_plain(p) for p in path.parts], parts) for path in candidates}
        most = max(common.values(), default=0)
        return [path for path, count in common.items() if count and count == most]


def _common_end(path: list[str], wanted: list[str]) -> int:
    """Return how many last parts agree; 0 where both have folders and these differ."""
    pairs = zip(reversed(path), reversed(wanted), strict=False)
    count = next((i for i, (a, b) in enumerate(pairs) if a != b), min(len(path), len(wanted)))
    return count if count == min(len(path), len(wanted)) else 0


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).casefold().strip()


def _readings(name: str) -> list[list[str]]:
    """Return what a name may mean: itself, without a URL's escapes, and before its upload."""
    parts = _parts(name)
    unquoted = [urllib.parse.unquote(part) for part in parts]
    original = [*parts[:-1], *(_UPLOAD.sub("", part) for part in parts[-1:])]
    return [parts, unquoted, original]


def _parts(name: str) -> list[str]:
    """Return folders and file of a path or URL, with what does not tell files apart left out."""
    path, _, query = _SCHEME.sub("", name).partition("?")
    if path.endswith("local-files/"):  # Label Studio's: /data/local-files/?d=folder/photo.jpg
        name = urllib.parse.parse_qs(query).get("d", [name])[0]
    elif query or path != name:
        name = urllib.parse.unquote(path)
    parts = [part for part in re.split(r"[/\\]", name) if part not in ("", ".", "..")]
    return [_plain(part) for part in parts]
