"""Dream-style masked diffusion: begun from an autoregressive model, so the logits at i are about the token at i + 1."""

from functools import partial

import torch
from torch import Tensor

from fewstep_train.masked.masked_diffusion import reveal
from fewstep_train.networks.transformer import Transformer, TransformerConfig


def dream_logits(network: Transformer, canvas: Tensor) -> Tensor:
    """canvas [B, L] -> logits [B, L, K] about the token at i, which the network gives at i - 1.

    Nothing stands before the first token: it shares the first output with the second, as published.
    """
    logits = network(canvas)
    return torch.cat([logits[:, :1], logits[:, :-1]], dim=1)


def negative_entropy(_logits: Tensor, posterior: Tensor, _drawn: Tensor) -> Tensor:
    """-entropy of the tempered posterior, [B, L], nats: the surest positions come first."""
    return -torch.special.entr(posterior).sum(-1)


def dream_reveal(network: Transformer) -> partial:
    """The sampler: `masked_diffusion.reveal` in the order of entropy."""
    return partial(reveal, partial(dream_logits, network), negative_entropy, mask_token_id=network.config.mask_token_id)


def from_autoregressive(network: Transformer) -> Transformer:
    """A bidirectional copy of an autoregressive network with a mask token after its vocabulary.

    The mask token begins as the mean of all embeddings, and as improbable as the least probable token.
    """
    source = network.config
    config = TransformerConfig(**{**source.to_dict(), "causal": False, "mask_token_id": source.vocab_size})
    weights = dict(network.state_dict())
    embedding = weights["vocab_embed.weight"]
    output = weights["output.weight"]
    weights["vocab_embed.weight"] = torch.cat([embedding, embedding.mean(0, keepdim=True)])
    weights["output.weight"] = torch.cat([output, torch.zeros_like(output[:1])])
    if source.output_bias:
        bias = weights["output.bias"]
        weights["output.bias"] = torch.cat([bias, bias.min()[None]])
    dream = Transformer(config)
    dream.load_state_dict(weights)
    return dream
