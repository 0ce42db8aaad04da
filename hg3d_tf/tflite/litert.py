"""Run a TensorFlow Lite file with LiteRT, without TensorFlow."""

import subprocess
import sys
import tempfile
import threading
from pathlib import Path

import numpy as np
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from hg3d_tf import cli

# argv: the file. A process of its own: LiteRT aborts where it does not like a file's scales.
_TRIAL = """
import sys
from pathlib import Path
import numpy as np
from hg3d_tf.tflite.litert import TfliteRunner
runner = TfliteRunner(Path(sys.argv[1]).read_bytes())
for signature in runner.signatures:
    size = runner.input_size(signature)
    runner.run(signature, np.random.default_rng(0).random((size, size, 3)))
"""


def can_run(content: bytes) -> bool:
    """Tell whether LiteRT takes a file; int8's of a hardly trained network it may not."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "file.tflite")
        path.write_bytes(content)
        root = str(Path(__file__).resolve().parents[2])
        code = f"import sys; sys.path.insert(0, {root!r})\n{_TRIAL}"
        command = [sys.executable, "-c", code, str(path)]
        return subprocess.run(command, capture_output=True, check=False).returncode == 0


class TfliteRunner:
    """The signatures of a file that export wrote, run by LiteRT on the CPU.

    Several threads may use one runner: it takes their crops one after the other, since LiteRT's
    interpreter is not for several threads at once.

    Args:
      content: the file's bytes.
      num_threads: that it may use.

    Raises:
      ValueError: if the bytes are no such file; `run` and `input_size`, for an unknown signature.
    """

    def __init__(self, content: bytes, num_threads: int = 1):
        self._content, self._num_threads = content, num_threads
        with cli.native_notices_hidden():
            # Kept: a signature's runner does not keep alive what it runs.
            self._interpreter = Interpreter(model_content=content, num_threads=num_threads)
        self._runners, self._lock = {}, threading.Lock()

    def input_size(self, signature: str) -> int:
        """Return the side of the crops, px."""
        details = self._interpreter.get_signature_runner(signature).get_input_details()
        return int(details["image"]["shape"][1])

    @property
    def signatures(self) -> list[str]:
        """Return the names of the file's signatures."""
        return list(self._interpreter.get_signature_list())

    def run(self, signature: str, image: np.ndarray) -> dict[str, np.ndarray]:
        """Return the outputs for one crop [S, S, 3] in [0, 1], with a batch axis of 1."""
        with self._lock:
            if signature not in self._runners:
                self._runners[signature] = self._first_run(signature, image)
            return self._runners[signature](image=np.float32(image)[np.newaxis])

    def _first_run(self, signature: str, image: np.ndarray):
        """Return the signature's runner after a run, which tells of its delegate on stderr."""
        image = np.float32(image)[np.newaxis]
        with cli.native_notices_hidden():
            try:
                runner = self._interpreter.get_signature_runner(signature)
                runner(image=image)
            except RuntimeError:
                # XNNPACK refuses unusual scales of quantised layers; LiteRT's own kernels do not.
                self._interpreter = Interpreter(
                    model_content=self._content,
                    num_threads=self._num_threads,
                    experimental_op_resolver_type=OpResolverType.BUILTIN_WITHOUT_DEFAULT_DELEGATES,
                )
                runner = self._interpreter.get_signature_runner(signature)
                runner(image=image)
        return runner
