"""The network as ONNX nodes: tokens, times and lengths in, the last hidden state out."""

import math
from collections.abc import Mapping

import numpy as np
from onnx import TensorProto

from fewstep_train.graph_builder import GraphBuilder
from fewstep_train.network import FREQUENCIES, NetworkConfig

NEVER = -1e9  # added to the attention score of a padding position


class NetworkGraph:
    """Emits the nodes of `fewstep_train.network.Network`. Weights keep their published names and shapes."""

    def __init__(
        self, g: GraphBuilder, config: NetworkConfig, weights: Mapping[str, np.ndarray], dtype: np.dtype | type
    ) -> None:
        self.g, self.config, self.weights, self.dtype = g, config, weights, dtype

    def parameter(self, name: str) -> str:
        return self.g.parameter(name, self.weights[name], self.dtype)

    def transposed(self, name: str) -> str:
        """A weight [out, in] as [in, out]; folded when the session loads."""
        return self.g.op("Transpose", self.parameter(f"{name}.weight"), perm=[1, 0])

    def linear(self, x: str, name: str, bias: bool = True) -> str:
        y = self.g.op("MatMul", x, self.transposed(name))
        return self.g.op("Add", y, self.parameter(f"{name}.bias")) if bias else y

    def silu(self, x: str) -> str:
        return self.g.op("Mul", x, self.g.op("Sigmoid", x))

    def embedding(self, value: str, name: str) -> str:
        """[B] -> [B, C]; see network.SinusoidalEmbedding."""
        half = FREQUENCIES // 2
        frequency = np.power(10000.0, -np.arange(half) / half).astype(np.float32)
        angle = self.g.op("Mul", self.g.op("Unsqueeze", value, self.g.ints(1)), self.g.const(frequency[None]))
        features = self.g.op("Concat", self.g.op("Cos", angle), self.g.op("Sin", angle), axis=1)
        return self.linear(self.silu(self.linear(features, f"{name}.mlp.0")), f"{name}.mlp.2")

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
            c = self.linear(c, "time_condition_fuser")
        return self.silu(c)

    def modulation(self, c: str, name: str, ways: int) -> list[str]:
        """`ways` vectors, each [B, 1, D]"""
        if self.config.few_step:
            c = self.silu(self.linear(c, f"{name}.condition_fuser"))
        vectors = self.linear(c, f"{name}.adaLN_modulation")
        once, _ = self.g.op("Split", vectors, outputs=2, axis=0, num_outputs=2)
        return self.g.op("Split", self.g.op("Unsqueeze", once, self.g.ints(1)), outputs=ways, axis=2, num_outputs=ways)

    def modulated_norm(self, x: str, name: str, shift: str, scale: str) -> str:
        norm = self.g.op("LayerNormalization", x, self.parameter(name), axis=-1, epsilon=1e-5)
        return self.g.op("Add", self.g.op("Mul", norm, self.g.op("Add", scale, self.g.const(1.0))), shift)

    def rotary_tables(self, padded_length: str) -> tuple[str, str]:
        """cos and sin for positions 0 ... L - 1, [L, head_dim] each."""
        head_dim = self.config.hidden_size // self.config.n_heads
        inverse = 1.0 / (10000.0 ** (np.arange(0, head_dim, 2) / head_dim))
        angle = np.arange(self.config.length)[:, None] * inverse[None]
        angle = np.concatenate([angle, angle], axis=-1)
        tables = (np.cos(angle).astype(np.float32), np.sin(angle).astype(np.float32))
        cos, sin = (self.g.op("Slice", self.g.const(a), self.g.ints(0), padded_length, self.g.ints(0)) for a in tables)
        return cos, sin

    def heads(self, x: str) -> str:
        """[B, L, D] -> [B, heads, L, head_dim]"""
        n_heads = self.config.n_heads
        split = self.g.op("Reshape", x, self.g.ints(0, 0, n_heads, self.config.hidden_size // n_heads))
        return self.g.op("Transpose", split, perm=[0, 2, 1, 3])

    def rotate(self, x: str, cos: str, sin: str) -> str:
        first, second = self.g.op("Split", x, outputs=2, axis=-1, num_outputs=2)
        turned = self.g.op("Concat", self.g.op("Neg", second), first, axis=-1)
        return self.g.op("Add", self.g.op("Mul", x, cos), self.g.op("Mul", turned, sin))

    def attention(self, x: str, name: str, rotary: tuple[str, str], bias: str) -> str:
        g = self.g
        q, k, v = (self.heads(self.linear(x, f"{name}.{w}", bias=False)) for w in ("qw", "kw", "vw"))
        scale = 1 / math.sqrt(self.config.hidden_size // self.config.n_heads)
        q = g.op("Mul", self.rotate(q, *rotary), g.const(scale))
        scores = g.op("MatMul", q, g.op("Transpose", self.rotate(k, *rotary), perm=[0, 1, 3, 2]))
        mixed = g.op("MatMul", g.op("Softmax", g.op("Add", scores, bias), axis=-1), v)
        joined = g.op("Reshape", g.op("Transpose", mixed, perm=[0, 2, 1, 3]), g.ints(0, 0, self.config.hidden_size))
        return self.linear(joined, f"{name}.attn_out", bias=False)

    def mlp(self, x: str, name: str) -> str:
        hidden = self.g.op("Gelu", self.linear(x, f"{name}.mlp.0"), approximate="tanh")
        return self.linear(hidden, f"{name}.mlp.2")

    def hidden(self, tokens: str, real: str, t: str, h: str, padded_length: str) -> str:
        """The modulated, normalised state that the output layer's linear map takes: [B, L, D].

        real: bool [B, L], false at padding. padded_length: int64 [1].
        """
        g = self.g
        never = g.op("Where", real, g.const(0.0), g.const(NEVER))
        bias = g.op("Unsqueeze", never, g.ints(1, 2))
        rotary = self.rotary_tables(padded_length)
        x = g.op("Gather", self.parameter("vocab_embed.weight"), tokens, axis=0)
        c = self.condition(t, h)
        for i in range(self.config.n_blocks):
            name = f"blocks.{i}"
            shift1, scale1, gate1, shift2, scale2, gate2 = self.modulation(c, name, 6)
            mixed = self.attention(self.modulated_norm(x, f"{name}.norm1.weight", shift1, scale1), name, rotary, bias)
            x = g.op("Add", x, g.op("Mul", gate1, mixed))
            thought = self.mlp(self.modulated_norm(x, f"{name}.norm2.weight", shift2, scale2), name)
            x = g.op("Add", x, g.op("Mul", gate2, thought))
        shift, scale = self.modulation(c, "output_layer", 2)
        return self.modulated_norm(x, "output_layer.norm_final.weight", shift, scale)


def positions_below(g: GraphBuilder, length: str, padded_length: str) -> str:
    """bool [B, L]: is the position one of the row's own?"""
    scalar = g.op("Squeeze", padded_length, g.ints(0))
    position = g.op("Range", g.const(0, np.int64), scalar, g.const(1, np.int64))
    return g.op("Less", g.op("Unsqueeze", position, g.ints(0)), g.op("Unsqueeze", length, g.ints(1)))


def as_float(g: GraphBuilder, x: str) -> str:
    return g.op("Cast", x, to=TensorProto.FLOAT)
