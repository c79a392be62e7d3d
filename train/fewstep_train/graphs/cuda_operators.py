"""Which operators ONNX Runtime's CUDA provider has kernels for: whatever lacks one runs silently on the CPU.

KERNELS holds what our graphs use, for ONNX Runtime 1.30: types from the section on CUDAExecutionProvider of
docs/OperatorKernels.md of microsoft/onnxruntime, versions as libonnxruntime_providers_cuda.so itself registers them:
more than the document has. Look a new operator up before adding it.
"""

from collections.abc import Iterator, Mapping

import onnx
from onnx import TensorProto, defs, helper, shape_inference

from fewstep_train.graphs.graph_builder import CONTRIB
from fewstep_train.graphs.nodes import subgraphs


def types(names: str) -> frozenset[int]:
    return frozenset(TensorProto.DataType.Value(name.upper()) for name in names.split())


BOOL, INDEX, INT64 = types("bool"), types("int32 int64"), types("int64")
FLOATS = types("float16 float double")
FLOATS_BF = FLOATS | types("bfloat16")
SHORT_FLOATS = types("bfloat16 float16 float")
COMPARED = FLOATS | types("int32 int64 uint32 uint64")
NUMBERS = COMPARED | types("bfloat16 int8 int16 uint8 uint16")
ANY = NUMBERS | BOOL

# Operator: its kernels, each by the version of the operator that it was written for and the last that it runs, where it
# runs later ones; then the types of each input that is there, the last also of any further.
KERNELS: dict[str, tuple[str, *tuple[frozenset[int], ...]]] = {
    "Add": ("14", NUMBERS),
    "And": ("7", BOOL),
    "ArgMax": ("13", FLOATS),
    "Attention": ("24", SHORT_FLOATS, SHORT_FLOATS, SHORT_FLOATS, INT64),
    "Cast": ("19-20 21-22 23-24 25", ANY),
    "Ceil": ("13", FLOATS),
    "Clip": ("13", FLOATS | types("int8 int64 uint8 uint64")),
    "Concat": ("13", ANY),
    "Cos": ("7-21 22", FLOATS),
    "CumSum": ("14", COMPARED, INDEX),
    "Div": ("14", NUMBERS),
    "Equal": ("19", COMPARED | BOOL),
    "Exp": ("13", FLOATS_BF),
    "Expand": ("13", ANY, INT64),
    "Gather": ("13", ANY, INDEX),
    "GatherElements": ("13", ANY, INDEX),
    "Gelu": ("20", FLOATS_BF),
    "Greater": ("13", COMPARED),
    "Identity": ("19-20 21-22 23-24 25", ANY),
    "If": ("19-20 21-22 23-24 25", BOOL),
    "LayerNormalization": ("17", FLOATS_BF),
    "Less": ("13", COMPARED),
    "Log": ("13", FLOATS),
    "LogSoftmax": ("13", FLOATS),
    "MatMul": ("13", FLOATS_BF),
    "Max": ("13", COMPARED | types("bfloat16")),
    "Min": ("13", COMPARED | types("bfloat16")),
    "Mul": ("14", NUMBERS),
    "Neg": ("13", FLOATS_BF | types("int8 int16 int32 int64")),
    "Not": ("1", BOOL),
    "Or": ("7", BOOL),
    "Pad": ("19-20 21-22 23 24 25", FLOATS | BOOL, INT64, FLOATS | BOOL),
    "Pow": ("15", FLOATS_BF | INDEX),
    "RMSNormalization": ("23", FLOATS_BF),
    "Range": ("11-26 27", types("float double int16 int32 int64")),
    "ReduceLogSumExp": ("18", FLOATS, INT64),
    "ReduceMean": ("18", FLOATS | types("int32"), INT64),
    "ReduceMin": ("20", FLOATS | types("int8 int32 int64 uint8"), INT64),
    "ReduceSum": ("13", FLOATS_BF | INDEX, INT64),
    "Scan": ("19-20 21-22 23-24 25", ANY),
    "Reshape": ("19-20 21-22 23-24 25", ANY, INT64),
    "ScatterElements": ("18", ANY, INDEX, ANY),
    "Shape": ("19-20 21-22 23-24 25", ANY),
    "Sigmoid": ("13", FLOATS_BF),
    "Sin": ("7-21 22", FLOATS),
    "Slice": ("13", ANY, INDEX),
    "Softmax": ("13", FLOATS_BF),
    "Split": ("18", ANY, INT64),
    "Sqrt": ("13", FLOATS_BF),
    "Squeeze": ("13-20 21-22 23 24 25", ANY, INT64),
    "Sub": ("14", NUMBERS),
    "Tile": ("13", FLOATS_BF | INDEX, INT64),
    "TopK": ("11-23 24", FLOATS | INDEX, INT64),
    "Transpose": ("13-20 21-22 23-24 25", ANY),
    "Unsqueeze": ("13-20 21-22 23 24 25", ANY, INT64),
    "Where": ("16", BOOL, FLOATS_BF | INDEX | types("uint8")),
    f"{CONTRIB}.RotaryEmbedding": ("1", SHORT_FLOATS, INT64, SHORT_FLOATS),
}

# Run on the CPU on purpose: ONNX Runtime keeps the output of Shape and the integers worked out from it alone in host
# memory. Here they are the positions 0 ... L - 1, one small copy a step.
ON_HOST = {"Shape", "Squeeze", "Range", "Unsqueeze"}

TypedNode = tuple[onnx.NodeProto, tuple[int, ...]]


def typed_nodes(graph: onnx.GraphProto, outer: Mapping[str, int] | None = None) -> Iterator[TypedNode]:
    """Every node, those of branches too, with the types of its inputs (0: not known)."""
    known = dict(outer or {})
    known |= {t.name: t.data_type for t in graph.initializer}
    known |= {v.name: v.type.tensor_type.elem_type for v in [*graph.input, *graph.value_info, *graph.output]}
    for node in graph.node:
        yield node, tuple(known.get(name, 0) for name in node.input if name)
        for inner in subgraphs(node):
            yield from typed_nodes(inner, known)


def inferred(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with the type of every value. ONNX knows no contrib operators: of those that we use RotaryEmbedding
    returns what its tables are, the others float32.
    """
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    stored = {tensor.name: tensor.data_type for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.domain == CONTRIB:
            kind = stored[node.input[2]] if node.op_type == "RotaryEmbedding" else TensorProto.FLOAT
            info = helper.make_tensor_value_info(node.output[0], kind, None)
            copy.graph.value_info.append(info)
    return shape_inference.infer_shapes(copy)


def version_of(node: onnx.NodeProto, opset: int) -> int:
    """Of the operator, in a graph of that opset; 0 where that has no such operator."""
    if node.domain:
        return opset
    return defs.get_schema(node.op_type, opset, "").since_version if defs.has(node.op_type, opset, "") else 0


def runs(kernels: str, version: int) -> bool:
    """ONNX Runtime's rule: a kernel that names no last version runs no later version of its operator."""
    spans = (span.partition("-") for span in kernels.split())
    return any(int(first) <= version <= int(last or first) for first, _, last in spans)


def missing_kernels(model: onnx.ModelProto) -> list[str]:
    """A line for each node that CUDA has no kernel for, by operator, opset and the types of its inputs."""
    opsets = {entry.domain: entry.version for entry in model.opset_import}
    found = []
    for node, inputs in typed_nodes(inferred(model).graph):
        name = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
        kernels, *slots = KERNELS.get(name, ("", ANY))
        fits = runs(kernels, version_of(node, opsets[node.domain]))
        wanted = slots + [slots[-1]] * len(inputs)
        if not fits or any(kind not in allowed for kind, allowed in zip(inputs, wanted, strict=False)):
            found.append(f"{name} ({', '.join(TensorProto.DataType.Name(kind).lower() for kind in inputs)})")
    return sorted(found)


def on_host(graph: onnx.GraphProto) -> set[str]:
    """Operators that work out integers from Shape and constants alone."""
    constants, host, operators = {t.name for t in graph.initializer}, set(), set()
    for node in graph.node:
        if node.op_type == "Shape" or (host & set(node.input) and set(node.input) <= host | constants):
            host |= set(node.output)
            operators.add(node.op_type)
    return operators
