"""The page's player, without a browser."""

import json
import shutil
import subprocess

import pytest
from web_demo_test import WEB

pytestmark = pytest.mark.skipif(not shutil.which("node"), reason="Node.js is absent")


def test_no_frame_is_taken_twice_at_one_time():
    # A busy browser counts frames before its clock moves.
    times = json.dumps([0, 0, 0.1, 0.1, 0.1, 0.2, 0.4])
    script = str(WEB / "test/player.mjs")
    done = subprocess.run(["node", script], input=times, capture_output=True, text=True, timeout=60)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == [0, 0.1, 0.2, 0.4]
