"""How fast the builders store crops of videos and render people: runs the checkout's scripts."""

import importlib.util
import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

from hg3d_tf import extras
from hg3d_tf.cli import UserError

# A process of its own: the builders are no part of the package, and TensorFlow no part of them.
_DATASETS = Path(__file__).resolve().parents[2] / "datasets"
SCRIPT = _DATASETS / "preparation/build_benchmark.py"
MODULES = ("av", "cv2", "simplejpeg")  # of the extra `datasets`
RENDER_SCRIPT = _DATASETS / "synthetic_humans/render_benchmark.py"
RENDER_MODULES = ("embreex", "fast_simplification", "pybvh", "scipy")  # of the extra `render`


def measure(script: Path = SCRIPT) -> dict:
    """Return frames per second, decoding alone and building, their ratios, and peak memory.

    Raises:
      UserError: if the builders' code, or what they need, is not there, or they fail.
    """
    return _run(script, (), MODULES, "datasets")


def measure_rendering(assets_dir: str, against: Path | None, script: Path = RENDER_SCRIPT) -> dict:
    """Return pictures of street_makehuman per second of one core, here and at another commit.

    Raises:
      UserError: as `measure`.
    """
    arguments = [f"--assets_dir={assets_dir}"] + ([f"--against={against}"] if against else [])
    return _run(script, arguments, RENDER_MODULES, "render")


def _run(script: Path, arguments: Sequence[str], modules: tuple[str, ...], extra: str) -> dict:
    """Return the JSON that a script prints which needs modules of an extra."""
    if not script.is_file():
        raise UserError(f"--what=build: no {script}: run it in a checkout of the repository")
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if missing:
        raise extras.missing("--what=build", ", ".join(missing), extra)
    command = [sys.executable, str(script), *arguments]
    done = subprocess.run(command, stdout=subprocess.PIPE, check=False)
    if done.returncode:
        raise UserError(f"--what=build: {script.name} failed; it says why above")
    return json.loads(done.stdout)
