"""The plain transformer as ONNX nodes: over a whole canvas, or token by token with a key-value cache."""

import math

import numpy as np
import torch

from fewstep_train.graphs.graph_builder import CONTRIB, GraphBuilder
from fewstep_train.graphs.network_graph import NEVER
from fewstep_train.graphs.product_graph import FloatProducts
from fewstep_train.networks.transformer import TransformerConfig, rotary_tables


class TransformerGraph:
    """Emits the nodes of `fewstep_train.networks.transformer.Transformer`. Weights keep their names and shapes."""

    def __init__(self, g: GraphBuilder, config: TransformerConfig, products: FloatProducts) -> None:
        self.g, self.config, self.products = g, config, products

    def parameter(self, name: str) -> str:
        return self.products.parameter(name)

    def linear(self, x: str, *names: str) -> str:
        """One product for all maps `names`, results side by side."""
        g = self.g
        y = self.products.product(x, *names)
        if f"{names[0]}.bias" not in self.products.weights:
            return y
        biases = [self.parameter(f"{name}.bias") for name in names]
        return g.op("Add", y, biases[0] if len(names) == 1 else g.op("Concat", *biases, axis=0))

    def norm(self, x: str, name: str) -> str:
        g, weight, eps = self.g, self.parameter(f"{name}.weight"), self.config.norm_eps
        if self.config.norm == "layer":
            return g.op("LayerNormalization", x, weight, axis=-1, epsilon=eps)
        square = g.op("ReduceMean", g.op("Pow", x, g.const(2.0)), g.ints(-1), keepdims=1)
        return g.op("Mul", weight, g.op("Div", x, g.op("Sqrt", g.op("Add", square, g.const(eps)))))

    def mlp(self, x: str, name: str) -> str:
        g = self.g
        if self.config.mlp == "gelu":
            return self.linear(g.op("Gelu", self.linear(x, f"{name}.0"), approximate="tanh"), f"{name}.2")
        gate = self.linear(x, f"{name}.gate")
        gated = g.op("Mul", g.op("Mul", gate, g.op("Sigmoid", gate)), self.linear(x, f"{name}.up"))
        return self.linear(gated, f"{name}.down")

    def embed(self, tokens: str) -> str:
        return self.products.rows(tokens, "vocab_embed.weight")

    def logits(self, x: str) -> str:
        return self.linear(self.norm(x, "norm_final"), "output")

    def tables(self) -> tuple[np.ndarray, np.ndarray]:
        """cos and sin of all positions, [length, head_dim / 2] each: what a head's two halves share."""
        half = self.config.head_dim // 2
        cos, sin = rotary_tables(self.config, torch.arange(self.config.length))
        return cos[:, :half].numpy(), sin[:, :half].numpy()

    def padding(self, real: str) -> str:
        """What keeps attention off the padding: a bias of its scores, [B, 1, 1, L]."""
        bias = self.g.op("Where", real, self.g.const(0.0), self.g.const(NEVER))
        return self.g.op("Unsqueeze", bias, self.g.ints(1, 2))

    def added(self, x: str, branch: str) -> str:
        """The state with what a branch made of it."""
        return self.g.op("Add", x, branch)

    def heads(self, x: str, count: int) -> str:
        """[B, L, count x head_dim] -> [B, n_heads, L, head_dim], key-value heads repeated."""
        g, head_dim = self.g, self.config.head_dim
        split = g.op("Transpose", g.op("Reshape", x, g.ints(0, 0, count, head_dim)), perm=[0, 2, 1, 3])
        repeats = self.config.n_heads // count
        if repeats == 1:
            return split
        shape = g.op("Concat", g.ints(1, 1, repeats), g.ints(1, 1), axis=0)
        expanded = g.op("Tile", g.op("Unsqueeze", split, g.ints(2)), shape)
        return g.op("Reshape", expanded, g.ints(0, self.config.n_heads, -1, head_dim))

    def rotate(self, x: str, rotary: tuple[str, str]) -> str:
        """Rotary positions 0 ... L - 1, x [B, heads, L, head_dim]."""
        return self.g.op("RotaryEmbedding", x, self.g.ints(0), *rotary, domain=CONTRIB)

    def attention(self, x: str, name: str, rotary: tuple[str, str], bias: str) -> str:
        """Attention over the canvas itself; `bias` is added to the scores [B, heads, L, L]."""
        g, config = self.g, self.config
        widths = [count * config.head_dim for count in (config.n_heads, config.n_kv_heads, config.n_kv_heads)]
        joint = self.linear(x, *(f"{name}.{w}" for w in ("qw", "kw", "vw")))
        q, k, v = g.op("Split", joint, g.ints(*widths), outputs=3, axis=-1)
        q = self.rotate(self.heads(q, config.n_heads), rotary)
        k = self.rotate(self.heads(k, config.n_kv_heads), rotary)
        q = g.op("Mul", q, g.const(1 / math.sqrt(config.head_dim)))
        scores = g.op("MatMul", q, g.op("Transpose", k, perm=[0, 1, 3, 2]))
        weights = g.op("Softmax", g.op("Add", scores, bias), axis=-1)
        mixed = g.op("MatMul", weights, self.heads(v, config.n_kv_heads))
        joined = g.op("Reshape", g.op("Transpose", mixed, perm=[0, 2, 1, 3]), g.ints(0, 0, config.hidden_size))
        return self.linear(joined, f"{name}.attn_out")

    def canvas_hidden(self, tokens: str, real: str) -> str:
        """The normalised state [B, L, D] that the output map takes, of a network that sees the whole canvas.

        real: bool [B, L], false at padding.
        """
        g = self.g
        padding, kind = self.padding(real), self.products.activations
        cos, sin = self.tables()
        rotary = g.const(cos, kind), g.const(sin, kind)
        x = self.embed(tokens)
        for i in range(self.config.n_blocks):
            name = f"blocks.{i}"
            x = self.added(x, self.attention(self.norm(x, f"{name}.norm1"), name, rotary, padding))
            x = self.added(x, self.mlp(self.norm(x, f"{name}.norm2"), f"{name}.mlp"))
        return self.norm(x, "norm_final")

    def cached_attention(self, x: str, name: str, past: tuple[str, str], place: tuple[str, ...]) -> list[str]:
        """Causal attention over the cache and x: [result, present keys, present values].

        The cache is [B, key-value heads, P, head_dim] with P the room it has; where past and present are one buffer,
        ONNX Runtime writes the new positions only. place: index of the last token int32 [B], tokens with it int32 [1],
        cos, sin.
        """
        packed = self.linear(x, f"{name}.qw", f"{name}.kw", f"{name}.vw")
        mixed, keys, values = self.g.op(
            "GroupQueryAttention",
            *(packed, "", "", *past, *place),
            outputs=3,
            domain=CONTRIB,
            num_heads=self.config.n_heads,
            kv_num_heads=self.config.n_kv_heads,
            do_rotary=1,
        )
        return [self.linear(mixed, f"{name}.attn_out"), keys, values]
