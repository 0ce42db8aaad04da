"""The folder of downloaded files: makehuman/, cmu_mocap/ and scene/."""

import hashlib
from pathlib import Path

from hg3d_tf import cli

_NEEDED = {
    "makehuman/base.obj": "MakeHuman's base mesh",
    "makehuman/rig.cmu_mb.json": "its rig",
    "makehuman/weights.cmu_mb.json": "its skin weights",
    "makehuman/targets/*.target.gz": "its shapes",
    "makehuman/clothes/*.mhclo": "clothes",
    "cmu_mocap/*/*.bvh": "motion clips",
    "scene/backgrounds/**/*.jpg": "photos",
}
# Subjects of the motion clips whose poses are for training and for the other splits.
_HELD_OUT_SUBJECTS = ("03", "08")
# Of the photos in order of their names, these shares are for training and for validation.
_TRAIN_SHARE, _VALIDATION_SHARE = 0.7, 0.1


def check(folder: Path) -> None:
    """Raise UserError, naming what lacks, unless the folder holds all kinds of assets."""
    for pattern, what in _NEEDED.items():
        if not next(folder.glob(pattern), None):
            raise cli.UserError(
                f"--assets_dir={folder}: no {pattern} ({what}); see "
                "datasets/synthetic_humans/README.md for what to download"
            )


def fingerprint(folder: Path) -> str:
    """Return a short digest of the names and sizes of the assets, wherever the folder lies."""
    check(folder)
    files = sorted(path for path in folder.glob("*/**/*") if path.is_file() and _is_asset(path))
    listing = [f"{path.relative_to(folder)} {path.stat().st_size}" for path in files]
    return hashlib.sha256("\n".join(listing).encode()).hexdigest()[:12]


def _is_asset(path: Path) -> bool:
    return path.name.endswith((".obj", ".json", ".gz", ".mhclo", ".bvh", ".jpg", ".png"))


def motion_clips(folder: Path, split: str) -> list[Path]:
    """Return the BVH files of a split: validation and test share theirs.

    Raises:
      UserError: if there are none.
    """
    clips = sorted((folder / "cmu_mocap").glob("*/*.bvh"))
    chosen = [
        clip for clip in clips if (clip.parent.name in _HELD_OUT_SUBJECTS) != (split == "train")
    ]
    if not chosen:
        subjects = "other than 03 and 08" if split == "train" else "03 or 08"
        raise cli.UserError(
            f"{folder}/cmu_mocap: no clips of a subject {subjects}, for split {split}"
        )
    return chosen


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
