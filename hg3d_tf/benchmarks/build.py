"""How fast the builders turn videos into stored crops: runs the checkout's own script."""

import importlib.util
import json
import subprocess
import sys
from pathlib import Path

from hg3d_tf import extras
from hg3d_tf.cli import UserError

# A process of its own: the builders are no part of the package, and TensorFlow no part of them.
SCRIPT = Path(__file__).resolve().parents[2] / "datasets/preparation/build_benchmark.py"
MODULES = ("av", "cv2", "simplejpeg")  # of the extra `datasets`


def measure(script: Path = SCRIPT) -> dict:
    """Return frames per second, decoding alone and building, their ratios, and peak memory.

    Raises:
      UserError: if the builders' code, or what they need, is not there.
    """
    if not script.is_file():
        raise UserError(f"--what=build: no {script}: run it in a checkout of the repository")
    missing = [name for name in MODULES if importlib.util.find_spec(name) is None]
    if missing:
        raise extras.missing("--what=build", ", ".join(missing), "datasets")
    done = subprocess.run([sys.executable, str(script)], stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout)
