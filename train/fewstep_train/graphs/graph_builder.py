"""A thin layer over onnx.helper: write a graph as nested calls, names invented on the way."""

from collections.abc import Sequence
from typing import Any

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

OPSET = 20
ATTENTION_OPSET = 24  # the first whose Attention takes the lengths of its rows
LARGEST = 127  # of a signed byte, used symmetrically
SMALLEST = 1e-9  # stands for a largest value of 0
CONTRIB = "com.microsoft"  # ONNX Runtime's own operators

INLINE_BYTES = 64_000_000  # ONNX Runtime copies weights inside a graph, and maps those beside it, where more have to be


def scale_name(name: str) -> str:
    """The scales of a weight that is stored in 8 bits."""
    return f"{name}.scale"


def byte_rows(value: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """A matrix in 8 bits and a float32 scale for each row, [rows, 1]."""
    scale = np.maximum(np.abs(value).max(1, keepdims=True), SMALLEST).astype(np.float32) / LARGEST
    return np.rint(value / scale).astype(np.int8), scale


class GraphBuilder:
    """Collects nodes and initializers; every method returns the name of a value."""

    def __init__(self, prefix: str = "", opset: int = OPSET) -> None:
        self.prefix, self.opset = prefix, opset
        self.nodes: list[onnx.NodeProto] = []
        self.initializers: dict[str, onnx.TensorProto] = {}
        self.count = 0

    def op(self, kind: str, *inputs: str, outputs: int = 1, **attributes: Any) -> Any:  # noqa: ANN401 (one name, or several)
        names = [self.name(kind) for _ in range(outputs)]
        self.nodes.append(helper.make_node(kind, inputs, names, **attributes))
        return names[0] if outputs == 1 else names

    def name(self, kind: str) -> str:
        self.count += 1
        return f"{self.prefix}{kind}_{self.count}"

    def parameter(self, name: str, value: np.ndarray, dtype: np.dtype | type) -> str:
        """A weight, stored as `dtype` under its published name and used in float32.

        Stored as int8, a matrix has a scale for each row; vectors stay in 16 bits. Casts and scales fold at load.
        """
        return self._float32(name, self._store(name, value, dtype))

    def rows(self, index: str, name: str, value: np.ndarray, dtype: np.dtype | type) -> str:
        """The rows of a matrix that `index` names, float32: it stays as it is stored, what was taken is cast."""
        return self._float32(name, [self.op("Gather", part, index, axis=0) for part in self._store(name, value, dtype)])

    def _store(self, name: str, value: np.ndarray, dtype: np.dtype | type) -> list[str]:
        """A weight's numbers and, where it has them, scales."""
        if dtype == np.int8 and value.ndim == 2:
            bytes_, scale = byte_rows(value)
            self.initializers[name] = numpy_helper.from_array(bytes_, name)
            self.initializers[scale_name(name)] = numpy_helper.from_array(scale, scale_name(name))
            return [name, scale_name(name)]
        stored = value.astype(np.float16 if dtype == np.int8 else dtype)
        if not np.isfinite(stored).all():
            raise SystemExit(f"{name}: a weight does not fit into {stored.dtype}; store the weights in 32 bits")
        self.initializers[name] = numpy_helper.from_array(stored, name)
        return [name]

    def _float32(self, name: str, parts: list[str]) -> str:
        """What `_store` made of a weight, or a part of each."""
        numbers, *scales = parts
        if self.initializers[name].data_type != TensorProto.FLOAT:
            numbers = self.op("Cast", numbers, to=TensorProto.FLOAT)
        return self.op("Mul", numbers, *scales) if scales else numbers

    def half(self, name: str, value: np.ndarray) -> str:
        """A weight, stored as float16 under its published name and used in float16."""
        if not (np.abs(value) <= np.finfo(np.float16).max).all():
            raise SystemExit(f"{name}: a weight does not fit into float16; leave out --float16")
        stored = value.astype(np.float16)
        self.initializers[name] = numpy_helper.from_array(stored, name)
        return name

    def const(self, value: Any, dtype: np.dtype | type = np.float32) -> str:  # noqa: ANN401 (anything numpy takes)
        name = self.name("const")
        self.initializers[name] = numpy_helper.from_array(np.array(value, dtype=dtype), name)
        return name

    def ints(self, *values: int) -> str:
        return self.const(values, np.int64)

    def output(self, value: str, name: str) -> None:
        self.nodes.append(helper.make_node("Identity", [value], [name]))

    def model(self, inputs: Sequence[onnx.ValueInfoProto], outputs: Sequence[onnx.ValueInfoProto]) -> onnx.ModelProto:
        graph = helper.make_graph(self.nodes, "step", inputs, outputs, list(self.initializers.values()))
        domains = [helper.make_opsetid("", self.opset), helper.make_opsetid(CONTRIB, 1)]
        model = helper.make_model(graph, opset_imports=domains, producer_name="fewstep")
        model.ir_version = 10
        if sum(len(tensor.raw_data) for tensor in self.initializers.values()) < INLINE_BYTES:
            onnx.checker.check_model(model)
        return model
