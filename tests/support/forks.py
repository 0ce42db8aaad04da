"""Commands in forks of a process that has imported TensorFlow: they do not import it again.

The import takes longer than what most commands do in a test. It starts no thread of TensorFlow's
(the first operation does), so that forks after it are sound. A fork is a process with arguments,
folder, environment, output and exit status of its own; what looks at imports, at the command line
of the interpreter or at its end wants a process made from nothing: `commands.run`.
"""

import atexit
import contextlib
import importlib.util
import multiprocessing
import os
import runpy
import subprocess
import sys
import tempfile
import traceback
import types
from pathlib import Path

from support import graphs

# The commands set it before they import TensorFlow.
_LEVEL = "TF_CPP_MIN_LOG_LEVEL"
os.environ.setdefault(_LEVEL, "3")

ROOT = Path(__file__).resolve().parents[2]
_OF_PYTEST = [str(ROOT / name) for name in ("datasets", "tests")]  # its setting `pythonpath`
_KERAS = "tf_keras" if importlib.util.find_spec("tf_keras") else "keras"
_CONTEXT = multiprocessing.get_context("forkserver")
# No module of ours: what a command imports, it imports.
_CONTEXT.set_forkserver_preload(["tensorflow", _KERAS, "tensorflow_datasets"])


class Fork:
    """As subprocess.Popen([sys.executable, *arguments], ...) with its output kept, as text."""

    def __init__(self, arguments, cwd, env):
        self._arguments = [str(argument) for argument in arguments]
        self._outputs = tempfile.TemporaryDirectory()
        self._process = _CONTEXT.Process(
            target=_become, args=(self._arguments, str(cwd), dict(env), self._outputs.name)
        )
        with _quietly():
            self._process.start()

    @property
    def returncode(self) -> int | None:
        return self._process.exitcode

    def communicate(self, timeout: float) -> tuple[str, str]:
        """Wait for the end; return what was written to stdout and stderr."""
        with self._outputs as folder:
            self._process.join(timeout)
            if self._process.is_alive():
                self._process.kill()
                raise subprocess.TimeoutExpired(self._arguments, timeout)
            stdout, stderr = (Path(folder, number).read_text() for number in "12")
            return stdout, stderr


@contextlib.contextmanager
def _quietly():
    """Let the server of forks, should it start now, import TensorFlow as the commands do.

    It does so once for all tests, also where the first that forks has no such variable.
    """
    before = os.environ.get(_LEVEL)
    os.environ[_LEVEL] = "3"
    try:
        yield
    finally:
        if before is None:
            del os.environ[_LEVEL]
        else:
            os.environ[_LEVEL] = before


def call(*arguments) -> int:
    """Do in a fork of this process what Python does when it is started with `arguments`.

    Returns its exit status. Nothing of TensorFlow may have run in this process before.
    """
    pid = os.fork()
    if pid:
        return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    status = 1
    try:
        _forget_the_command()
        _execute([str(argument) for argument in arguments])
        status = 0
    except SystemExit as end:
        status = end.code if isinstance(end.code, int) else int(end.code is not None)
    except BaseException:
        traceback.print_exc()
    atexit._run_exitfuncs()
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(status)


def _forget_the_command() -> None:
    """Undo what a command has defined and read: its flags, our modules."""
    from absl import flags

    for module, defined in dict(flags.FLAGS.flags_by_module_dict()).items():
        if not module.startswith("absl"):
            for flag in list(defined):
                delattr(flags.FLAGS, flag.name)
    flags.FLAGS.unparse_flags()
    for name, module in list(sys.modules.items()):
        path = str(getattr(module, "__file__", ""))
        # The environment may lie in the checkout.
        is_ours = path.startswith(f"{ROOT}{os.sep}") and "site-packages" not in path
        if is_ours and name != __name__:
            del sys.modules[name]


def _become(arguments, cwd, env, folder) -> None:
    """Turn this process into what Python does when it is started with `arguments`."""
    os.environ.clear()
    os.environ.update(env)
    os.chdir(cwd)
    _write_to(folder)
    _forget_the_parent()
    graphs.leave_unoptimized()
    try:
        _execute(arguments)
    finally:
        atexit._run_exitfuncs()  # multiprocessing ends without them


def _write_to(folder) -> None:
    """Write stdout and stderr to files that are called by their numbers."""
    for number in (1, 2):
        with open(Path(folder, str(number)), "wb") as file:
            os.dup2(file.fileno(), number)
    sys.stdout = os.fdopen(1, "w", closefd=False)
    sys.stderr = os.fdopen(2, "w", buffering=1, errors="backslashreplace", closefd=False)


def _forget_the_parent() -> None:
    """Undo what forks would share: the search path of the tests, NumPy's random numbers."""
    import numpy as np

    np.random.seed()
    own = [path for path in os.environ.get("PYTHONPATH", "").split(os.pathsep) if path]
    sys.path[:] = own + [p for p in sys.path if p not in (*_OF_PYTEST, *own)]


def _execute(arguments) -> None:
    what, *rest = arguments
    if what == "-m":
        sys.path.insert(0, os.getcwd())
        sys.argv = rest
        runpy.run_module(rest[0], run_name="__main__", alter_sys=True)
    elif what == "-c":
        sys.path.insert(0, "")
        code, *others = rest
        sys.argv = ["-c", *others]
        main = sys.modules["__main__"] = types.ModuleType("__main__")
        exec(compile(code, "<string>", "exec"), main.__dict__)
    else:
        sys.path.insert(0, str(Path(what).resolve().parent))
        sys.argv = arguments
        runpy.run_path(what, run_name="__main__")
