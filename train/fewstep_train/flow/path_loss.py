"""The losses of pretraining: the generalized KL along the path."""

import torch
from torch import Tensor

from fewstep_train.flow.jump_times import arrival_times
from fewstep_train.flow.loss import generalized_kl
from fewstep_train.flow.path import HELD_OUT_TIMES, Scheduler, sample_path, stratified_times
from fewstep_train.flow.step_sizes import STEP_SIZES, TINY_STEP
from fewstep_train.networks.network import Network


def pretrain_loss(
    network: Network,
    scheduler: Scheduler,
    data: Tensor,
    frozen: Tensor,
    corruption: float,
    spread: float,
    generator: torch.Generator,
) -> Tensor:
    """Mean generalized KL over editable positions, nats a token (scalar). `spread`: share of rows with spread times."""
    t = stratified_times(data.shape[0], generator)
    loss, editable = path_loss(network, scheduler, data, frozen, t, corruption, spread, generator)
    return (loss * editable).sum() / editable.sum()


def path_loss(
    network: Network,
    scheduler: Scheduler,
    data: Tensor,
    frozen: Tensor,
    t: Tensor,
    corruption: float,
    spread: float,
    generator: torch.Generator,
) -> tuple[Tensor, Tensor]:
    """(generalized KL at each position, nats; 1 where it is editable), [B, L] each, at times t [B].

    All of it, the network too, is on the generator's device.
    """
    times = arrival_times(tuple(data.shape), spread, generator)
    x_t = sample_path(network.config, scheduler, data, t, frozen, corruption, generator, times)
    # Every step size, so that the network is sound at each before distillation tells them apart.
    sizes = torch.tensor(STEP_SIZES, device=t.device)
    h = sizes[torch.randint(len(STEP_SIZES), t.shape, generator=generator, device=t.device)]
    return generalized_kl(network(x_t, t, h), x_t, data, t, scheduler), (~frozen).float()


def held_out_loss(network: Network, scheduler: Scheduler, data: Tensor) -> Tensor:
    """Mean generalized KL of free canvases at HELD_OUT_TIMES, nats a token: about the bound on the likelihood.

    data [B, L]. The path's draws are the same at every call.
    """
    device = next(network.parameters()).device
    generator = torch.Generator().manual_seed(0)
    free = torch.zeros_like(data, dtype=torch.bool)
    losses = []
    for time in HELD_OUT_TIMES:
        t = torch.full((len(data),), time)
        x_t = sample_path(network.config, scheduler, data, t, free, 0.0, generator)
        h = torch.full_like(t, TINY_STEP)
        on_device = [v.to(device) for v in (x_t, data, t, h)]
        logits = network(on_device[0], *on_device[2:])
        losses.append(generalized_kl(logits, *on_device[:3], scheduler).mean())
    return torch.stack(losses).mean()
