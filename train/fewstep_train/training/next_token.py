"""The loss of autoregressive training."""

import torch.nn.functional as F
from torch import Tensor

from fewstep_train.networks.transformer import Transformer


def next_token_loss(network: Transformer, crops: Tensor) -> Tensor:
    """Mean negative log-likelihood of crops[:, 1:] given all tokens before, nats a token. crops [B, 1 + L]."""
    crops = crops.to(network.vocab_embed.weight.device)
    logits = network(crops[:, :-1]).float()
    return F.cross_entropy(logits.flatten(0, 1), crops[:, 1:].flatten())
