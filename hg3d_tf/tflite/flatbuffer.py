"""What a TensorFlow Lite file is made of."""

from collections import Counter

from ai_edge_litert import schema_py_generated as schema

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
