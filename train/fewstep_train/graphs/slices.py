"""Positions in slices, run one after another: then nothing of V columns stands for a whole batch.

What follows the network's last state looks at one position at a time, and some of it has V columns: the logits, and
what the sampler makes of them. So its nodes are put into the body of a `Scan` over slices of the B L positions. In
there each position is a row of length 1, which leaves the nodes as they are, and their results, bit for bit.
"""

from collections.abc import Iterable, Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper, shape_inference

from fewstep_train.graphs.graph_builder import CONTRIB, GraphBuilder
from fewstep_train.graphs.nodes import reads, rename

POSITIONS = 128  # of a slice; with fewer its product with the output map is slower
WIDE = 16_384  # columns; with fewer there is little to save, and slices make a step of one row slower
GPU_VALUES = 2**28  # of a slice on a GPU: more keep it no busier, and cuBLAS cannot count beyond 2**31

ALIGNED = 16  # sums over columns depend on where in memory they begin: at a like place in slices and whole

SMALL_BYTES = 1024  # of constants whose values may decide a shape


def positions_at_once(columns: int, on_gpu: bool = False) -> int:
    """Of a slice; 0: there are no slices."""
    if columns < WIDE:
        return 0
    return max(GPU_VALUES // columns // POSITIONS, 1) * POSITIONS if on_gpu else POSITIONS


class Slices:
    """From now on the builder collects nodes that are to run in slices, as far as they depend on `state`.

    state: [B, L, `width`] of the type `kind`. Whatever else they take is a constant, a scalar, or of a shape [B],
    [B, 1 or L] or [B, 1 or L, 1].
    """

    def __init__(
        self,
        g: GraphBuilder,
        inputs: Iterable[onnx.ValueInfoProto],
        state: str,
        width: int,
        positions: int,
        kind: int = TensorProto.FLOAT,
    ) -> None:
        self.g, self.inputs, self.state, self.width, self.kind = g, list(inputs), state, width, kind
        self.one = g.ints(1)
        rows, length = (g.op("Shape", "tokens", start=axis, end=axis + 1) for axis in (0, 1))
        self.count, self.shape = g.op("Mul", rows, length), g.op("Concat", rows, length, axis=0)
        self.slices = self.quotient(self.count, g.ints(positions))
        aligned = g.ints(ALIGNED)
        self.size = g.op("Mul", self.quotient(self.quotient(self.count, self.slices), aligned), aligned)
        # Something for every position, also where nobody asks.
        known = g.op("Concat", g.op("Reshape", "targets", g.ints(-1)), g.op("Reshape", "tokens", g.ints(-1)), axis=0)
        self.targets = g.op("Reshape", g.op("Slice", known, g.ints(0), self.count), self.shape)
        self.begin = len(g.nodes)

    def quotient(self, a: str, b: str) -> str:
        """a / b, rounded up."""
        return self.g.op("Div", self.g.op("Sub", self.g.op("Add", a, b), self.one), b)

    def asked(self, values: str) -> str:
        """Of what belongs to `self.targets`, [B, L], that which was asked for, in the shape of the input `targets`."""
        g, shape = self.g, self.g.op("Shape", "targets")
        ends = [g.op("Shape", "targets", start=axis, end=axis + 1) for axis in (0, 1)]
        some = g.op("Slice", g.op("Reshape", values, g.ints(-1)), g.ints(0), g.op("Mul", *ends))
        return g.op("Reshape", some, shape, allowzero=1)

    def run(self, outputs: Mapping[str, int], columns: Mapping[str, int]) -> None:
        """The nodes that they need go into the body, and a Scan into their place.

        outputs: types, by name, of values [B, L], or [B, L, columns] where they are in `columns`.
        """
        g = self.g
        known = self.inferred()
        inside, taken, later = self.divided(set(outputs), known)
        names = {name: f"slice_{name}" for name in [*taken, *outputs]}
        for node in inside:
            rename(node, names)
        types = {name: known[name].elem_type for name in taken} | {self.state: self.kind}
        given = [helper.make_tensor_value_info(names[name], types[name], None) for name in taken]
        made = [helper.make_tensor_value_info(names[name], kind, None) for name, kind in outputs.items()]
        index = self.index()
        parts = [self.cut(name, len(known[name].shape.dim), index) for name in taken if name != self.state]
        state = g.op("Gather", g.op("Reshape", self.state, g.ints(-1, 1, self.width)), index, axis=0)
        parts.insert(taken.index(self.state), self.split(state, 1, self.width))
        body = helper.make_graph(inside, "slice", given, made)
        results = [g.name("Scan") for _ in outputs]
        g.nodes.append(helper.make_node("Scan", parts, results, body=body, num_scan_inputs=len(parts)))
        for result, name in zip(results, outputs, strict=True):
            tail = [columns[name]] if name in columns else []
            each = g.op("Slice", g.op("Reshape", result, g.ints(-1, *tail)), g.ints(0), self.count, g.ints(0))
            shape = g.op("Concat", self.shape, g.ints(*tail), axis=0) if tail else self.shape
            g.nodes.append(helper.make_node("Reshape", [each, shape], [name]))
        g.nodes += later

    def divided(
        self, outputs: set[str], known: Mapping[str, onnx.TypeProto.Tensor]
    ) -> tuple[list[onnx.NodeProto], list[str], list[onnx.NodeProto]]:
        """The nodes for the body, what they take of each position, and those that need an output of the body: the
        builder is left with the others.
        """
        g, dependent, outside, made = self.g, [], [], {self.state}
        for node in g.nodes[self.begin :]:
            if made.isdisjoint(reads(node)):
                outside.append(node)
            else:
                dependent.append(node)
                made |= set(node.output)
        needed = set(outputs)
        for node in reversed(dependent):
            needed |= reads(node) if not needed.isdisjoint(node.output) else set()
        inside, later, told = [], [], set(outputs)
        for node in dependent:
            if needed.isdisjoint(node.output) and not told.isdisjoint(reads(node)):
                later.append(node)
                told |= set(node.output)
            else:
                inside.append(node)
        # What is wide without the state is made inside, too.
        for node in reversed(outside[:]):
            used = any(node.output[0] in reads(other) for other in inside)
            dims = known[node.output[0]].shape.dim
            if used and (len(dims) > 3 or (len(dims) == 3 and dims[2].dim_value != 1)):
                outside.remove(node)
                inside.insert(0, node)
        g.nodes[self.begin :] = outside
        constants = set(g.initializers)
        for node in g.nodes:
            constants |= set(node.output) if reads(node) <= constants else set()
        own = {name for node in inside for name in node.output} | constants
        read = sorted({name for node in inside for name in reads(node)} - own)
        return inside, [name for name in read if name == self.state or known[name].shape.dim], later

    def inferred(self) -> dict[str, onnx.TypeProto.Tensor]:
        """Types and shapes of what the builder has, as far as they do not depend on ONNX Runtime's own operators."""
        g = self.g
        small = [tensor for tensor in g.initializers.values() if len(tensor.raw_data) < SMALL_BYTES]
        others = [tensor for tensor in g.initializers.values() if len(tensor.raw_data) >= SMALL_BYTES]
        large = [helper.make_tensor_value_info(tensor.name, tensor.data_type, tensor.dims) for tensor in others]
        graph = helper.make_graph(g.nodes, "outer", [*self.inputs, *large], [], small)
        domains = [helper.make_opsetid("", g.opset), helper.make_opsetid(CONTRIB, 1)]
        values = shape_inference.infer_shapes(helper.make_model(graph, opset_imports=domains)).graph.value_info
        return {value.name: value.type.tensor_type for value in [*self.inputs, *values]}

    def index(self) -> str:
        """The position in each place of the slices, int64 [slices x size]: the last one where there are no more."""
        g = self.g
        places = g.op("Squeeze", g.op("Mul", self.slices, self.size), g.ints(0))
        step = g.const(1, np.int64)
        return g.op("Min", g.op("Range", g.const(0, np.int64), places, step), g.op("Sub", self.count, self.one))

    def cut(self, name: str, rank: int, index: str) -> str:
        """[B], [B, 1 or L] or [B, 1 or L, 1] -> [slices, size], [slices, size, 1] or [slices, size, 1, 1]."""
        g = self.g
        canvas = {
            1: lambda: g.op("Unsqueeze", name, self.one),
            2: lambda: name,
            3: lambda: g.op("Squeeze", name, g.ints(2)),
        }
        each = g.op("Reshape", g.op("Expand", canvas[rank](), self.shape), g.ints(-1))
        return self.split(g.op("Gather", each, index, axis=0), *(1,) * (rank - 1))

    def split(self, x: str, *tail: int) -> str:
        """[slices x size, ...] -> [slices, size, *tail]"""
        sizes = [self.slices, self.size, *([self.g.ints(*tail)] if tail else [])]
        return self.g.op("Reshape", x, self.g.op("Concat", *sizes, axis=0))
