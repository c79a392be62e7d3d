"""The fused step graph: one refinement of a batch of canvases, network and sampler in one ONNX model."""

from collections.abc import Mapping

import numpy as np
import onnx

from fewstep_train.flow.solver import LAST_STEP, MIN_TEMPERATURE
from fewstep_train.graphs.graph_builder import ATTENTION_OPSET, OPSET, GraphBuilder
from fewstep_train.graphs.half_graph import HalfNetworkGraph
from fewstep_train.graphs.network_graph import NetworkGraph, positions_below
from fewstep_train.graphs.product_graph import ONES, FloatProducts, HalfProducts, Int8Products, UnsignedInt8Products
from fewstep_train.graphs.sampler_graph import block_shape, draw, jump_exponent, posterior
from fewstep_train.graphs.slices import Slices, positions_at_once
from fewstep_train.graphs.step_model import FLOAT, FLOAT16, INPUTS, SlicedDraw, step_model, values
from fewstep_train.graphs.transformer_graph import TransformerGraph
from fewstep_train.networks.network import NetworkConfig

GRAPH_VERSION = 2  # 1 had neither `targets` nor `target_logprob`

COMPUTE = {"float32": FloatProducts, "int8": Int8Products, "float16": HalfProducts}
HALF = "float16"


def opset_of(compute: str) -> int:
    return ATTENTION_OPSET if compute == HALF else OPSET


def products_of(compute: str, in_slices: bool) -> type[FloatProducts]:
    return UnsignedInt8Products if compute == "int8" and in_slices else COMPUTE[compute]


def slice_size(columns: int, compute: str, wanted: int | None) -> int:
    """Positions that are worked on at once after the network's last state; 0: all.

    wanted: None where the number of columns decides.
    """
    return positions_at_once(columns, on_gpu=compute == HALF) if wanted is None else wanted


def sliced_state(
    net: NetworkGraph | TransformerGraph, state: str, inputs: Mapping[str, tuple[int, list]], size: int
) -> tuple[str, Slices | None]:
    """The network's last state as its output map takes it, and the slices of `size` positions that what follows is
    collected for, where `size` is not 0.
    """
    kind, width = FLOAT, net.config.hidden_size
    if isinstance(net.products, HalfProducts):
        state, kind, width = net.products.with_ones(state), FLOAT16, width + ONES
    return state, Slices(net.g, values(inputs), state, width, size, kind) if size else None


def network_graph(
    config: NetworkConfig, weights: Mapping[str, np.ndarray], dtype: type, compute: str, in_slices: bool = False
) -> NetworkGraph:
    """In a graph of its own that is still empty."""
    g = GraphBuilder(opset=opset_of(compute))
    kind = HalfNetworkGraph if compute == HALF else NetworkGraph
    return kind(g, config, products_of(compute, in_slices)(g, weights, dtype))


def inverse_temperature(g: GraphBuilder) -> str:
    """1 / temperature, [B, 1, 1]."""
    inverse = g.op("Div", g.const(1.0), g.op("Max", "temperature", g.const(MIN_TEMPERATURE)))
    return g.op("Unsqueeze", inverse, g.ints(1, 2))


def tempered_logits(net: NetworkGraph, hidden: str) -> str:
    """Logits [B, L, K'] divided by the temperature; padding columns up to K' get probability 0."""
    g, columns = net.g, net.config.num_tokens
    blocks, width = block_shape(columns)
    padding = blocks * width - columns
    inverse = inverse_temperature(g)
    if isinstance(net.products, HalfProducts):  # whose range a division by a low temperature would leave
        return g.op("Mul", net.products.logits(hidden, "output_layer.linear", padding), inverse)
    bias = g.op("Concat", net.products.exact("output_layer.linear.bias"), g.const(np.full(padding, -1e9)), axis=0)
    # Dividing the D columns of the state is cheaper than dividing the K' columns of the product.
    product = net.products.product(g.op("Mul", hidden, inverse), "output_layer.linear", padding=padding)
    return g.op("Add", product, g.op("Mul", bias, inverse))


def build_bare_graph(
    config: NetworkConfig,
    weights: Mapping[str, np.ndarray],
    dtype: np.dtype | type = np.float16,
    compute: str = "float32",
) -> onnx.ModelProto:
    """The network alone: tokens, length, t, h -> logits [B, L, K]. For tests and benchmarks."""
    net = network_graph(config, weights, dtype, compute)
    g = net.g
    real = positions_below(g, "length", g.op("Shape", "tokens", start=1, end=2))
    hidden = net.hidden("tokens", real, "t", "h")
    g.output(net.products.widened(net.linear(hidden, "output_layer.linear")), "logits")
    inputs = {name: INPUTS[name] for name in ("tokens", "length", "t", "h")}
    return g.model(values(inputs), values({"logits": (FLOAT, ["B", "L", config.num_tokens])}))


def build_step_graph(
    config: NetworkConfig,
    weights: Mapping[str, np.ndarray],
    exponent: float = 1.0,
    dtype: np.dtype | type = np.float16,
    law: bool = False,
    compute: str = "float32",
    positions: int | None = None,
) -> onnx.ModelProto:
    """INPUTS -> next_tokens int64 [B, L], confidence float32 [B, L] (posterior probability of the token now there),
    target_logprob (ln of the posterior probability of the `targets`, nats, of their shape).

    `length`: positions beyond it are never attended to and never change. `temperature` divides the logits. `noise`:
    uniforms in [0, 1), [..., 0] decides whether a position jumps, [..., 1] where to. `filter`: does any row use
    top_k or top_p? With `law`, the posterior [B, L, K'] is an output too. Weights are stored as `dtype` and used in
    float32, or, with `compute` "int8", in 8 bits where they multiply the canvas, for CPUs; or, with "float16", in
    float16 with one fused attention operator, for GPUs: normalisation computes in float32, and all that follows the
    logits is float32. `positions`: of a slice; see `slice_size`.
    """
    size = slice_size(config.num_tokens, compute, positions)
    net = network_graph(config, weights, dtype, compute, size > 0)
    g = net.g
    columns, mask = config.num_tokens, config.mask_token_id
    blocks, width = block_shape(columns)
    real = positions_below(g, "length", g.op("Shape", "tokens", start=1, end=2))
    hidden = net.hidden("tokens", real, "t", "h")
    hidden, slices = sliced_state(net, hidden, INPUTS, size)
    logits = tempered_logits(net, hidden)
    p = posterior(g, logits, blocks * width, "top_k", "top_p", "filter")

    # P(jump) = 1 - exp(-a (1 - p(z))); the last step draws from p itself.
    current = g.op("Unsqueeze", "tokens", g.ints(2))
    p_current = g.op("Squeeze", g.op("GatherElements", p, current, axis=2), g.ints(2))
    end = g.op("Add", "t", "h")
    last = g.op("Unsqueeze", g.op("Greater", end, g.const(LAST_STEP)), g.ints(1))
    rate = g.op("Unsqueeze", jump_exponent(g, "t", end, "h", "solver", exponent), g.ints(1))
    leaving = g.op("Max", g.op("Sub", g.const(1.0), p_current), g.const(0.0))
    p_jump = g.op("Sub", g.const(1.0), g.op("Exp", g.op("Neg", g.op("Mul", rate, leaving))))
    jump_noise, token_noise = g.op("Split", "noise", outputs=2, axis=2, num_outputs=2)
    jumps = g.op("Less", g.op("Squeeze", jump_noise, g.ints(2)), p_jump)

    editable = g.op("And", "editable", real)
    if mask is None:
        changes = g.op("And", editable, g.op("Or", last, jumps))
    else:
        masked = g.op("Equal", "tokens", g.const(mask, np.int64))
        # The Euler solvers leave unmasked positions alone.
        cumulative = g.op("Unsqueeze", g.op("Equal", "solver", g.const(0, np.int64)), g.ints(1))
        jumps = g.op("And", jumps, g.op("Or", cumulative, masked))
        # A row with a frozen position redraws every editable one at last, a free row only what is still masked.
        frozen = g.op("And", real, g.op("Not", editable))
        count = g.op("ReduceSum", g.op("Cast", frozen, to=FLOAT), g.ints(1), keepdims=1)
        redrawn = g.op("And", last, g.op("Or", masked, g.op("Greater", count, g.const(0.0))))
        changes = g.op("And", editable, g.op("Or", redrawn, g.op("And", jumps, g.op("Not", last))))

    # A jump never lands where it came from; the last step never draws the mask token (without one: a padding column).
    never = g.const(columns if mask is None else mask, np.int64)
    excluded = g.op("Where", g.op("Unsqueeze", last, g.ints(2)), never, current)
    drawn = draw(g, p, excluded, columns, token_noise)
    if slices is not None:
        return SlicedDraw(slices, p, drawn, blocks * width, law, [p_current]).model(changes)
    return step_model(g, g.op("Where", changes, drawn, "tokens"), p, blocks * width, law)
