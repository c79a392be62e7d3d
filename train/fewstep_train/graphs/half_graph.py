"""Both networks in float16 with one fused attention operator, as GPUs run them fastest.

The standard Attention (opset 24) takes the lengths of the rows instead of a bias, so that ONNX Runtime's CUDA provider
runs it as flash attention (https://github.com/microsoft/onnxruntime/pull/27542) and no tensor [B, heads, L, L] is made.
Its inputs stay [B, L, heads x head_dim], in which order that kernel reads them: nothing is transposed. Each of them is
a product of its own, because to split one that has all three takes a GPU as long as a quarter of all products.
"""

from collections.abc import Iterator

import numpy as np

from fewstep_train.graphs.graph_builder import CONTRIB, GraphBuilder
from fewstep_train.graphs.network_graph import NetworkGraph
from fewstep_train.graphs.transformer_graph import TransformerGraph


def rotated(g: GraphBuilder, x: str, rotary: tuple[str, str]) -> str:
    """Rotary positions 0 ... L - 1, x [B, L, heads x head_dim]; the tables tell the width of a head."""
    return g.op("RotaryEmbedding", x, g.ints(0), *rotary, domain=CONTRIB)


def fused_attention(g: GraphBuilder, q: str, k: str, v: str, lengths: str, heads: int) -> str:
    """[B, L, heads x head_dim], each; lengths int64 [B]: positions from it on are never attended to."""
    return g.op("Attention", q, k, v, "", "", "", lengths, q_num_heads=heads, kv_num_heads=heads)


class HalfNetworkGraph(NetworkGraph):
    """LayerNormalization takes and gives float16 and computes in float32, as its stash_type says by default.

    A GPU takes some 10 us for each node of a graph however small its work, which is what a lone row's step consists
    of: so the vectors that modulate the blocks are made for all of them at once, and applied by the norm itself.
    """

    def padding(self, real: str) -> str:
        return "length"

    def modulations(self, c: str) -> Iterator[list[str]]:
        """As ever, but scale is norm weight x (1 + scale), and the output layer has four vectors more."""
        g, config = self.g, self.config
        layers = [*(f"blocks.{i}" for i in range(config.n_blocks)), "output_layer"]
        if config.few_step:
            c = self.fused_conditions(c, layers)
        norms = [[f"{layer}.norm1.weight", f"{layer}.norm2.weight"] for layer in layers[:-1]]
        weights, biases = zip(*map(self.modulator, layers, [*norms, [f"{layers[-1]}.norm_final.weight"]]), strict=True)
        vectors = g.op("MatMul", c, g.op("Concat", *weights, axis=0))
        vectors = g.op("Add", vectors, g.op("Concat", *biases, axis=0))  # [layers, 2B, 6D]
        once, _ = g.op("Split", vectors, outputs=2, axis=1, num_outputs=2)
        narrow = g.op("Unsqueeze", self.products.narrowed(once), g.ints(2))  # [layers, B, 1, 6D]
        # In two goes, because a Split into more than 32 is slow, and where all parts are as large it needs no sizes.
        each = g.op("Split", narrow, outputs=len(layers), axis=0, num_outputs=len(layers))
        for vectors in each:
            own = g.op("Squeeze", vectors, g.ints(0))
            yield g.op("Split", own, outputs=6, axis=2, num_outputs=6)

    def fused_conditions(self, c: str, layers: list[str]) -> str:
        """[2B, 2C] -> [layers, 2B, C]: each layer's own mixture of time and step size."""
        g, names = self.g, [f"{layer}.condition_fuser" for layer in layers]
        weight = g.op("Concat", *(self.products.exact(f"{name}.weight") for name in names), axis=0)
        bias = g.op("Concat", *(self.products.exact(f"{name}.bias") for name in names), axis=0)
        mixed = g.op("Add", g.op("MatMul", c, g.op("Transpose", weight, perm=[1, 0])), bias)
        split = g.op("Reshape", self.silu(mixed), g.ints(0, len(layers), -1))
        return g.op("Transpose", split, perm=[1, 0, 2])

    def modulator(self, layer: str, norms: list[str]) -> tuple[str, str]:
        """Weight [1, C, 6D] and bias [1, 1, 6D] of a layer's modulation, for `modulations`; what it lacks of six is 0.

        norms: by which of its scales, which follow the shifts, are multiplied.
        """
        g, exact, width = self.g, self.products.exact, self.config.hidden_size
        once, zero = g.const(np.ones(width)), g.const(np.zeros(width))
        gate = len(norms) == 2  # the output layer has none
        factor = g.op("Concat", *(name for norm in norms for name in [once, exact(norm), *[once] * gate]), axis=0)
        added = g.op("Concat", *(name for norm in norms for name in [zero, exact(norm), *[zero] * gate]), axis=0)
        weight = g.op("Transpose", exact(f"{layer}.adaLN_modulation.weight"), perm=[1, 0])
        bias = g.op("Add", g.op("Mul", exact(f"{layer}.adaLN_modulation.bias"), factor), added)
        lacking = 0 if gate else 4 * width
        return (
            g.op("Unsqueeze", g.op("Pad", g.op("Mul", weight, factor), g.ints(0, 0, 0, lacking)), g.ints(0)),
            g.op("Unsqueeze", g.op("Pad", bias, g.ints(0, lacking)), g.ints(0, 1)),
        )

    def modulated_norm(self, x: str, name: str, shift: str, scale: str) -> str:
        """LayerNormalization takes a weight and a bias for each row of the batch, [B, 1, D].

        For a batch of one ONNX Runtime's CPU takes another way there, which rounds the last of 16 bits otherwise.
        """
        return self.g.op("LayerNormalization", x, scale, shift, axis=-1, epsilon=1e-5)

    def attention(self, x: str, name: str, rotary: tuple[str, str], padding: str) -> str:
        g, product = self.g, self.products.product
        q, k, v = (product(x, f"{name}.{w}") for w in ("qw", "kw", "vw"))
        q, k = rotated(g, q, rotary), rotated(g, k, rotary)
        return product(fused_attention(g, q, k, v, padding, self.config.n_heads), f"{name}.attn_out")


class HalfTransformerGraph(TransformerGraph):
    """Where the norm is RMS, as in the large published networks, the sum that runs through the blocks stays in float32:
    there some of its values are thousands of times the others.
    """

    @property
    def wide(self) -> bool:
        return self.config.norm == "rms"

    def padding(self, real: str) -> str:
        return "length"

    def embed(self, tokens: str) -> str:
        x = super().embed(tokens)
        return self.products.widened(x) if self.wide else x

    def added(self, x: str, branch: str) -> str:
        return self.g.op("Add", x, self.products.widened(branch) if self.wide else branch)

    def norm(self, x: str, name: str) -> str:
        if not self.wide:
            return super().norm(x, name)
        scale = self.products.exact(f"{name}.weight")
        return self.products.narrowed(self.g.op("RMSNormalization", x, scale, axis=-1, epsilon=self.config.norm_eps))

    def repeated(self, x: str) -> str:
        """[B, L, n_kv_heads x head_dim] -> [B, L, n_heads x head_dim], each head for all that share it.

        CUDA's Attention takes lengths only where queries and keys have the same heads.
        """
        g, config = self.g, self.config
        repeats = config.n_heads // config.n_kv_heads
        if repeats == 1:
            return x
        split = g.op("Reshape", x, g.ints(0, 0, config.n_kv_heads, 1, config.head_dim))
        return g.op("Reshape", g.op("Tile", split, g.ints(1, 1, 1, repeats, 1)), g.ints(0, 0, config.hidden_size))

    def attention(self, x: str, name: str, rotary: tuple[str, str], padding: str) -> str:
        g = self.g
        q, k, v = (self.linear(x, f"{name}.{w}") for w in ("qw", "kw", "vw"))
        q, k = rotated(g, q, rotary), self.repeated(rotated(g, k, rotary))
        mixed = fused_attention(g, q, k, self.repeated(v), padding, self.config.n_heads)
        return self.linear(mixed, f"{name}.attn_out")
