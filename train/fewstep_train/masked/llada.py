"""LLaDA-style masked diffusion: predict every mask, keep the most confident tokens, mask the others again."""

from functools import partial

from torch import Tensor

from fewstep_train.masked.masked_diffusion import reveal
from fewstep_train.networks.transformer import Transformer, TransformerConfig


def llada_config(shape: TransformerConfig) -> TransformerConfig:
    """`shape` made bidirectional, with a mask token beyond its vocabulary."""
    return TransformerConfig(**{**shape.to_dict(), "causal": False, "mask_token_id": shape.vocab_size})


def llada_logits(network: Transformer, canvas: Tensor) -> Tensor:
    """canvas [B, L] -> logits [B, L, K]; those at i are about the token at i."""
    return network(canvas)


def confidence(logits: Tensor, _posterior: Tensor, drawn: Tensor) -> Tensor:
    """Probability of the drawn tokens before any temperature, [B, L], as published."""
    return logits.float().softmax(-1).gather(-1, drawn[..., None])[..., 0]


def llada_reveal(network: Transformer) -> partial:
    """The sampler: `masked_diffusion.reveal` with low-confidence remasking."""
    return partial(reveal, partial(llada_logits, network), confidence, mask_token_id=network.config.mask_token_id)
