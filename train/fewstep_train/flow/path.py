"""The probability path: which tokens a canvas shows at time t, and the scheduler kappa behind it."""

from dataclasses import dataclass

import torch
from torch import Tensor

from fewstep_train.networks.network import NetworkConfig

HELD_OUT_TIMES = (0.05, 0.25, 0.5, 0.75, 0.95)  # at which a held-out loss is measured


@dataclass(frozen=True)
class Scheduler:
    """Polynomial scheduler: kappa(t) = t^n, with kappa(0) = 0 and kappa(1) = 1."""

    exponent: float = 1.0

    def kappa(self, t: Tensor) -> Tensor:
        return t**self.exponent

    def derivative(self, t: Tensor) -> Tensor:
        return self.exponent * t ** (self.exponent - 1)

    def one_minus_kappa(self, t: Tensor) -> Tensor:
        """1 - kappa(t), clamped at 1e-8 so that its logarithm stays finite at t = 1."""
        return (1 - self.kappa(t)).clamp_min(1e-8)

    def velocity(self, t: Tensor) -> Tensor:
        """kappa'(t) / (1 - kappa(t)): how fast a position that is not data yet becomes data."""
        return self.derivative(t) / self.one_minus_kappa(t)


def stratified_times(rows: int, generator: torch.Generator) -> Tensor:
    """t [rows] in [0, 1 - 1e-3]: one draw a stratum, which lowers the variance of the loss."""
    device = generator.device
    strata = torch.randperm(rows, generator=generator, device=device)
    u = (strata + torch.rand(rows, generator=generator, device=device)) / rows
    return u * (1 - 1e-3)


def source_canvas(config: NetworkConfig, shape: tuple[int, ...], generator: torch.Generator | None = None) -> Tensor:
    """A canvas at t = 0, on the generator's device: all mask tokens, or every token uniform over V."""
    device = generator.device if generator else None
    if config.mask_token_id is not None:
        return torch.full(shape, config.mask_token_id, device=device)
    return torch.randint(config.vocab_size, shape, generator=generator, device=device)


def sample_path(
    config: NetworkConfig,
    scheduler: Scheduler,
    data: Tensor,
    t: Tensor,
    frozen: Tensor,
    corruption: float,
    generator: torch.Generator,
    times: Tensor | None = None,
) -> Tensor:
    """Draw x_t [B, L] given x_1 = `data` [B, L] and t [B], all on the generator's device.

    Each position is data with probability kappa(t), else a draw from the source: independently, or where `times`
    [B, L] (see jump_times.arrival_times) lie below kappa(t). `frozen` positions always show data.

    With a mask source, a share `corruption` x (1 - kappa(t)) of the positions that would show data shows a uniform
    token instead, so that the network learns to doubt unmasked tokens and the sampler's jumps away from them repair
    mistakes (after GIDD, arXiv 2503.04482). The share fades with 1 - kappa(t), because the loss weighs an error by
    kappa' / (1 - kappa): a constant share drowned everything else near t = 1.
    """
    shape, device = tuple(data.shape), generator.device
    if times is None:
        times = torch.rand(shape, generator=generator, device=device)
    x_t = torch.where(times < scheduler.kappa(t)[:, None], data, source_canvas(config, shape, generator))
    if config.mask_token_id is not None and corruption > 0:
        share = corruption * (1 - scheduler.kappa(t))[:, None]
        wrong = (torch.rand(shape, generator=generator, device=device) < share) & (x_t != config.mask_token_id)
        others = torch.randint(config.vocab_size, shape, generator=generator, device=device)
        x_t = torch.where(wrong, others, x_t)
    return torch.where(frozen, data, x_t)
