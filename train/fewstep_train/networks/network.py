"""The published FS-DFM network ("DiT" shape) with the published parameter names.

Two kinds share the trunk: the *few-step* network is told the step size h beside the time t; the *plain*
teacher is told t alone and has no step-size parameters.
"""

from dataclasses import asdict, dataclass

import torch
import torch.nn.functional as F
from torch import Tensor, nn

FREQUENCIES = 256  # features of a sinusoidal embedding


@dataclass(frozen=True)
class NetworkConfig:
    """Shape of a network. `vocab_size` is V; a mask source adds one row and one column for the mask token."""

    hidden_size: int
    cond_dim: int
    length: int
    n_blocks: int
    n_heads: int
    vocab_size: int
    source_distribution: str = "mask"
    few_step: bool = True

    @property
    def num_tokens(self) -> int:
        """Rows of the input embedding and columns of the logits: V, or V + 1 with a mask token."""
        return self.vocab_size + (self.source_distribution == "mask")

    @property
    def mask_token_id(self) -> int | None:
        return self.vocab_size if self.source_distribution == "mask" else None

    def to_dict(self) -> dict:
        return asdict(self)


class SinusoidalEmbedding(nn.Module):
    """[B] -> [B, C]: [cos(v f), sin(v f)] with f_j = 10000^(-j/128), then Linear, SiLU, Linear."""

    def __init__(self, cond_dim: int) -> None:
        super().__init__()
        self.mlp = nn.Sequential(nn.Linear(FREQUENCIES, cond_dim), nn.SiLU(), nn.Linear(cond_dim, cond_dim))

    def forward(self, value: Tensor) -> Tensor:
        half = FREQUENCIES // 2
        exponent = torch.arange(half, dtype=torch.float32, device=value.device) / half
        angle = value.float()[:, None] * torch.pow(10000.0, -exponent)[None]
        return self.mlp(torch.cat([angle.cos(), angle.sin()], dim=-1))


class Rotary(nn.Module):
    """Rotary positions, base 10,000, first half of a head paired with its second half."""

    inv_freq: Tensor

    def __init__(self, head_dim: int) -> None:
        super().__init__()
        inv_freq = 1.0 / (10000.0 ** (torch.arange(0, head_dim, 2).float() / head_dim))
        self.register_buffer("inv_freq", inv_freq)

    def forward(self, length: int) -> tuple[Tensor, Tensor]:
        """cos and sin, [L, head_dim] each."""
        angle = torch.arange(length, device=self.inv_freq.device).float()[:, None] * self.inv_freq.float()[None]
        angle = torch.cat([angle, angle], dim=-1)
        return angle.cos(), angle.sin()


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    first, second = x.chunk(2, dim=-1)
    return x * cos + torch.cat([-second, first], dim=-1) * sin


class LayerNorm(nn.Module):
    """LayerNorm with a weight and no bias, eps 1e-5."""

    def __init__(self, dim: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(dim))

    def forward(self, x: Tensor) -> Tensor:
        return F.layer_norm(x.float(), (x.shape[-1],), self.weight.float(), None, 1e-5).to(x.dtype)


class Modulated(nn.Module):
    """A module with adaptive layer norm: c -> `ways` vectors, each [B, 1, D].

    c is [B, 2C] for the few-step network, fused to [B, C] here; [B, C] for the plain teacher.
    """

    def __init__(self, config: NetworkConfig, ways: int) -> None:
        super().__init__()
        self.ways = ways
        if config.few_step:
            self.condition_fuser = nn.Linear(2 * config.cond_dim, config.cond_dim)
        self.adaLN_modulation = nn.Linear(config.cond_dim, ways * config.hidden_size)
        nn.init.zeros_(self.adaLN_modulation.weight)
        nn.init.zeros_(self.adaLN_modulation.bias)

    def modulation(self, c: Tensor) -> tuple[Tensor, ...]:
        if hasattr(self, "condition_fuser"):
            c = F.silu(self.condition_fuser(c))
        return self.adaLN_modulation(c)[:, None].chunk(self.ways, dim=-1)


class Block(Modulated):
    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config, ways=6)
        dim = config.hidden_size
        self.n_heads = config.n_heads
        self.norm1 = LayerNorm(dim)
        self.qw = nn.Linear(dim, dim, bias=False)
        self.kw = nn.Linear(dim, dim, bias=False)
        self.vw = nn.Linear(dim, dim, bias=False)
        self.attn_out = nn.Linear(dim, dim, bias=False)
        self.norm2 = LayerNorm(dim)
        self.mlp = nn.Sequential(nn.Linear(dim, 4 * dim), nn.GELU(approximate="tanh"), nn.Linear(4 * dim, dim))

    def heads(self, x: Tensor) -> Tensor:
        """[B, L, D] -> [B, heads, L, head_dim]"""
        return x.unflatten(-1, (self.n_heads, -1)).transpose(1, 2)

    def attention(self, x: Tensor, rotary: tuple[Tensor, Tensor], mask: Tensor | None) -> Tensor:
        cos, sin = (r.to(x.dtype) for r in rotary)
        q = rotate(self.heads(self.qw(x)), cos, sin)
        k = rotate(self.heads(self.kw(x)), cos, sin)
        out = F.scaled_dot_product_attention(q, k, self.heads(self.vw(x)), attn_mask=mask)
        return self.attn_out(out.transpose(1, 2).flatten(-2))

    def forward(self, x: Tensor, c: Tensor, rotary: tuple[Tensor, Tensor], mask: Tensor | None) -> Tensor:
        shift1, scale1, gate1, shift2, scale2, gate2 = self.modulation(c)
        x = x + gate1 * self.attention(self.norm1(x) * (1 + scale1) + shift1, rotary, mask)
        return x + gate2 * self.mlp(self.norm2(x) * (1 + scale2) + shift2)


class OutputLayer(Modulated):
    def __init__(self, config: NetworkConfig) -> None:
        super().__init__(config, ways=2)
        self.norm_final = LayerNorm(config.hidden_size)
        self.linear = nn.Linear(config.hidden_size, config.num_tokens)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, x: Tensor, c: Tensor) -> Tensor:
        shift, scale = self.modulation(c)
        return self.linear(self.norm_final(x) * (1 + scale) + shift)


class Network(nn.Module):
    """tokens [B, L], t [B], h [B] -> logits [B, L, K] with K = `config.num_tokens`.

    `mask`, if given, is a boolean [B, 1, 1, L] that is true where a position may be attended to.
    The plain teacher ignores h.
    """

    def __init__(self, config: NetworkConfig) -> None:
        super().__init__()
        if config.hidden_size % config.n_heads or (config.hidden_size // config.n_heads) % 2:
            raise ValueError(f"hidden_size {config.hidden_size} must split into {config.n_heads} heads of even width")
        self.config = config
        self.vocab_embed = nn.Embedding(config.num_tokens, config.hidden_size)
        nn.init.normal_(self.vocab_embed.weight, std=0.02)
        self.time_embedding = SinusoidalEmbedding(config.cond_dim)
        if config.few_step:
            self.dt_embedding = SinusoidalEmbedding(config.cond_dim)
            self.time_condition_fuser = nn.Linear(2 * config.cond_dim, 2 * config.cond_dim)
        self.rotary_emb = Rotary(config.hidden_size // config.n_heads)
        self.blocks = nn.ModuleList(Block(config) for _ in range(config.n_blocks))
        self.output_layer = OutputLayer(config)

    def condition(self, t: Tensor, h: Tensor) -> Tensor:
        """The vector that modulates every block: [B, 2C] (few-step) or [B, C] (plain)."""
        c = self.time_embedding(t)
        if self.config.few_step:
            c = self.time_condition_fuser(torch.cat([c, self.dt_embedding(h)], dim=-1))
        return F.silu(c)

    def state(self, tokens: Tensor, t: Tensor, h: Tensor, mask: Tensor | None = None) -> tuple[Tensor, Tensor]:
        """What the output layer takes: the state [B, L, D] after the last block, and the condition."""
        x = self.vocab_embed(tokens)
        c = self.condition(t, h).to(x.dtype)
        rotary = self.rotary_emb(tokens.shape[1])
        for block in self.blocks:
            x = block(x, c, rotary, mask)
        return x, c

    def forward(self, tokens: Tensor, t: Tensor, h: Tensor, mask: Tensor | None = None) -> Tensor:
        return self.output_layer(*self.state(tokens, t, h, mask))
