"""Which operators ONNX Runtime's CUDA provider has kernels for: whatever lacks one runs silently on the CPU.

KERNELS holds what our graphs use, copied from the section on CUDAExecutionProvider of docs/OperatorKernels.md of
microsoft/onnxruntime. Look a new operator up there before adding it.
"""

from collections.abc import Iterator, Mapping

import onnx
from onnx import TensorProto, helper, shape_inference

from fewstep_train.graphs.graph_builder import CONTRIB


def types(names: str) -> frozenset[int]:
    return frozenset(TensorProto.DataType.Value(name.upper()) for name in names.split())


BOOL, INDEX, INT64 = types("bool"), types("int32 int64"), types("int64")
FLOATS = types("float16 float double")
FLOATS_BF = FLOATS | types("bfloat16")
COMPARED = FLOATS | types("int32 int64 uint32 uint64")
NUMBERS = COMPARED | types("bfloat16 int8 int16 uint8 uint16")
ANY = NUMBERS | BOOL

# Operator: first and last opset of the kernel (None: open), then the types of each input; the last also of any further.
KERNELS: dict[str, tuple[int, int | None, *tuple[frozenset[int], ...]]] = {
    "Add": (14, None, NUMBERS),
    "And": (7, None, BOOL),
    "ArgMax": (13, None, FLOATS),
    "Cast": (19, 20, ANY),
    "Ceil": (13, None, FLOATS),
    "Clip": (13, None, FLOATS | types("int8 int64 uint8 uint64")),
    "Concat": (13, None, ANY),
    "Cos": (7, None, FLOATS),
    "CumSum": (14, None, COMPARED, INDEX),
    "Div": (14, None, NUMBERS),
    "Equal": (13, None, COMPARED | BOOL),
    "Exp": (13, None, FLOATS_BF),
    "Expand": (13, None, ANY, INT64),
    "Gather": (13, None, ANY, INDEX),
    "GatherElements": (13, None, ANY, INDEX),
    "Gelu": (20, None, FLOATS_BF),
    "Greater": (13, None, COMPARED),
    "Identity": (19, None, ANY),
    "If": (19, None, BOOL),
    "LayerNormalization": (17, None, FLOATS_BF),
    "Less": (13, None, COMPARED),
    "Log": (13, None, FLOATS),
    "MatMul": (13, None, FLOATS_BF),
    "Max": (13, None, COMPARED | types("bfloat16")),
    "Min": (13, None, COMPARED | types("bfloat16")),
    "Mul": (14, None, NUMBERS),
    "Neg": (13, None, FLOATS_BF | types("int8 int16 int32 int64")),
    "Not": (1, None, BOOL),
    "Or": (7, None, BOOL),
    "Pow": (15, None, FLOATS_BF | INDEX),
    "Range": (11, None, types("float double int16 int32 int64")),
    "ReduceLogSumExp": (18, None, FLOATS, INT64),
    "ReduceMean": (18, None, FLOATS | types("int32"), INT64),
    "ReduceMin": (18, None, FLOATS | types("int8 int32 int64 uint8"), INT64),
    "ReduceSum": (13, None, FLOATS_BF | INDEX, INT64),
    "Reshape": (19, 20, ANY, INT64),
    "ScatterElements": (18, None, ANY, INDEX, ANY),
    "Shape": (19, 20, ANY),
    "Sigmoid": (13, None, FLOATS_BF),
    "Sin": (7, None, FLOATS),
    "Slice": (13, None, ANY, INDEX),
    "Softmax": (13, None, FLOATS_BF),
    "Split": (18, None, ANY, INT64),
    "Sqrt": (13, None, FLOATS_BF),
    "Squeeze": (13, 20, ANY, INT64),
    "Sub": (14, None, NUMBERS),
    "Tile": (13, None, FLOATS_BF | INDEX, INT64),
    "TopK": (11, None, FLOATS | INDEX, INT64),
    "Transpose": (13, 20, ANY),
    "Unsqueeze": (13, 20, ANY, INT64),
    "Where": (16, None, BOOL, FLOATS_BF | INDEX | types("uint8")),
    f"{CONTRIB}.RotaryEmbedding": (1, None, types("bfloat16 float16 float"), INT64, types("bfloat16 float16 float")),
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
        for attribute in node.attribute:
            if attribute.type == onnx.AttributeProto.GRAPH:
                yield from typed_nodes(attribute.g, known)


def inferred(model: onnx.ModelProto) -> onnx.ModelProto:
    """The model with the type of every value. ONNX knows no contrib operators; all that we use return float32."""
    copy = onnx.ModelProto()
    copy.CopyFrom(model)
    for node in model.graph.node:
        if node.domain == CONTRIB:
            info = helper.make_tensor_value_info(node.output[0], TensorProto.FLOAT, None)
            copy.graph.value_info.append(info)
    return shape_inference.infer_shapes(copy)


def missing_kernels(model: onnx.ModelProto) -> list[str]:
    """A line for each node that CUDA has no kernel for, by operator, opset and the types of its inputs."""
    opsets = {entry.domain: entry.version for entry in model.opset_import}
    found = []
    for node, inputs in typed_nodes(inferred(model).graph):
        name = f"{node.domain}.{node.op_type}" if node.domain else node.op_type
        first, last, *slots = KERNELS.get(name, (0, -1, ANY))
        fits = first <= opsets[node.domain] <= (last if last is not None else opsets[node.domain])
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
