"""What LLaDA and Dream share: masked tokens are predicted all at once and revealed a few at a time."""

from collections.abc import Callable, Iterator

import torch
import torch.nn.functional as F
from torch import Tensor

from fewstep_train.flow.path import HELD_OUT_TIMES, stratified_times
from fewstep_train.flow.solver import MIN_TEMPERATURE, draw

Predict = Callable[[Tensor], Tensor]  # canvas [B, L] -> logits [B, L, K]; those at i are about the token at i
Score = Callable[[Tensor, Tensor, Tensor], Tensor]
"""(logits [B, L, K], tempered posterior [B, L, K], drawn tokens [B, L]) -> [B, L]: the highest are revealed first."""


def hide(data: Tensor, hidden: Tensor, mask_token_id: int) -> Tensor:
    return data.masked_fill(hidden, mask_token_id)


def masked_cross_entropy(predict: Predict, data: Tensor, ratio: Tensor, hidden: Tensor, mask_token_id: int) -> Tensor:
    """Cross-entropy of the hidden tokens, weighted 1 / ratio, per position: [B, L], nats, 0 where nothing is hidden.

    data [B, L]; each of its editable positions is `hidden` [B, L] with probability `ratio` [B]. The mean over ratios
    uniform in (0, 1), summed over positions, bounds the negative log-likelihood of the data (LLaDA, arXiv 2502.09992).
    """
    logits = predict(hide(data, hidden, mask_token_id)).float()
    loss = F.cross_entropy(logits.transpose(1, 2), data, reduction="none")
    return loss * hidden / ratio[:, None]


def masked_loss(
    predict: Predict, data: Tensor, frozen: Tensor, mask_token_id: int, generator: torch.Generator
) -> Tensor:
    """The training loss: mean of `masked_cross_entropy` over editable positions, nats a token (scalar).

    All of it is on the generator's device.
    """
    ratio = 1 - stratified_times(len(data), generator)
    hidden = (torch.rand(data.shape, generator=generator, device=generator.device) < ratio[:, None]) & ~frozen
    return masked_cross_entropy(predict, data, ratio, hidden, mask_token_id).sum() / (~frozen).sum()


def held_out_masked_loss(predict: Predict, data: Tensor, mask_token_id: int, device: str = "cpu") -> Tensor:
    """Mean bound of free canvases [B, L] at HELD_OUT_TIMES, nats a token; the masks are the same at every call."""
    generator = torch.Generator().manual_seed(0)
    losses = []
    for time in HELD_OUT_TIMES:
        ratio = torch.full((len(data),), 1 - time)
        hidden = torch.rand(data.shape, generator=generator) < ratio[:, None]
        on_device = [v.to(device) for v in (data, ratio, hidden)]
        losses.append(masked_cross_entropy(predict, *on_device, mask_token_id).mean())
    return torch.stack(losses).mean()


def nucleus(posterior: Tensor, top_p: float) -> Tensor:
    """posterior [..., K] with what lies outside its `top_p` nucleus set to 0; not normalised."""
    if top_p >= 1:
        return posterior
    ordered, index = posterior.sort(-1, descending=True)
    outside = ordered.cumsum(-1) - ordered >= top_p  # the token that crosses top_p stays
    return posterior.masked_fill(torch.zeros_like(outside).scatter(-1, index, outside), 0)


def tempered(logits: Tensor, mask_token_id: int, temperature: float, top_p: float) -> Tensor:
    """softmax(logits / temperature) [B, L, K] without the mask token, cut to the `top_p` nucleus."""
    logits = logits.float().index_fill(-1, torch.tensor([mask_token_id], device=logits.device), -torch.inf)
    posterior = nucleus((logits / max(temperature, MIN_TEMPERATURE)).softmax(-1), top_p)
    return posterior / posterior.sum(-1, keepdim=True)


def highest(score: Tensor, allowed: Tensor, count: Tensor) -> Tensor:
    """bool [B, L]: in each row the `count` [B] allowed positions of the highest score."""
    rank = score.masked_fill(~allowed, -torch.inf).argsort(dim=-1, descending=True, stable=True).argsort(dim=-1)
    return allowed & (rank < count[:, None])


@torch.no_grad()
def reveal(
    predict: Predict,
    score: Score,
    canvas: Tensor,
    editable: Tensor,
    mask_token_id: int,
    steps: int,
    temperature: float = 1.0,
    top_p: float = 1.0,
    generator: torch.Generator | None = None,
    reveal_above: float = 2.0,
) -> Iterator[Tensor]:
    """Mask what is editable in canvas [B, L], then yield it after each of `steps` steps; the last has no mask.

    A step draws every masked token, keeps those of the highest score and masks the rest again. With m masks and s
    steps to go it keeps m / s, rounded up: an even share, the remainder in the first steps, as published. Drawn tokens
    that are more probable than `reveal_above` before any temperature are kept, too (Fast-dLLM, arXiv 2505.22618).
    """
    canvas = hide(canvas, editable, mask_token_id)
    for left in range(steps, 0, -1):
        masked = canvas == mask_token_id
        logits = predict(canvas)
        posterior = tempered(logits, mask_token_id, temperature, top_p)
        drawn = draw(posterior, generator)
        count = (masked.sum(-1) + left - 1) // left
        chosen = highest(score(logits, posterior, drawn), masked, count)
        chosen |= masked & (logits.float().softmax(-1).gather(-1, drawn[..., None])[..., 0] > reveal_above)
        canvas = torch.where(chosen, drawn, canvas)
        yield canvas
