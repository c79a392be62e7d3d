"""The sampler in plain PyTorch."""

from collections.abc import Iterator

import torch
from torch import Tensor

from fewstep_train.flow.jump_times import noise_by_times
from fewstep_train.flow.path import Scheduler
from fewstep_train.flow.solver import MIN_TEMPERATURE, finish, jump, jump_exponent
from fewstep_train.networks.network import Network


@torch.no_grad()
def refinements(
    network: Network,
    scheduler: Scheduler,
    canvas: Tensor,
    editable: Tensor,
    steps: int,
    solver: str = "cumulative",
    temperature: float = 1.0,
    generator: torch.Generator | None = None,
    times: Tensor | None = None,
) -> Iterator[Tensor]:
    """Refine canvas [B, L] in `steps` equal steps; positions not editable [B, L] stay.
    times: when positions jump, [B, L], as `jump_times` makes them; without them each step draws which do.
    Yields the canvas as it is given, then tokens [B, L] after each step.
    """
    mask = network.config.mask_token_id
    yield canvas
    for i in range(steps):
        t = torch.full((len(canvas),), i / steps, device=canvas.device)
        h = torch.full_like(t, 1 / steps)
        logits = network(canvas, t, h).float() / max(temperature, MIN_TEMPERATURE)
        posterior = logits.softmax(-1)
        if i == steps - 1:
            canvas = finish(posterior, canvas, editable, mask, generator)
        else:
            # The Euler solvers leave unmasked positions of a mask source alone.
            movable = editable if mask is None or solver == "cumulative" else editable & (canvas == mask)
            noise = None if times is None else noise_by_times(times, scheduler.kappa(t))
            canvas = jump(posterior, canvas, movable, jump_exponent(solver, scheduler, t, h), generator, noise)
        yield canvas
