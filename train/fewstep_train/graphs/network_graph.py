"""The network as ONNX nodes: tokens, times and lengths in, the last hidden state out."""

import math
from collections.abc import Iterator

import numpy as np
from onnx import TensorProto

from fewstep_train.graphs.graph_builder import CONTRIB, GraphBuilder
from fewstep_train.graphs.product_graph import FloatProducts
from fewstep_train.networks.network import FREQUENCIES, NetworkConfig

NEVER = -1e9  # added to the attention score of a padding position


class NetworkGraph:
    """Emits the nodes of `fewstep_train.networks.network.Network`.

    `products` multiplies the canvas; what there is once a row, its time and step size, is always computed in float32.
    """

    def __init__(self, g: GraphBuilder, config: NetworkConfig, products: FloatProducts) -> None:
        self.g, self.config, self.products = g, config, products

    def parameter(self, name: str) -> str:
        return self.products.parameter(name)

    def linear(self, x: str, layer: str) -> str:
        """The canvas [B, L, in] through a layer with a bias: [B, L, out]."""
        return self.g.op("Add", self.products.product(x, layer), self.parameter(f"{layer}.bias"))

    def row_linear(self, x: str, layer: str) -> str:
        """The same for [rows, in], in float32."""
        y = self.g.op("MatMul", x, self.g.op("Transpose", self.products.exact(f"{layer}.weight"), perm=[1, 0]))
        return self.g.op("Add", y, self.products.exact(f"{layer}.bias"))

    def silu(self, x: str) -> str:
        return self.g.op("Mul", x, self.g.op("Sigmoid", x))

    def embedding(self, value: str, name: str) -> str:
        """[B] -> [B, C]; see network.SinusoidalEmbedding."""
        half = FREQUENCIES // 2
        frequency = np.power(10000.0, -np.arange(half) / half).astype(np.float32)
        angle = self.g.op("Mul", self.g.op("Unsqueeze", value, self.g.ints(1)), self.g.const(frequency[None]))
        features = self.g.op("Concat", self.g.op("Cos", angle), self.g.op("Sin", angle), axis=1)
        return self.row_linear(self.silu(self.row_linear(features, f"{name}.mlp.0")), f"{name}.mlp.2")

    def condition(self, t: str, h: str) -> str:
        """[2B, 2C] (few-step) or [2B, C] (plain).

        Every row stands twice: a product with one row runs another kernel than one with many, rounds differently, and
        would make a lone request differ from the same request in a crowd.
        """
        t2 = self.g.op("Concat", t, t, axis=0)
        c = self.embedding(t2, "time_embedding")
        if self.config.few_step:
            h2 = self.g.op("Concat", h, h, axis=0)
            c = self.g.op("Concat", c, self.embedding(h2, "dt_embedding"), axis=1)
            c = self.row_linear(c, "time_condition_fuser")
        return self.silu(c)

    def modulation(self, c: str, name: str, ways: int) -> list[str]:
        """`ways` vectors, each [B, 1, D]"""
        if self.config.few_step:
            c = self.silu(self.row_linear(c, f"{name}.condition_fuser"))
        vectors = self.row_linear(c, f"{name}.adaLN_modulation")
        once, _ = self.g.op("Split", vectors, outputs=2, axis=0, num_outputs=2)
        vectors = self.products.narrowed(self.g.op("Unsqueeze", once, self.g.ints(1)))
        return self.g.op("Split", vectors, outputs=ways, axis=2, num_outputs=ways)

    def modulations(self, c: str) -> Iterator[list[str]]:
        """Of each block its six vectors, then the output layer's two, each [B, 1, D]."""
        for i in range(self.config.n_blocks):
            yield self.modulation(c, f"blocks.{i}", 6)
        yield self.modulation(c, "output_layer", 2)

    def modulated_norm(self, x: str, name: str, shift: str, scale: str) -> str:
        norm = self.g.op("LayerNormalization", x, self.parameter(name), axis=-1, epsilon=1e-5)
        return self.g.op("Add", self.g.op("Mul", norm, self.g.op("Add", scale, self.one())), shift)

    def one(self) -> str:
        return self.g.const(1, self.products.activations)

    def rotary_tables(self) -> tuple[str, str]:
        """cos and sin of position x frequency, [length, head_dim / 2] each."""
        head_dim = self.config.hidden_size // self.config.n_heads
        inverse = 1.0 / (10000.0 ** (np.arange(0, head_dim, 2) / head_dim))
        angle = np.arange(self.config.length)[:, None] * inverse[None]
        kind = self.products.activations
        return self.g.const(np.cos(angle), kind), self.g.const(np.sin(angle), kind)

    def rotate(self, x: str, rotary: tuple[str, str]) -> str:
        """Rotary positions 0 ... L - 1, x [B, heads, L, head_dim]; the first half of a head pairs with its second."""
        return self.g.op("RotaryEmbedding", x, self.g.ints(0), *rotary, domain=CONTRIB)

    def attention(self, x: str, name: str, rotary: tuple[str, str], bias: str) -> str:
        g, n_heads, dim = self.g, self.config.n_heads, self.config.hidden_size
        joint = self.products.product(x, *(f"{name}.{w}" for w in ("qw", "kw", "vw")))
        split = g.op("Reshape", joint, g.ints(0, 0, 3 * n_heads, dim // n_heads))
        heads = g.op("Transpose", split, perm=[0, 2, 1, 3])  # [B, 3 x heads, L, head_dim]
        q_and_k, v = g.op("Split", heads, g.ints(2 * n_heads, n_heads), outputs=2, axis=1)
        q, k = g.op("Split", self.rotate(q_and_k, rotary), outputs=2, axis=1, num_outputs=2)
        q = g.op("Mul", q, g.const(1 / math.sqrt(dim // n_heads)))
        scores = g.op("MatMul", q, g.op("Transpose", k, perm=[0, 1, 3, 2]))
        mixed = g.op("MatMul", g.op("Softmax", g.op("Add", scores, bias), axis=-1), v)
        joined = g.op("Reshape", g.op("Transpose", mixed, perm=[0, 2, 1, 3]), g.ints(0, 0, dim))
        return self.products.product(joined, f"{name}.attn_out")

    def padding(self, real: str) -> str:
        """What keeps attention off the padding: a bias of its scores, [B, 1, 1, L]."""
        bias = self.g.op("Where", real, self.g.const(0.0), self.g.const(NEVER))
        return self.g.op("Unsqueeze", bias, self.g.ints(1, 2))

    def mlp(self, x: str, name: str) -> str:
        hidden = self.g.op("Gelu", self.linear(x, f"{name}.mlp.0"), approximate="tanh")
        return self.linear(hidden, f"{name}.mlp.2")

    def hidden(self, tokens: str, real: str, t: str, h: str) -> str:
        """The modulated, normalised state that the output layer's linear map takes: [B, L, D].

        real: bool [B, L], false at padding.
        """
        g = self.g
        padding = self.padding(real)
        rotary = self.rotary_tables()
        x = self.products.rows(tokens, "vocab_embed.weight")
        modulations = self.modulations(self.condition(t, h))
        for i in range(self.config.n_blocks):
            name = f"blocks.{i}"
            shift1, scale1, gate1, shift2, scale2, gate2 = next(modulations)
            seen = self.modulated_norm(x, f"{name}.norm1.weight", shift1, scale1)
            mixed = self.attention(seen, name, rotary, padding)
            x = g.op("Add", x, g.op("Mul", gate1, mixed))
            thought = self.mlp(self.modulated_norm(x, f"{name}.norm2.weight", shift2, scale2), name)
            x = g.op("Add", x, g.op("Mul", gate2, thought))
        shift, scale, *_ = next(modulations)
        return self.modulated_norm(x, "output_layer.norm_final.weight", shift, scale)


def positions_below(g: GraphBuilder, length: str, padded_length: str) -> str:
    """bool [B, L]: is the position one of the row's own?"""
    scalar = g.op("Squeeze", padded_length, g.ints(0))
    position = g.op("Range", g.const(0, np.int64), scalar, g.const(1, np.int64))
    return g.op("Less", g.op("Unsqueeze", position, g.ints(0)), g.op("Unsqueeze", length, g.ints(1)))


def as_float(g: GraphBuilder, x: str) -> str:
    return g.op("Cast", x, to=TensorProto.FLOAT)
