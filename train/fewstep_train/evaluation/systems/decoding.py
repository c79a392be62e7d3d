"""Token-by-token sampling from a causal transformer, with a key-value cache."""

from collections.abc import Callable

import torch
import torch.nn.functional as F
from torch import Tensor

from fewstep_train.networks.network import rotate
from fewstep_train.networks.transformer import Block, Transformer, rotary_tables


class Cache:
    """Keys and values of each block, [B, heads, positions so far, head_dim]."""

    def __init__(self) -> None:
        self.length = 0
        self.pairs: dict[int, tuple[Tensor, Tensor]] = {}

    def extend(self, block: int, key: Tensor, value: Tensor) -> tuple[Tensor, Tensor]:
        if block in self.pairs:
            old_key, old_value = self.pairs[block]
            key, value = torch.cat([old_key, key], dim=2), torch.cat([old_value, value], dim=2)
        self.pairs[block] = key, value
        return key, value


def cached_attention(block: Block, index: int, x: Tensor, rotary: tuple[Tensor, Tensor], cache: Cache) -> Tensor:
    """`block.attention` of new positions, x [B, n, D], over those in the cache and each other."""
    q = rotate(block.heads(block.qw(x)), *rotary)
    k, v = cache.extend(index, rotate(block.heads(block.kw(x)), *rotary), block.heads(block.vw(x)))
    new, seen = q.shape[2], k.shape[2]
    mask = torch.ones(new, seen, dtype=torch.bool, device=x.device).tril(seen - new)
    grouped = block.config.n_kv_heads != block.config.n_heads
    mixed = F.scaled_dot_product_attention(q, k, v, attn_mask=mask, enable_gqa=grouped)
    return block.attn_out(mixed.transpose(1, 2).flatten(2))


def next_logits(network: Transformer, tokens: Tensor, cache: Cache) -> Tensor:
    """Logits [B, K] after tokens [B, n], which follow what the cache holds."""
    positions = torch.arange(cache.length, cache.length + tokens.shape[1], device=tokens.device)
    rotary = rotary_tables(network.config, positions)
    x = network.vocab_embed(tokens)
    for index, block in enumerate(network.blocks):
        x = x + cached_attention(block, index, block.norm1(x), rotary, cache)
        x = x + block.mlp(block.norm2(x))
    cache.length += tokens.shape[1]
    return network.output(network.norm_final(x[:, -1]))


@torch.no_grad()
def continue_tokens(network: Transformer, prefix: Tensor, count: int, choose: Callable[[Tensor], Tensor]) -> Tensor:
    """`count` tokens [B, count] after prefix [B, P >= 1]; `choose` draws tokens [B] from logits [B, K]."""
    cache, made, latest = Cache(), [], prefix
    for _ in range(count):
        latest = choose(next_logits(network, latest, cache))[:, None]
        made.append(latest)
    return torch.cat(made, dim=1)
