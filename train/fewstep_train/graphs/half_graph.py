"""Both networks in float16 with one fused attention operator, as GPUs run them fastest.

The standard Attention (opset 24) takes the lengths of the rows instead of a bias, so that ONNX Runtime's CUDA provider
runs it as flash attention (https://github.com/microsoft/onnxruntime/pull/27542) and no tensor [B, heads, L, L] is made.
Its inputs stay [B, L, heads x head_dim], in which order that kernel reads them: nothing is transposed.
"""

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
    """LayerNormalization takes and gives float16 and computes in float32, as its stash_type says by default."""

    def padding(self, real: str) -> str:
        return "length"

    def attention(self, x: str, name: str, rotary: tuple[str, str], padding: str) -> str:
        g, heads, dim = self.g, self.config.n_heads, self.config.hidden_size
        joint = self.products.product(x, *(f"{name}.{w}" for w in ("qw", "kw", "vw")))
        q_and_k, v = g.op("Split", joint, g.ints(2 * dim, dim), outputs=2, axis=-1)
        q, k = g.op("Split", rotated(g, q_and_k, rotary), outputs=2, axis=-1, num_outputs=2)
        return self.products.product(fused_attention(g, q, k, v, padding, heads), f"{name}.attn_out")


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
        g, config = self.g, self.config
        widths = [count * config.head_dim for count in (config.n_heads, config.n_kv_heads, config.n_kv_heads)]
        joint = self.linear(x, *(f"{name}.{w}" for w in ("qw", "kw", "vw")))
        q, k, v = g.op("Split", joint, g.ints(*widths), outputs=3, axis=-1)
        q, k = rotated(g, q, rotary), self.repeated(rotated(g, k, rotary))
        mixed = fused_attention(g, q, k, self.repeated(v), padding, config.n_heads)
        return self.linear(mixed, f"{name}.attn_out")
