"""The sampler as ONNX nodes: a posterior in, the next canvas out. No tensor of V columns leaves the graph."""

import math

import numpy as np
from onnx import TensorProto, helper

from fewstep_train.graphs.graph_builder import GraphBuilder
from fewstep_train.graphs.network_graph import as_float

BELOW_ONE = 1 - 2.0**-22  # keeps a draw inside the mass despite rounding
SMALLEST_PROBABILITY = 1e-37  # stands for a smaller one, so that a logarithm is finite: -85.2 nats at least


def block_shape(columns: int) -> tuple[int, int]:
    """(blocks, width) with blocks x width > columns and both about the square root: at least one column is padding."""
    width = math.ceil(math.sqrt(columns + 1))
    return math.ceil((columns + 1) / width), width


def first_where(g: GraphBuilder, condition: str) -> str:
    """Index of the first true along the last axis, kept: int64 [..., 1]; 0 where none is."""
    return g.op("ArgMax", as_float(g, condition), axis=-1, keepdims=1)


def first_beyond(g: GraphBuilder, mass: str, width: int, u: str) -> tuple[str, str]:
    """Inverse CDF along the last axis: the first entry whose cumulative mass exceeds u x total.

    mass [..., width] >= 0; u [..., 1] in [0, 1). Returns (index [..., 1], share of that entry's mass below the point,
    [..., 1] in [0, 1)). An entry of mass 0 is never chosen while another has mass.
    """
    triangle = g.const(np.triu(np.ones((width, width))))
    cumulative = g.op("MatMul", mass, triangle)
    total = g.op("Slice", cumulative, g.ints(width - 1), g.ints(width), g.ints(-1))
    point = g.op("Mul", g.op("Min", u, g.const(BELOW_ONE)), total)
    hit = g.op("And", g.op("Greater", cumulative, point), g.op("Greater", mass, g.const(0.0)))
    index = first_where(g, hit)
    own = g.op("GatherElements", mass, index, axis=-1)
    before = g.op("Sub", g.op("GatherElements", cumulative, index, axis=-1), own)
    share = g.op("Div", g.op("Sub", point, before), g.op("Max", own, g.const(1e-30)))
    return index, g.op("Clip", share, g.const(0.0), g.const(BELOW_ONE))


def draw(g: GraphBuilder, mass: str, excluded: str, columns: int, u: str) -> str:
    """Token ids int64 [B, L], never `excluded` [B, L, 1], from unnormalised mass [B, L, blocks x width].

    A two-level inverse CDF: first the block, from the blocks' sums, then the token inside that one block; u [B, L, 1].
    The excluded token is left out of its block twice, because a copy of the mass without it costs as much as a softmax.
    """
    blocks, width = block_shape(columns)
    by_block = g.op("Reshape", mass, g.ints(0, 0, blocks, width))
    size = g.const(width, np.int64)
    column = g.const(np.arange(width), np.int64)

    def allowed(block: str) -> str:
        """[B, L, width]: that block, with 0 at the excluded token."""
        index = g.op("Expand", g.op("Unsqueeze", block, g.ints(3)), g.ints(1, 1, 1, width))
        inside = g.op("Squeeze", g.op("GatherElements", by_block, index, axis=2), g.ints(2))
        place = g.op("Sub", excluded, g.op("Mul", block, size))  # no column where another block holds it
        return g.op("Where", g.op("Equal", column, place), g.const(0.0), inside)

    home = g.op("Div", excluded, size)
    rest = g.op("ReduceSum", allowed(home), g.ints(2), keepdims=1)
    sums = g.op("ScatterElements", g.op("ReduceSum", by_block, g.ints(3), keepdims=0), home, rest, axis=2)
    block, share = first_beyond(g, sums, blocks, u)
    offset, _ = first_beyond(g, allowed(block), width, share)
    return g.op("Squeeze", g.op("Add", g.op("Mul", block, size), offset), g.ints(2))


def log_probability(g: GraphBuilder, p: str, tokens: str) -> str:
    """ln p of given tokens: float32 of the shape of `tokens`, int64 [B, L], or [0, 0], which costs nothing.

    p [B, L, columns]. One number is gathered a position, so it costs little where it is asked for, too.
    """
    return logarithm(g, probability(g, p, tokens))


def probability(g: GraphBuilder, p: str, tokens: str) -> str:
    """Of tokens [B, L] by p [B, L, columns]."""
    own = g.op("GatherElements", p, g.op("Unsqueeze", tokens, g.ints(2)), axis=2)
    return g.op("Squeeze", own, g.ints(2))


def logarithm(g: GraphBuilder, probability: str) -> str:
    """ln, finite."""
    return g.op("Log", g.op("Max", probability, g.const(SMALLEST_PROBABILITY)))


def one_minus_kappa(g: GraphBuilder, t: str, exponent: float) -> str:
    kappa = t if exponent == 1 else g.op("Pow", t, g.const(exponent))
    return g.op("Max", g.op("Sub", g.const(1.0), kappa), g.const(1e-8))


def jump_exponent(g: GraphBuilder, t: str, end: str, h: str, solver: str, exponent: float) -> str:
    """[B]; see solver.jump_exponent. solver int64 [B]: 0 cumulative, 1 euler, 2 euler_exact."""
    left = one_minus_kappa(g, t, exponent)
    cumulative = g.op("Sub", g.op("Log", left), g.op("Log", one_minus_kappa(g, end, exponent)))
    slope = g.const(1.0)
    if exponent != 1:
        slope = g.op("Mul", g.const(exponent), g.op("Pow", g.op("Max", t, g.const(1e-8)), g.const(exponent - 1)))
    exact = g.op("Div", g.op("Mul", h, slope), left)
    euler = g.op("Where", g.op("Equal", solver, g.const(1, np.int64)), g.const(1.0), exact)
    return g.op("Where", g.op("Equal", solver, g.const(0, np.int64)), cumulative, euler)


def posterior(g: GraphBuilder, logits: str, columns: int, top_k: str, top_p: str, switch: str) -> str:
    """softmax(logits), cut to its top_k most probable tokens (0: all), then to the smallest set of those whose
    renormalised mass reaches top_p (1: all), and renormalised. Ties with the last token kept are kept.

    Sorting costs more than the rest of the sampler, so it hangs on `switch`, a scalar that the host sets where any row
    asks for it. The softmax is in both branches, because a branch that returns a value from outside copies it.
    """
    inner = GraphBuilder(prefix="filter_")
    p = inner.op("Softmax", logits, axis=-1)
    values, _ = inner.op("TopK", p, inner.ints(columns), outputs=2, axis=-1)
    rank = inner.const(np.arange(columns), np.int64)
    k = inner.op("Unsqueeze", top_k, inner.ints(1, 2))
    all_of_them = inner.op("Less", k, inner.const(1, np.int64))
    kept = inner.op("Or", inner.op("Less", rank, k), all_of_them)
    mass = inner.op("Where", kept, values, inner.const(0.0))
    # Mass before each rank; the first token is always kept.
    before = inner.op("CumSum", mass, inner.const(2, np.int64), exclusive=1)
    total = inner.op("ReduceSum", mass, inner.ints(2), keepdims=1)
    limit = inner.op("Mul", total, inner.op("Unsqueeze", top_p, inner.ints(1, 2)))
    within = inner.op("Or", inner.op("Less", before, limit), inner.op("Equal", rank, inner.const(0, np.int64)))
    positive = inner.op("Greater", mass, inner.const(0.0))
    members = inner.op("And", inner.op("And", within, positive), kept)
    smallest = inner.op("ReduceMin", inner.op("Where", members, values, inner.const(2.0)), inner.ints(2), keepdims=1)
    cut = inner.op("Where", inner.op("Less", p, smallest), inner.const(0.0), p)
    result = inner.op("Div", cut, inner.op("ReduceSum", cut, inner.ints(2), keepdims=1))

    value = helper.make_tensor_value_info(result, TensorProto.FLOAT, None)
    then_branch = helper.make_graph(inner.nodes, "filter", [], [value], list(inner.initializers.values()))
    whole = helper.make_node("Softmax", [logits], ["unfiltered"], axis=-1)
    out = helper.make_tensor_value_info("unfiltered", TensorProto.FLOAT, None)
    else_branch = helper.make_graph([whole], "keep", [], [out])
    return g.op("If", switch, then_branch=then_branch, else_branch=else_branch)
