"""Graphs without training: products alone, and networks of random weights in a published shape."""

from typing import Any

import numpy as np
import onnx
import torch
from onnx import TensorProto, helper
from torch import nn

from fewstep_train.graphs.graph_builder import GraphBuilder
from fewstep_train.networks.network import NetworkConfig
from fewstep_train.networks.transformer import TransformerConfig, trunk_shape

# The published 0.17B model, by its shape.
LARGE = NetworkConfig(
    hidden_size=768,
    cond_dim=128,
    length=1024,
    n_blocks=12,
    n_heads=12,
    vocab_size=50_257,
    source_distribution="uniform",
)
# LLaDA's, at 134 million parameters.
MASKED = TransformerConfig(
    hidden_size=768,
    n_blocks=12,
    n_heads=12,
    n_kv_heads=12,
    intermediate_size=2048,
    vocab_size=32_000,
    length=256,
    norm="rms",
    mlp="swiglu",
    output_bias=False,
    causal=False,
    mask_token_id=32_000,
)
LONGEST = 1024  # tokens that every decoder has rotary positions for

Made = tuple[onnx.ModelProto | None, dict[str, Any]]  # None: the maker wrote its files itself


def random_weights(network: nn.Module, seed: int = 0) -> dict[str, torch.Tensor]:
    """Weights that keep the scale of what passes through them; norms 1."""
    generator = torch.Generator().manual_seed(seed)
    return {
        name: torch.ones_like(p) if "norm" in name else torch.randn(p.shape, generator=generator) * p.shape[-1] ** -0.5
        for name, p in network.named_parameters()
    }


def as_arrays(weights: dict[str, torch.Tensor]) -> dict[str, np.ndarray]:
    return {name: weight.float().numpy() for name, weight in weights.items()}


def autoregressive_shape(config: NetworkConfig) -> TransformerConfig:
    """The trunk of a canvas network as a causal transformer, with room for long texts."""
    length = max(LONGEST, config.length)
    return trunk_shape(config.hidden_size, config.n_blocks, config.n_heads, config.vocab_size, length)


def reduced(model: onnx.ModelProto, axes: list[int] | None = None) -> onnx.ModelProto:
    """The model with its one output reduced to its maximum over `axes`, so that nothing large leaves the device."""
    graph = model.graph
    axes_input = [] if axes is None else ["reduced_axes"]
    if axes is not None:
        graph.initializer.append(helper.make_tensor("reduced_axes", TensorProto.INT64, [len(axes)], axes))
    graph.node.append(helper.make_node("ReduceMax", [graph.output[0].name, *axes_input], ["largest"], keepdims=0))
    shape = [] if axes is None else ["B", "L"]
    graph.output.pop()
    graph.output.append(helper.make_tensor_value_info("largest", TensorProto.FLOAT, shape))
    return model


def matmul_chain(sizes: list[int], repeats: int) -> Made:
    """x float32 [M, sizes[0]] through `repeats` rounds of products of the given sizes -> largest float32 []."""
    g, generator = GraphBuilder(), np.random.default_rng(0)
    x, flops = "x", 0
    for i in range(repeats):
        for j, (k, n) in enumerate(zip(sizes, [*sizes[1:], sizes[0]], strict=True)):
            weight = generator.standard_normal((k, n), dtype=np.float32) / np.sqrt(k)
            x = g.op("MatMul", x, g.parameter(f"weight_{i}_{j}", weight, np.float32))
            flops += 2 * k * n
    g.output(x, "y")
    inputs = [helper.make_tensor_value_info("x", TensorProto.FLOAT, ["M", sizes[0]])]
    model = g.model(inputs, [helper.make_tensor_value_info("y", TensorProto.FLOAT, ["M", sizes[0]])])
    return reduced(model), {"flops_per_row": flops, "sizes": sizes, "repeats": repeats}
