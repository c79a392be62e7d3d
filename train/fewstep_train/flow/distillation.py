"""Distillation into large steps: a network learns where its own smaller steps would take it."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from fewstep_train.flow.jump_times import arrival_times, noise_by_times
from fewstep_train.flow.loss import generalized_kl
from fewstep_train.flow.path import Scheduler, sample_path, stratified_times
from fewstep_train.flow.solver import jump, jump_exponent
from fewstep_train.flow.step_sizes import STEP_SIZES, TINY_STEP
from fewstep_train.networks.network import Network

MEAN_FIELD = "mean-field"
SHORTCUTS = ("rk4", "heun", MEAN_FIELD)


@dataclass(frozen=True)
class DistillOptions:
    """`power`: step sizes above 1/1024 are drawn with weights h^-power (published: 1). `data_share`: share of rows that
    keep learning the instantaneous posterior from data, at h = 1/1024. `spread`: share of rows whose positions become
    data at spread times, and jump at them. `temperature`: of the tokens that the teacher writes on its way."""

    shortcut: str
    power: float
    data_share: float
    corruption: float
    spread: float = 0.0
    temperature: float = 1.0


def data_rows(rows: int, options: DistillOptions) -> int:
    """How many of a batch's rows, its first, learn from data."""
    return round(rows * options.data_share)


def draw_step_sizes(rows: int, options: DistillOptions, generator: torch.Generator) -> Tensor:
    """h [rows] from {1, 1/2, ..., 1/1024}, data rows (h = 1/1024) first."""
    n_data = data_rows(rows, options)
    sizes = torch.tensor(STEP_SIZES[:-1], device=generator.device)
    index = torch.multinomial(sizes**-options.power, rows - n_data, replacement=True, generator=generator)
    return torch.cat([sizes.new_full((n_data,), TINY_STEP), sizes[index]])


def grid_times(h: Tensor, generator: torch.Generator) -> Tensor:
    """t [rows], uniform on {0, h, 2h, ..., 1 - h}."""
    return (torch.rand(h.shape, generator=generator, device=h.device) / h).floor() * h


@torch.no_grad()
def teacher_logits(
    teacher: Network,
    scheduler: Scheduler,
    x_t: Tensor,
    t: Tensor,
    h: Tensor,
    editable: Tensor,
    options: DistillOptions,
    times: Tensor,
) -> Tensor:
    """The teacher's logits for a jump over [t, t + h], [B, L, K], by steps of h / 2 around that shortcut.

    A position jumps there at its own of `times` [B, L], if that is to come, and by independent noise afterwards.

    rk4: k1 at (x_t, t); k2 and k3 at t + h/2, on canvases jumped there; k4 at t + h; (k1 + 2 k2 + 2 k3 + k4) / 6.
    heun: the mean of k1 and of the one at t + h. Both from FS-DFM (arXiv 2509.20624).
    mean-field: the tokens of one jump are drawn independently, from q. Of all such q the nearest to their joint law p
    in reverse KL divergence has ln q_i = E[ln p(x_i | x_t, the other tokens, drawn from q)] + const (coordinate ascent
    of variational inference). So the teacher jumps to t + h at once, and is asked twice more, beside what the first
    half of the step wrote and beside the second: a position listens to the half that it is not in, or to both.
    """
    half = h / 2

    def jumped(logits: Tensor, step: Tensor) -> Tensor:
        noise = noise_by_times(times, scheduler.kappa(t))
        exponent = jump_exponent("cumulative", scheduler, t, step)
        return jump((logits / options.temperature).softmax(-1), x_t, editable, exponent, noise=noise)

    if options.shortcut == MEAN_FIELD:
        canvas = jumped(teacher(x_t, t, h).float(), h)
        early = times < scheduler.kappa(t + half)[:, None]
        beside_early = teacher(torch.where(early, canvas, x_t), t + half, half).float()
        beside_late = teacher(torch.where(early, x_t, canvas), t + half, half).float()
        to_early = torch.where(canvas == x_t, 0.5, (~early).float())
        return torch.lerp(beside_late, beside_early, to_early[..., None])
    k1 = teacher(x_t, t, half).float()
    if options.shortcut == "heun":
        return (k1 + teacher(jumped(k1, h), t + h, half).float()) / 2
    k2 = teacher(jumped(k1, half), t + half, half).float()
    k3 = teacher(jumped(k2, half), t + half, half).float()
    k4 = teacher(jumped(k3, h), t + h, half).float()
    return (k1 + 2 * k2 + 2 * k3 + k4) / 6


def divergence(logits: Tensor, target: Tensor, options: DistillOptions) -> Tensor:
    """KL divergence between the teacher's tokens, by `target`, and the network's, both logits [B, L, K]: [B, L], nats.

    Forward for averaged logits, whose best answer is the mean of what the teacher says from draw to draw; reverse for
    the mean field, where it is the mean of its logarithms.
    """
    log_q, log_p = logits.float().log_softmax(-1), target.log_softmax(-1)
    if options.shortcut == MEAN_FIELD:
        log_q, log_p = log_p, log_q
    return F.kl_div(log_q, log_p, reduction="none", log_target=True).sum(-1)


def distill_loss(
    network: Network,
    teacher: Network,
    scheduler: Scheduler,
    batch: tuple[Tensor, Tensor],
    options: DistillOptions,
    generator: torch.Generator,
) -> Tensor:
    """Scalar: generalized KL to the data for the rows at h = 1/1024, divergence from the teacher for the others."""
    data, frozen = batch
    h = draw_step_sizes(len(data), options, generator)
    tiny = h == TINY_STEP
    t = torch.where(tiny, stratified_times(len(data), generator), grid_times(h, generator))
    # Rows come in the order of their step sizes: each kind gets its share of spread times.
    order = torch.randperm(len(data), generator=generator, device=generator.device)
    times = arrival_times(tuple(data.shape), options.spread, generator)[order]
    x_t = sample_path(network.config, scheduler, data, t, frozen, options.corruption, generator, times)
    editable = ~frozen
    n = data_rows(len(data), options)
    target = teacher_logits(teacher, scheduler, x_t[n:], t[n:], h[n:], editable[n:], options, times[n:])
    logits = network(x_t, t, h)
    from_data = generalized_kl(logits[:n], x_t[:n], data[:n], t[:n], scheduler)
    loss = torch.cat([from_data, divergence(logits[n:], target, options)])
    return (loss * editable).sum() / editable.sum()
