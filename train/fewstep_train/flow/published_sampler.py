"""The published way of sampling."""

import torch
from torch import Tensor

from fewstep_train.flow.path import Scheduler
from fewstep_train.flow.solver import draw, finish, jump_exponent
from fewstep_train.networks.network import Network


@torch.no_grad()
def published_sample(network: Network, scheduler: Scheduler, canvas: Tensor, steps: int) -> Tensor:
    """Refine free canvases [B, L] in `steps` equal steps of the cumulative solver, as the published sampler does:
    logits, float32 probabilities, rates to every token, jump decisions, and a draw for each position that jumps."""
    everywhere = torch.ones_like(canvas, dtype=torch.bool)
    for i in range(steps):
        t = torch.full((len(canvas),), i / steps)
        h = torch.full_like(t, 1 / steps)
        posterior = network(canvas, t, h).float().softmax(-1)
        if i == steps - 1:
            return finish(posterior, canvas, everywhere, network.config.mask_token_id)
        scale = jump_exponent("cumulative", scheduler, t, h) / h
        rates = scale[:, None, None] * posterior
        rates.scatter_(-1, canvas[..., None], 0.0)
        jumps = torch.rand(canvas.shape) < 1 - torch.exp(-h[:, None] * rates.sum(-1))
        canvas = canvas.clone()
        if jumps.any():
            canvas[jumps] = draw(rates[jumps], None)
    return canvas
