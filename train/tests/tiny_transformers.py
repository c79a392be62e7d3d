"""Tiny transformers of both shapes, with random weights."""

from dataclasses import replace

import torch

from fewstep_train.networks.transformer import Transformer, TransformerConfig

GPT = TransformerConfig(
    hidden_size=64, n_blocks=2, n_heads=4, n_kv_heads=4, intermediate_size=256, vocab_size=50, length=16
)
LLAMA = replace(GPT, n_kv_heads=2, intermediate_size=96, norm="rms", mlp="swiglu", qkv_bias=True, rope_base=1e6)


def random_transformer(config: TransformerConfig, seed: int = 0) -> Transformer:
    """Weights large enough that every logit depends on every token that it may see."""
    network, generator = Transformer(config), torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for name, p in network.named_parameters():
            if "norm" not in name:
                p.copy_(torch.randn(p.shape, generator=generator) * p.shape[-1] ** -0.5)
    return network.eval()
