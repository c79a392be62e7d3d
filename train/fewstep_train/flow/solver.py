"""One refinement step in PyTorch: the sampler's law, for training, sampling and tests."""

import torch
from torch import Tensor

from fewstep_train.flow.path import Scheduler

SOLVERS = ("cumulative", "euler", "euler_exact")
LAST_STEP = 1 - 1e-6  # a step that ends here or later is the last one
MIN_TEMPERATURE = 1e-3  # a temperature below it counts as it, which is greedy in practice


def jump_exponent(solver: str, scheduler: Scheduler, t: Tensor, h: Tensor) -> Tensor:
    """h times the rate scale a of the step: P(jump) = 1 - exp(-jump_exponent * (1 - p(z))).

    cumulative: the path's velocity integrated over [t, t + h], ln(1 - kappa(t)) - ln(1 - kappa(t + h)).
    euler: 1, whatever h is (as published). euler_exact: h kappa'(t) / (1 - kappa(t)).
    """
    if solver == "cumulative":
        return scheduler.one_minus_kappa(t).log() - scheduler.one_minus_kappa(t + h).log()
    if solver == "euler":
        return torch.ones_like(t)
    if solver == "euler_exact":
        return h * scheduler.velocity(t)
    raise ValueError(f"unknown solver {solver!r}: use one of {', '.join(SOLVERS)}")


def draw(weights: Tensor, generator: torch.Generator | None) -> Tensor:
    """Sample token ids [B, L] from unnormalised weights [B, L, K]."""
    flat = weights.flatten(0, -2)
    return torch.multinomial(flat, 1, generator=generator).view(weights.shape[:-1])


def jump(
    posterior: Tensor,
    tokens: Tensor,
    editable: Tensor,
    exponent: Tensor,
    generator: torch.Generator | None = None,
    noise: Tensor | None = None,
) -> Tensor:
    """A non-final step: tokens [B, L] at t -> tokens [B, L] at t + h.

    posterior [B, L, K]; exponent [B] from `jump_exponent`. A jump goes to x != z with probability
    p(x) / (1 - p(z)). `noise`: uniforms [B, L] that decide whether a position jumps (default: drawn here).
    """
    p_current = posterior.gather(-1, tokens[..., None])[..., 0]
    stay = torch.exp(-exponent[:, None] * (1 - p_current))
    if noise is None:
        noise = torch.rand(stay.shape, generator=generator, device=stay.device)
    jumps = editable & (noise < 1 - stay)
    others = posterior.scatter(-1, tokens[..., None], 0.0).clamp_min(1e-30)
    return torch.where(jumps, draw(others, generator), tokens)


def finish(
    posterior: Tensor,
    tokens: Tensor,
    editable: Tensor,
    mask_token_id: int | None,
    generator: torch.Generator | None = None,
) -> Tensor:
    """The last step: draw from the posterior itself, never the mask token.

    Every editable position is redrawn; but with a mask source a row without frozen positions keeps what is
    already unmasked.
    """
    redraw = editable
    if mask_token_id is not None:
        posterior = posterior.clone()
        posterior[..., mask_token_id] = 0
        free = editable.all(dim=1, keepdim=True)
        redraw = editable & (~free | (tokens == mask_token_id))
    return torch.where(redraw, draw(posterior, generator), tokens)
