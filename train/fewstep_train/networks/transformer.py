"""A plain transformer: the autoregressive baseline, and the trunk of LLaDA- and Dream-shaped masked diffusion models.

With LayerNorm and a GELU MLP it is the trunk of `fewstep_train.networks.network.Network` without time conditioning;
with RMSNorm, SwiGLU and grouped key-value heads it has the shape of the large published models.
"""

from dataclasses import asdict, dataclass
from typing import Any, Literal

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from fewstep_train.networks.network import rotate


@dataclass(frozen=True)
class TransformerConfig:
    """`vocab_size` is V, the tokens that text is made of; `mask_token_id` may be one more (V) or one of their ids.

    n_kv_heads: key-value heads, each shared by n_heads / n_kv_heads query heads. mlp: `gelu` (two maps with biases,
    tanh-GELU) or `swiglu` (three maps without).
    """

    hidden_size: int
    n_blocks: int
    n_heads: int
    n_kv_heads: int
    intermediate_size: int
    vocab_size: int
    length: int
    norm: Literal["layer", "rms"] = "layer"
    mlp: Literal["gelu", "swiglu"] = "gelu"
    qkv_bias: bool = False
    output_bias: bool = True
    causal: bool = True
    rope_base: float = 10_000.0
    norm_eps: float = 1e-5
    mask_token_id: int | None = None

    @property
    def num_tokens(self) -> int:
        """Rows of the input embedding and columns of the logits."""
        return max(self.vocab_size, -1 if self.mask_token_id is None else self.mask_token_id + 1)

    @property
    def head_dim(self) -> int:
        return self.hidden_size // self.n_heads

    def to_dict(self) -> dict[str, Any]:
        return asdict(self)


def trunk_shape(hidden_size: int, n_blocks: int, n_heads: int, vocab_size: int, length: int) -> TransformerConfig:
    """The trunk of a canvas network of that shape as a causal transformer, without its conditioning."""
    return TransformerConfig(
        hidden_size=hidden_size,
        n_blocks=n_blocks,
        n_heads=n_heads,
        n_kv_heads=n_heads,
        intermediate_size=4 * hidden_size,
        vocab_size=vocab_size,
        length=length,
    )


def rotary_tables(config: TransformerConfig, positions: Tensor) -> tuple[Tensor, Tensor]:
    """cos and sin for positions [L], [L, head_dim] each: a head's first half is paired with its second half."""
    exponent = torch.arange(0, config.head_dim, 2, device=positions.device).float() / config.head_dim
    angle = positions.float()[:, None] * (1.0 / config.rope_base**exponent)[None]
    angle = torch.cat([angle, angle], dim=-1)
    return angle.cos(), angle.sin()


class Norm(nn.Module):
    """LayerNorm without bias, or RMSNorm; in float32."""

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.kind, self.eps = config.norm, config.norm_eps
        self.weight = nn.Parameter(torch.ones(config.hidden_size))

    def forward(self, x: Tensor) -> Tensor:
        shape, weight = (x.shape[-1],), self.weight.float()
        if self.kind == "rms":
            return F.rms_norm(x.float(), shape, weight, self.eps).to(x.dtype)
        return F.layer_norm(x.float(), shape, weight, None, self.eps).to(x.dtype)


class SwiGLU(nn.Module):
    def __init__(self, hidden_size: int, intermediate_size: int) -> None:
        super().__init__()
        self.gate = nn.Linear(hidden_size, intermediate_size, bias=False)
        self.up = nn.Linear(hidden_size, intermediate_size, bias=False)
        self.down = nn.Linear(intermediate_size, hidden_size, bias=False)

    def forward(self, x: Tensor) -> Tensor:
        return self.down(F.silu(self.gate(x)) * self.up(x))


def make_mlp(config: TransformerConfig) -> nn.Module:
    if config.mlp == "swiglu":
        return SwiGLU(config.hidden_size, config.intermediate_size)
    inner = nn.Linear(config.hidden_size, config.intermediate_size)
    return nn.Sequential(inner, nn.GELU(approximate="tanh"), nn.Linear(config.intermediate_size, config.hidden_size))


class Block(nn.Module):
    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        self.config = config
        width, kv_width = config.hidden_size, config.n_kv_heads * config.head_dim
        self.norm1, self.norm2 = Norm(config), Norm(config)
        self.qw = nn.Linear(width, width, bias=config.qkv_bias)
        self.kw = nn.Linear(width, kv_width, bias=config.qkv_bias)
        self.vw = nn.Linear(width, kv_width, bias=config.qkv_bias)
        self.attn_out = nn.Linear(width, width, bias=False)
        self.mlp = make_mlp(config)

    def heads(self, x: Tensor) -> Tensor:
        """[B, L, heads x head_dim] -> [B, heads, L, head_dim]"""
        return x.unflatten(-1, (-1, self.config.head_dim)).transpose(1, 2)

    def attention(self, x: Tensor, rotary: tuple[Tensor, Tensor], mask: Tensor | None) -> Tensor:
        q, k, v = self.heads(self.qw(x)), self.heads(self.kw(x)), self.heads(self.vw(x))
        mixed = F.scaled_dot_product_attention(
            rotate(q, *rotary).to(v.dtype),
            rotate(k, *rotary).to(v.dtype),
            v,
            attn_mask=mask,
            is_causal=self.config.causal and mask is None,
            enable_gqa=self.config.n_kv_heads != self.config.n_heads,
        )
        return self.attn_out(mixed.transpose(1, 2).flatten(2))

    def forward(self, x: Tensor, rotary: tuple[Tensor, Tensor], mask: Tensor | None) -> Tensor:
        x = x + self.attention(self.norm1(x), rotary, mask)
        return x + self.mlp(self.norm2(x))


class Transformer(nn.Module):
    """tokens [B, L] -> logits [B, L, K] with K = `config.num_tokens`.

    `mask`, if given, is a boolean [B, 1, 1, L] that is true where a position may be attended to.
    """

    def __init__(self, config: TransformerConfig) -> None:
        super().__init__()
        if config.hidden_size % config.n_heads or config.head_dim % 2:
            raise ValueError(f"hidden_size {config.hidden_size} must split into {config.n_heads} heads of even width")
        if config.n_heads % config.n_kv_heads:
            raise ValueError(f"{config.n_heads} heads cannot share {config.n_kv_heads} key-value heads evenly")
        self.config = config
        self.vocab_embed = nn.Embedding(config.num_tokens, config.hidden_size)
        nn.init.normal_(self.vocab_embed.weight, std=0.02)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_blocks))
        self.norm_final = Norm(config)
        self.output = nn.Linear(config.hidden_size, config.num_tokens, bias=config.output_bias)
        nn.init.zeros_(self.output.weight)
        if config.output_bias:
            nn.init.zeros_(self.output.bias)

    def forward(self, tokens: Tensor, mask: Tensor | None = None) -> Tensor:
        length = tokens.shape[1]
        if self.config.causal and mask is not None:
            mask = mask & torch.ones(length, length, dtype=torch.bool, device=tokens.device).tril()
        rotary = rotary_tables(self.config, torch.arange(length, device=tokens.device))
        x = self.vocab_embed(tokens)
        for block in self.blocks:
            x = block(x, rotary, mask)
        return self.output(self.norm_final(x))
