"""What every step graph takes and gives, and how its last nodes are made, in slices or not."""

from collections.abc import Iterable, Mapping

import onnx
from onnx import TensorProto, helper

from fewstep_train.graphs.graph_builder import GraphBuilder
from fewstep_train.graphs.sampler_graph import log_probability, logarithm, probability
from fewstep_train.graphs.slices import Slices

FLOAT, FLOAT16, INT64, BOOL = TensorProto.FLOAT, TensorProto.FLOAT16, TensorProto.INT64, TensorProto.BOOL
INPUTS = {
    "tokens": (INT64, ["B", "L"]),
    "length": (INT64, ["B"]),
    "t": (FLOAT, ["B"]),
    "h": (FLOAT, ["B"]),
    "editable": (BOOL, ["B", "L"]),
    "temperature": (FLOAT, ["B"]),
    "top_k": (INT64, ["B"]),
    "top_p": (FLOAT, ["B"]),
    "solver": (INT64, ["B"]),
    "noise": (FLOAT, ["B", "L", 2]),
    "filter": (BOOL, []),
    # Axes of their own: [B, L], or [0, 0] where nobody asks.
    "targets": (INT64, ["B_targets", "L_targets"]),
}
OUTPUTS = {
    "next_tokens": (INT64, ["B", "L"]),
    "confidence": (FLOAT, ["B", "L"]),
    "target_logprob": (FLOAT, ["B_targets", "L_targets"]),
}


def values(types: Mapping[str, tuple[int, list]]) -> list[onnx.ValueInfoProto]:
    return [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in types.items()]


def step_model(
    g: GraphBuilder,
    next_tokens: str,
    p: str,
    columns: int,
    law: bool,
    inputs: Mapping[str, tuple[int, list]] = INPUTS,
) -> onnx.ModelProto:
    """The model of one step, whatever its algorithm: `inputs`, all of them, to OUTPUTS.

    p: posterior [B, L, `columns`], an output too with `law`.
    """
    confidence = g.op("GatherElements", p, g.op("Unsqueeze", next_tokens, g.ints(2)), axis=2)
    g.output(next_tokens, "next_tokens")
    g.output(g.op("Squeeze", confidence, g.ints(2)), "confidence")
    g.output(log_probability(g, p, "targets"), "target_logprob")
    return closed(g, p, columns, law, inputs)


def closed(g: GraphBuilder, p: str, columns: int, law: bool, inputs: Mapping[str, tuple[int, list]]) -> onnx.ModelProto:
    """The model of a graph that has OUTPUTS. p: as for `step_model`."""
    outputs = dict(OUTPUTS)
    if law:
        g.output(p, "posterior")
        outputs["posterior"] = (FLOAT, ["B", "L", columns])
    return g.model(values(inputs), values(outputs))


class SlicedDraw:
    """The work on slices up to the tokens drawn, and what a step needs to know of them after it.

    p: posterior [B, L, columns]; `others` are float32 [B, L].
    """

    def __init__(self, slices: Slices, p: str, drawn: str, columns: int, law: bool, others: Iterable[str]) -> None:
        g = self.g = slices.g
        self.slices, self.p, self.drawn, self.columns, self.law = slices, p, drawn, columns, law
        self.by_drawn, self.by_old, self.by_target = (
            probability(g, p, tokens) for tokens in (drawn, "tokens", slices.targets)
        )
        floats = [self.by_drawn, self.by_old, self.by_target, *others, *([p] if law else [])]
        slices.run({drawn: INT64} | dict.fromkeys(floats, FLOAT), {p: columns})

    def model(self, changes: str, inputs: Mapping[str, tuple[int, list]] = INPUTS) -> onnx.ModelProto:
        """As `step_model`. changes: bool [B, L], where the drawn token takes the place of the old one."""
        g = self.g
        g.output(g.op("Where", changes, self.drawn, "tokens"), "next_tokens")
        g.output(g.op("Where", changes, self.by_drawn, self.by_old), "confidence")
        g.output(logarithm(g, self.slices.asked(self.by_target)), "target_logprob")
        return closed(g, self.p, self.columns, self.law, inputs)
