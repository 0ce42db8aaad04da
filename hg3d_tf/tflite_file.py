"""Run a TensorFlow Lite file with LiteRT, and list what it is made of."""

from collections import Counter

import numpy as np
from ai_edge_litert import schema_py_generated as schema
from ai_edge_litert.interpreter import Interpreter, OpResolverType

from hg3d_tf import cli

# What the GPU delegate has a parser for: NewOperationParser in
# tensorflow/lite/delegates/gpu/common/model_builder.cc of TensorFlow (2024). DEQUANTIZE of float16
# weights is dropped there; QUANTIZE and other DEQUANTIZEs run in quantised models.
_GPU_DELEGATE = """
ABS ADD AVERAGE_POOL_2D CONCATENATION CONV_2D COS DEPTHWISE_CONV_2D DEQUANTIZE DIV
FULLY_CONNECTED HARD_SWISH LEAKY_RELU LOG LOGISTIC LSTM MAXIMUM MAX_POOL_2D MEAN MINIMUM
MIRROR_PAD MUL PAD POW PRELU QUANTIZE RELU RELU6 RESHAPE RESIZE_BILINEAR
RESIZE_NEAREST_NEIGHBOR RSQRT SIN SLICE SOFTMAX SPACE_TO_DEPTH SQRT SQUARE SQUARED_DIFFERENCE
STRIDED_SLICE SUB TANH TRANSPOSE TRANSPOSE_CONV
"""
GPU_DELEGATE_OPERATORS = frozenset(_GPU_DELEGATE.split())
_NAMES = {code: name for name, code in vars(schema.BuiltinOperator).items() if name.isupper()}


class TfliteRunner:
    """The signatures of a file, run by LiteRT on the CPU.

    Args:
      content: the file's bytes.
      num_threads: that it may use.
    """

    def __init__(self, content: bytes, num_threads: int = 1):
        self._content, self._num_threads = content, num_threads
        self._interpreter = Interpreter(model_content=content, num_threads=num_threads)
        self._runners = {}

    def run(self, signature: str, image: np.ndarray) -> dict[str, np.ndarray]:
        """Return the outputs for one crop [S, S, 3] in [0, 1], with a batch axis of 1."""
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


def operators(content: bytes) -> dict[str, Counter]:
    """Return how often a file's signatures use each operator, by name."""
    model = schema.Model.GetRootAs(content, 0)
    found = {}
    for s in range(model.SignatureDefsLength()):
        signature = model.SignatureDefs(s)
        graph = model.Subgraphs(signature.SubgraphIndex())
        codes = (graph.Operators(i).OpcodeIndex() for i in range(graph.OperatorsLength()))
        names = (_operator_name(model.OperatorCodes(code)) for code in codes)
        found[signature.SignatureKey().decode()] = Counter(names)
    return found


def _operator_name(code) -> str:
    # Codes above 127 do not fit into the field of old files.
    return _NAMES[max(code.BuiltinCode(), code.DeprecatedBuiltinCode())]
