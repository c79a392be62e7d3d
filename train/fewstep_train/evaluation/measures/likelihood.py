"""Perplexity of held-out text: exact for the autoregressive model, a Monte-Carlo bound (ELBO) for diffusion.

All of them are of tokens[:, 1:] given the first token, so that one number compares with another.
"""

import itertools
from collections.abc import Callable

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor

from fewstep_train.evaluation.measures.metrics import Estimate, bootstrap
from fewstep_train.flow.loss import generalized_kl
from fewstep_train.flow.path import Scheduler, sample_path, stratified_times
from fewstep_train.flow.step_sizes import TINY_STEP
from fewstep_train.masked.masked_diffusion import Predict, masked_cross_entropy
from fewstep_train.networks.network import Network

ROWS = 32
Bound = Callable[[Tensor, Tensor, torch.Generator], Tensor]
"""(tokens [B, L], t [B], generator) -> one draw of the bound at time t, nats [B, L]; 0 for the first token."""


def first_given(tokens: Tensor) -> Tensor:
    """bool [B, L]: only the first position is frozen."""
    frozen = torch.zeros_like(tokens, dtype=torch.bool)
    frozen[:, 0] = True
    return frozen


def flow_bound(network: Network, scheduler: Scheduler) -> Bound:
    """The generalized KL of discrete flow matching; a few-step network is told its smallest step."""

    def bound(tokens: Tensor, t: Tensor, generator: torch.Generator) -> Tensor:
        frozen = first_given(tokens)
        x_t = sample_path(network.config, scheduler, tokens, t, frozen, 0.0, generator)
        logits = network(x_t, t, torch.full_like(t, TINY_STEP))
        return generalized_kl(logits, x_t, tokens, t, scheduler) * ~frozen

    return bound


def masked_bound(predict: Predict, mask_token_id: int) -> Bound:
    """The weighted cross-entropy of masked diffusion, with a count of masks instead of a probability.

    l of the n free positions are hidden, l uniform on 1 ... n, and weigh n / l: the same bound as with independent
    masks, at far less variance (LLaDA, arXiv 2502.09992).
    """

    def bound(tokens: Tensor, t: Tensor, generator: torch.Generator) -> Tensor:
        free = tokens.shape[1] - 1
        count = ((1 - t) * free).ceil().clamp(1, free)
        rank = torch.rand(len(tokens), free, generator=generator).argsort(dim=1).argsort(dim=1)
        hidden = torch.cat([torch.zeros(len(tokens), 1, dtype=torch.bool), rank < count[:, None]], dim=1)
        return masked_cross_entropy(predict, tokens, count / free, hidden, mask_token_id)

    return bound


def perplexity_of(nats: np.ndarray) -> np.ndarray:
    return np.exp(nats.mean(-1))


@torch.no_grad()
def bound_perplexity(bound: Bound, tokens: Tensor, repeats: int = 8, seed: int = 0) -> Estimate:
    """exp of the mean bound a token of tokens [B, L], with `repeats` stratified times for each row."""
    generator = torch.Generator().manual_seed(seed)
    total = torch.zeros(len(tokens), dtype=torch.float64)
    for _ in range(repeats):
        t = stratified_times(len(tokens), generator)
        for begin in range(0, len(tokens), ROWS):
            part = slice(begin, begin + ROWS)
            total[part] += bound(tokens[part], t[part], generator).double().sum(1)
    return bootstrap(perplexity_of, (total / repeats / (tokens.shape[1] - 1)).numpy())


@torch.no_grad()
def schedule_bound(
    network: Network, scheduler: Scheduler, step_sizes: np.ndarray, tokens: Tensor, seed: int = 0
) -> float:
    """Nats a token [B, L] at most, for a sampler with these steps that moves masked positions alone, at temperature 1.

    A position is revealed in the step from t to t + h with probability kappa(t + h) - kappa(t), given what was revealed
    before: so each step weighs so much of the cross-entropy of the masked positions at t, of a network that is told h.
    The masks are the same for all step sizes. Steps that jump in a spread order, or repair, it knows nothing of.
    """
    grid = np.concatenate([[0.0], np.cumsum(step_sizes)])
    grid[-1] = 1.0
    total = 0.0
    for t, end in itertools.pairwise(grid):
        times, sizes = torch.full((len(tokens),), float(t)), torch.full((len(tokens),), float(end - t))
        generator = torch.Generator().manual_seed(seed)
        x_t = sample_path(network.config, scheduler, tokens, times, torch.zeros_like(tokens) > 0, 0.0, generator)
        parts = zip(*(v.split(ROWS) for v in (x_t, times, sizes)), strict=True)
        logits = torch.cat([network(*part).float() for part in parts])
        masked = x_t == network.config.mask_token_id
        nats = F.cross_entropy(logits.transpose(1, 2), tokens, reduction="none")[masked].mean().item()
        total += float(end**scheduler.exponent - t**scheduler.exponent) * nats
    return total
