"""The step graph of LLaDA- and Dream-style models: predict every mask, draw, reveal the surest; one ONNX model."""

from collections.abc import Mapping

import numpy as np
import onnx

from fewstep_train.flow.solver import LAST_STEP
from fewstep_train.graphs.graph_builder import GraphBuilder
from fewstep_train.graphs.half_graph import HalfTransformerGraph
from fewstep_train.graphs.network_graph import as_float, positions_below
from fewstep_train.graphs.product_graph import HalfProducts
from fewstep_train.graphs.sampler_graph import block_shape, draw, posterior, probability
from fewstep_train.graphs.step_graph import HALF, inverse_temperature, opset_of, products_of, slice_size, sliced_state
from fewstep_train.graphs.step_model import FLOAT, INPUTS, SlicedDraw, step_model
from fewstep_train.graphs.transformer_graph import TransformerGraph
from fewstep_train.kinds import DREAM, LLADA
from fewstep_train.networks.transformer import TransformerConfig

MASKED_GRAPH_VERSION = 3  # 2 had no `reveal_above`
MASKED_INPUTS = {**INPUTS, "reveal_above": (FLOAT, ["B"])}

NEVER = -1e9  # logit of what is never drawn
LAST = -3e38  # score of what is not to be revealed
TOLERANCE = 1e-3  # t and h are rounded: 50.00001 masks are 50


def padded_logits(net: TransformerGraph, hidden: str) -> str:
    """Logits [B, L, K'] of the network itself; padding columns up to K' get probability 0."""
    g, columns = net.g, net.config.num_tokens
    blocks, width = block_shape(columns)
    padding = blocks * width - columns
    if isinstance(net.products, HalfProducts):
        return net.products.logits(hidden, "output", padding)
    never = g.const(np.full(padding, NEVER))
    bias = net.products.exact("output.bias") if net.config.output_bias else g.const(np.zeros(columns))
    product = net.products.product(hidden, "output", padding=padding)
    return g.op("Add", product, g.op("Concat", bias, never, axis=0))


def one_later(g: GraphBuilder, x: str) -> str:
    """x [B, L, D] moved one position to the right; the first stays, because nothing stands before it."""
    first = g.op("Slice", x, g.ints(0), g.ints(1), g.ints(1))
    others = g.op("Slice", x, g.ints(0), g.ints(-1), g.ints(1))
    return g.op("Concat", first, others, axis=1)


def confidence(g: GraphBuilder, logits: str, drawn: str, in_slices: bool = False) -> str:
    """Logarithm of the drawn tokens' probability before any temperature, [B, L]; see llada.confidence."""
    if in_slices:  # on CPUs a fifth of the time, for one more tensor of V columns
        return probability(g, g.op("LogSoftmax", logits, axis=-1), drawn)
    own = g.op("GatherElements", logits, g.op("Unsqueeze", drawn, g.ints(2)), axis=2)
    return g.op("Squeeze", g.op("Sub", own, g.op("ReduceLogSumExp", logits, g.ints(2), keepdims=1)), g.ints(2))


def negative_entropy(g: GraphBuilder, p: str) -> str:
    """[B, L], nats; see dream.negative_entropy."""
    terms = g.op("Mul", p, g.op("Log", g.op("Max", p, g.const(1e-30))))
    return g.op("ReduceSum", terms, g.ints(2), keepdims=0)


def highest_scores(g: GraphBuilder, score: str, allowed: str, count: str) -> str:
    """bool [B, L]: in each row the `count` (float [B, 1]) allowed positions of the highest score."""
    length = g.op("Shape", "tokens", start=1, end=2)
    _, order = g.op("TopK", g.op("Where", allowed, score, g.const(LAST)), length, outputs=2, axis=1)
    scalar = g.op("Squeeze", length, g.ints(0))
    ranks = g.op("Range", g.const(0, np.int64), scalar, g.const(1, np.int64))
    ranks = g.op("Add", g.op("Sub", order, order), g.op("Unsqueeze", ranks, g.ints(0)))  # [B, L], on the device
    rank = g.op("ScatterElements", order, order, ranks, axis=1)
    return g.op("And", allowed, g.op("Less", as_float(g, rank), count))


def build_masked_step_graph(
    kind: str,
    config: TransformerConfig,
    weights: Mapping[str, np.ndarray],
    dtype: np.dtype | type = np.float16,
    law: bool = False,
    compute: str = "float32",
    positions: int | None = None,
) -> onnx.ModelProto:
    """The inputs and outputs of `step_graph.build_step_graph`, with the law of `masked_diffusion.reveal`.

    A step from t to t + h reveals h / (1 - t) of the m masks that are left, rounded up: those of the highest
    confidence (`kind` LLADA) or the lowest entropy (DREAM); and, beyond that, every drawn token whose probability
    before any temperature is above `reveal_above`, float32 [B] (2: none; Fast-dLLM, arXiv 2505.22618). The last step
    reveals all. `solver` and noise[..., 0] are not looked at. Filters cut the tempered posterior, which never holds
    the mask token.
    """
    g = GraphBuilder(opset=opset_of(compute))
    kind_of_net = HalfTransformerGraph if compute == HALF else TransformerGraph
    size = slice_size(config.num_tokens, compute, positions)
    net = kind_of_net(g, config, products_of(compute, size > 0)(g, weights, dtype))
    columns, mask = config.num_tokens, config.mask_token_id
    blocks, width = block_shape(columns)
    real = positions_below(g, "length", g.op("Shape", "tokens", start=1, end=2))
    hidden = net.canvas_hidden("tokens", real)
    state, slices = sliced_state(net, one_later(g, hidden) if kind == DREAM else hidden, MASKED_INPUTS, size)
    logits = padded_logits(net, state)
    no_mask = np.zeros(blocks * width)
    no_mask[mask] = NEVER
    inverse = inverse_temperature(g)
    tempered = g.op("Mul", g.op("Add", logits, g.const(no_mask)), inverse)
    p = posterior(g, tempered, blocks * width, "top_k", "top_p", "filter")
    _, token_noise = g.op("Split", "noise", outputs=2, axis=2, num_outputs=2)
    # [B, L, 1], worked out from the tokens so that it is made on their device.
    never = g.op("Add", g.op("Sub", "tokens", "tokens"), g.const(mask, np.int64))
    drawn = draw(g, p, g.op("Unsqueeze", never, g.ints(2)), columns, token_noise)
    sureness = confidence(g, logits, drawn, in_slices=size > 0 and compute != HALF)
    score = {LLADA: lambda: sureness, DREAM: lambda: negative_entropy(g, p)}[kind]()
    sliced = SlicedDraw(slices, p, drawn, blocks * width, law, [sureness, score]) if slices is not None else None

    masked = g.op("Equal", "tokens", g.const(mask, np.int64))
    allowed = g.op("And", g.op("And", "editable", real), masked)
    left = g.op("ReduceSum", as_float(g, allowed), g.ints(1), keepdims=1)
    share = g.op("Div", "h", g.op("Max", g.op("Sub", g.const(1.0), "t"), g.const(1e-6)))
    planned = g.op("Mul", left, g.op("Unsqueeze", share, g.ints(1)))
    planned = g.op("Ceil", g.op("Sub", planned, g.const(TOLERANCE)))
    last = g.op("Unsqueeze", g.op("Greater", g.op("Add", "t", "h"), g.const(LAST_STEP)), g.ints(1))
    revealed = highest_scores(g, score, allowed, g.op("Where", last, left, planned))
    threshold = g.op("Unsqueeze", g.op("Log", "reveal_above"), g.ints(1))
    sure = g.op("And", allowed, g.op("Greater", sureness, threshold))

    changes = g.op("Or", revealed, sure)
    if sliced is not None:
        return sliced.model(changes, MASKED_INPUTS)
    return step_model(g, g.op("Where", changes, drawn, "tokens"), p, blocks * width, law, MASKED_INPUTS)
