"""How commands are run for an experiment."""

import os
import signal
import subprocess
import sys
import time

PARENT = """
import signal, sys
sys.path.insert(0, "experiments")
import once
signal.signal(signal.SIGINT, signal.default_int_handler)  # also where tests run in the background
once.run_python(*sys.argv[1:])
"""
# Ctrl-C in a terminal goes to all processes of the command.
CHILD = """
import pathlib, sys, time
folder = pathlib.Path(sys.argv[1])
try:
    (folder / "begun").touch()
    time.sleep(60)
except KeyboardInterrupt:
    time.sleep(1)  # as a training that writes its weights
    (folder / "saved").touch()
"""


def test_a_command_has_time_to_save_on_ctrl_c(tmp_path):
    command = [sys.executable, "-c", PARENT, "-c", CHILD, str(tmp_path)]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, start_new_session=True)
    while not (tmp_path / "begun").exists():
        assert process.poll() is None
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    assert b"KeyboardInterrupt" in process.communicate(timeout=30)[1]
    assert (tmp_path / "saved").exists()
