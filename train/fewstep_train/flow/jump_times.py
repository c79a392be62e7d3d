"""When positions jump: each at a time of its own, and neighbours at times far apart.

Positions that jump in one step are drawn without knowing of each other, so neighbours among them disagree. The law of
a step says how often a position jumps, not which positions jump together, and that is free: with position i jumping at
the time frac(u + i x 0.618...), uniform over [0, 1) for a uniform u, those of a step of size h lie about 1 / h apart.
After the dilated order of masked diffusion (arXiv 2506.19037); the golden ratio's multiples are spread evenly for any
number of steps (three-distance theorem).
"""

import numpy as np
import torch
from torch import Tensor

JUMPS = ("independent", "spread")
GOLDEN = (5**0.5 - 1) / 2


def spread_times(offset: np.ndarray, length: int) -> np.ndarray:
    """Jump times [B, length] in [0, 1), on the scale of kappa. offset [B], uniform in [0, 1)."""
    return (offset[:, None] + np.arange(length) * GOLDEN) % 1.0


def jump_noise(times: np.ndarray, kappa: float, independent: np.ndarray) -> np.ndarray:
    """The step graph's noise that decides whether a position jumps, [B, L], for a step that begins at kappa(t).

    A position whose time is to come has noise (time - kappa) / (1 - kappa), uniform in [0, 1) given that it is to come:
    under the cumulative solver one with p(z) = 0 jumps in the step that holds its time, and any position jumps with the
    probability of its law. Afterwards its noise is `independent` [B, L].
    """
    to_come = times >= kappa
    return np.where(to_come, (times - kappa) / (1 - kappa), independent).astype(np.float32)


def noise_by_times(times: Tensor, kappa: Tensor) -> Tensor:
    """`jump_noise` in PyTorch, for times [B, L] and kappa(t) [B]; what is independent is drawn here."""
    kappa = kappa[:, None]
    return torch.where(times >= kappa, (times - kappa) / (1 - kappa), torch.rand_like(times))


def arrival_times(shape: tuple[int, int], spread: float, generator: torch.Generator) -> Tensor:
    """When each position becomes data, on the scale of kappa: [B, L] in [0, 1).

    The first `spread` x B rows have spread times, as a sampler with spread jumps makes them; the others independent
    ones. Either way a position's own time is uniform.
    """
    times = torch.rand(shape, generator=generator, device=generator.device)
    rows, length = round(spread * shape[0]), shape[1]
    times[:rows] = (times[:rows, :1] + torch.arange(length, device=generator.device) * GOLDEN) % 1.0
    return times
