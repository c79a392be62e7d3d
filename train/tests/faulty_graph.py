"""A model that misbehaves on purpose, for the service's tests of what its workers do then."""

import json
from pathlib import Path

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

from fewstep_train.folder.model_folder import file_facts
from fewstep_train.graphs.graph_builder import OPSET

MAX_ROWS = 4
"""A batch of more fails, as where memory is short."""
FAILS = 13
"""A step of a batch with this token fails."""
NEVER_ENDS = 14
"""A step of a batch with this one does not come back."""
VOCAB_SIZE = 64
FOR_EVER = 2**62
"""Times round a loop."""

INPUTS = {
    "tokens": (TensorProto.INT64, ["B", "L"]),
    "length": (TensorProto.INT64, ["B"]),
    "t": (TensorProto.FLOAT, ["B"]),
    "h": (TensorProto.FLOAT, ["B"]),
    "editable": (TensorProto.BOOL, ["B", "L"]),
    "temperature": (TensorProto.FLOAT, ["B"]),
    "top_k": (TensorProto.INT64, ["B"]),
    "top_p": (TensorProto.FLOAT, ["B"]),
    "solver": (TensorProto.INT64, ["B"]),
    "noise": (TensorProto.FLOAT, ["B", "L", 2]),
    "filter": (TensorProto.BOOL, []),
}
OUTPUTS = {"next_tokens": (TensorProto.INT64, ["B", "L"]), "confidence": (TensorProto.FLOAT, ["B", "L"])}
MANIFEST = {
    "format_version": 1,
    "name": "tiny-faulty",
    "algorithm": "dfm",
    "source_distribution": "mask",
    "scheduler": "polynomial",
    "exponent": 1e-9,  # all jump in the first step, as the graph has it
    "vocab_size": VOCAB_SIZE,
    "mask_token_id": VOCAB_SIZE,
    "end_of_text_token_id": None,
    "max_length": 64,
    "parameters": 1,
    "trained_step_sizes": [],
    "defaults": {
        "steps": 8,
        "temperature": 1.0,
        "top_k": 0,
        "top_p": 1.0,
        "solver": "cumulative",
        "schedule": "uniform",
    },
    "graph": {"file": "step.onnx", "version": 1, "opset": OPSET},
    "tokenizer": None,
}


class Builder:
    def __init__(self) -> None:
        self.nodes: list[onnx.NodeProto] = []
        self.constants: list[onnx.TensorProto] = []

    def const(self, value: np.ndarray | int) -> str:
        name = f"c{len(self.constants)}"
        self.constants.append(numpy_helper.from_array(np.asarray(value), name))
        return name

    def op(self, kind: str, *inputs: str, out: str | None = None, **attributes: object) -> str:
        name = out or f"n{len(self.nodes)}"
        self.nodes.append(helper.make_node(kind, inputs, [name], **attributes))
        return name

    def model(self, inputs: dict, outputs: dict) -> onnx.ModelProto:
        info = helper.make_tensor_value_info
        sides = ([info(name, *kind) for name, kind in side.items()] for side in (inputs, outputs))
        graph = helper.make_graph(self.nodes, "faulty", *sides, self.constants)
        model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", OPSET)], producer_name="fewstep")
        model.ir_version = 10
        return model

    def holds(self, token: int) -> str:
        """1 where any row of the batch holds the token, else 0: int64, a scalar."""
        same = self.op("Cast", self.op("Equal", "tokens", self.const(np.int64(token))), to=TensorProto.INT64)
        return self.op("ReduceMax", same, keepdims=0)

    def zero_unless_beyond(self, index: str, size: int) -> str:
        """0 for an index below `size`, else the step fails."""
        return self.op("Gather", self.const(np.zeros(size, np.int64)), index)


def loop_body() -> onnx.GraphProto:
    """Hands a value on, round after round."""
    value = [TensorProto.INT64, []]
    info = helper.make_tensor_value_info
    inputs = [info("round", *value), info("go", TensorProto.BOOL, []), info("value", *value)]
    outputs = [info("go_on", TensorProto.BOOL, []), info("same_value", *value)]
    nodes = [helper.make_node("Identity", ["go"], ["go_on"]), helper.make_node("Identity", ["value"], ["same_value"])]
    return helper.make_graph(nodes, "body", inputs, outputs)


def faulty_step() -> onnx.ModelProto:
    """Puts at every editable position that holds a mask its own place in the canvas, surely."""
    g = Builder()
    shape = g.op("Shape", "tokens")
    rows, length = (g.op("Gather", shape, g.const(np.int64(axis))) for axis in (0, 1))
    one = g.const(np.int64(1))
    last_row = g.op("Sub", rows, one)
    endless = g.op("Mul", g.holds(NEVER_ENDS), g.const(np.int64(FOR_EVER)))
    looped = g.op("Loop", endless, g.const(np.bool_(True)), g.const(np.int64(0)), body=loop_body())
    zero = g.op("Add", g.zero_unless_beyond(last_row, MAX_ROWS), g.zero_unless_beyond(g.holds(FAILS), 1))
    zero = g.op("Add", zero, looped)
    places = g.op("Range", g.const(np.int64(0)), length, one)
    places = g.op("Add", g.op("Expand", places, shape), zero)
    g.op("Where", "editable", places, "tokens", out="next_tokens")
    g.op("Cast", g.op("Equal", "next_tokens", "next_tokens"), to=TensorProto.FLOAT, out="confidence")
    return g.model(INPUTS, OUTPUTS)


def endless_load() -> onnx.ModelProto:
    """Constants that take hours to compute, which ONNX Runtime does when it loads the graph."""
    g = Builder()
    zeros = g.op("ConstantOfShape", g.const(np.array([1, 1, 4000, 4000])))
    highest = g.op("ReduceMax", g.op("MaxPool", zeros, kernel_shape=[4000, 4000], pads=[2000] * 4), keepdims=0)
    g.op("Add", "t", highest, out="confidence")
    return g.model({"t": INPUTS["t"]}, {"confidence": (TensorProto.FLOAT, ["B"])})


def write_faulty_model(folder: Path) -> None:
    folder.mkdir(parents=True, exist_ok=True)
    for name, model in {"step.onnx": faulty_step(), "endless-load.onnx": endless_load()}.items():
        onnx.checker.check_model(model)
        (folder / name).write_bytes(model.SerializeToString(deterministic=True))
    manifest = MANIFEST | {"files": {"step.onnx": file_facts(folder / "step.onnx")}}
    (folder / "manifest.json").write_text(json.dumps(manifest, indent=2) + "\n")
