"""The autoregressive model as an ONNX graph with a key-value cache: prompt or token in, the next token out."""

from collections.abc import Mapping

import numpy as np
import onnx
from onnx import TensorProto, helper

from fewstep_train.flow.solver import MIN_TEMPERATURE
from fewstep_train.graphs.graph_builder import CONTRIB, OPSET, GraphBuilder
from fewstep_train.graphs.product_graph import FloatProducts
from fewstep_train.graphs.transformer_graph import TransformerGraph
from fewstep_train.networks.transformer import TransformerConfig

DECODER_VERSION = 1

FLOAT, INT32, INT64 = TensorProto.FLOAT, TensorProto.INT32, TensorProto.INT64


def sampled(g: GraphBuilder, logits: str, temperature: str, noise: str, columns: int) -> str:
    """Token ids int64 [B, 1] by inverse CDF. logits [B, V]; temperature, noise (uniform in [0, 1)) [B]."""
    inverse = g.op("Div", g.const(1.0), g.op("Max", temperature, g.const(MIN_TEMPERATURE)))
    p = g.op("Softmax", g.op("Mul", logits, g.op("Unsqueeze", inverse, g.ints(1))), axis=-1)
    cumulative = g.op("CumSum", p, g.const(1, np.int64))
    total = g.op("Slice", cumulative, g.ints(-1), g.ints(columns), g.ints(1))
    point = g.op("Mul", g.op("Unsqueeze", noise, g.ints(1)), total)
    passed = g.op("Cast", g.op("LessOrEqual", cumulative, point), to=INT64)
    token = g.op("ReduceSum", passed, g.ints(1), keepdims=1)
    return g.op("Min", token, g.const(columns - 1, np.int64))


def cache_types(config: TransformerConfig, when: str, room: str) -> dict[str, tuple[int, list]]:
    shape = ["B", config.n_kv_heads, room, config.head_dim]
    return {f"{when}_{kind}_{i}": (FLOAT, shape) for i in range(config.n_blocks) for kind in ("key", "value")}


def build_decoder_graph(
    config: TransformerConfig,
    weights: Mapping[str, np.ndarray],
    dtype: np.dtype | type = np.float16,
    law: bool = False,
) -> onnx.ModelProto:
    """tokens int64 [B, T] at positions `position` ... `position` + T - 1 -> next_token int64 [B, 1].

    `position` int64 [1]; `temperature`, `noise` (uniform in [0, 1)) float32 [B]. The cache, past_key_0 ... to
    present_value_N, is float32 [B, key-value heads, P, head_dim] with P at least position + T; bind each past and its
    present to one buffer, so that a token writes its own keys and values only. With `law`, the logits [B, V] after the
    last token are an output too. Weights are stored as `dtype` and used in float32. ONNX Runtime wants a head_dim that
    is a multiple of 16.
    """
    g = GraphBuilder()
    net = TransformerGraph(g, config, FloatProducts(g, weights, dtype))
    new = g.op("Shape", "tokens", start=1, end=2)
    total = g.op("Add", "position", new)
    rows = g.op("Shape", "tokens", start=0, end=1)
    last = g.op("Expand", g.op("Sub", total, g.const(1, np.int64)), rows)
    place = (
        g.op("Cast", last, to=INT32),
        g.op("Cast", total, to=INT32),
        *(g.const(table) for table in net.tables()),
    )
    x = net.embed("tokens")
    for i in range(config.n_blocks):
        name = f"blocks.{i}"
        past = (f"past_key_{i}", f"past_value_{i}")
        mixed, keys, values = net.cached_attention(net.norm(x, f"{name}.norm1"), name, past, place)
        g.output(keys, f"present_key_{i}")
        g.output(values, f"present_value_{i}")
        x = g.op("Add", x, mixed)
        x = g.op("Add", x, net.mlp(net.norm(x, f"{name}.norm2"), f"{name}.mlp"))
    logits = net.logits(g.op("Squeeze", g.op("Slice", x, g.ints(-1), new, g.ints(1)), g.ints(1)))
    g.output(sampled(g, logits, "temperature", "noise", config.num_tokens), "next_token")
    inputs = {
        "tokens": (INT64, ["B", "T"]),
        "position": (INT64, [1]),
        "temperature": (FLOAT, ["B"]),
        "noise": (FLOAT, ["B"]),
        **cache_types(config, "past", "P"),
    }
    outputs = {"next_token": (INT64, ["B", 1]), **cache_types(config, "present", "P")}
    if law:
        g.output(logits, "logits")
        outputs["logits"] = (FLOAT, ["B", config.num_tokens])
    return decoder_model(g, inputs, outputs)


def decoder_model(
    g: GraphBuilder, inputs: Mapping[str, tuple[int, list]], outputs: Mapping[str, tuple[int, list]]
) -> onnx.ModelProto:
    """A model that may use ONNX Runtime's own operators."""
    types = [
        [helper.make_tensor_value_info(name, kind, shape) for name, (kind, shape) in side.items()]
        for side in (inputs, outputs)
    ]
    graph = helper.make_graph(g.nodes, "decoder", *types, list(g.initializers.values()))
    domains = [helper.make_opsetid("", OPSET), helper.make_opsetid(CONTRIB, 1)]
    model = helper.make_model(graph, opset_imports=domains, producer_name="fewstep")
    model.ir_version = 10
    return model
