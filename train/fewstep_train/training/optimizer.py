"""Muon for the matrices of the trunk, AdamW for everything else, and the learning-rate curve."""

import math
from collections.abc import Iterable
from typing import Any

import torch
from torch import Tensor, nn


def orthogonalize(matrices: Tensor, iterations: int = 5) -> Tensor:
    """The nearest semi-orthogonal matrices, roughly, [n, rows, columns], by Newton-Schulz in the input's type.

    Coefficients of Jordan et al., Muon, 2024.
    """
    a, b, c = 3.4445, -4.7750, 2.0315
    x = matrices / (torch.linalg.matrix_norm(matrices, keepdim=True) + 1e-7)
    tall = x.shape[-2] > x.shape[-1]
    if tall:
        x = x.mT
    for _ in range(iterations):
        gram = x @ x.mT
        x = torch.baddbmm(x, torch.baddbmm(gram, gram, gram, beta=b, alpha=c), x, beta=a)
    return x.mT if tall else x


class Muon(torch.optim.Optimizer):
    """Momentum whose update is orthogonalised; scaled so that AdamW's learning rates carry over.

    `torch.optim.Muon` orthogonalises one matrix at a time and always in bfloat16, which processors without bfloat16
    units emulate slowly; this one takes all matrices of a shape together, in `matmul_type`.
    """

    def __init__(
        self,
        params: Iterable[Tensor] | list[dict[str, Any]],
        lr: float,
        momentum: float = 0.95,
        weight_decay: float = 0.0,
        matmul_type: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(params, {"lr": lr, "momentum": momentum, "weight_decay": weight_decay})
        self.matmul_type = matmul_type

    @torch.no_grad()
    def step(self) -> None:
        for group in self.param_groups:
            by_shape: dict[torch.Size, list[Tensor]] = {}
            for p in group["params"]:
                if p.grad is not None:
                    by_shape.setdefault(p.shape, []).append(p)
            for parameters in by_shape.values():
                self.step_together(parameters, group["lr"], group["momentum"], group["weight_decay"])

    def step_together(self, parameters: list[Tensor], lr: float, momentum: float, weight_decay: float) -> None:
        """parameters: matrices of one shape."""
        buffers = [self.state[p].setdefault("momentum_buffer", torch.zeros_like(p)) for p in parameters]
        gradients = [p.grad for p in parameters]
        torch._foreach_lerp_(buffers, gradients, 1 - momentum)
        directions = torch.stack(torch._foreach_lerp(gradients, buffers, momentum))
        updates = orthogonalize(directions.to(self.matmul_type)).float().unbind()
        torch._foreach_mul_(parameters, 1 - lr * weight_decay)
        torch._foreach_add_(parameters, updates, alpha=-lr * 0.2 * math.sqrt(max(parameters[0].shape)))


# Almost all sinusoidal features of t and h in [0, 1] are nearly constant, so that a step of the first layer moves a
# unit's input as a bias would, a hundred times over: at the full rate the units die and the network forgets t and h.
EMBEDDING_LR_SCALE = 0.02


def make_optimizers(
    network: nn.Module, kind: str, lr: float, weight_decay: float, matmul_type: torch.dtype = torch.float32
) -> list[torch.optim.Optimizer]:
    """`muon`: Muon on the blocks' attention and MLP matrices, AdamW on the rest. `adamw`: AdamW on everything.

    Each parameter group has an `lr_scale`, by which the run's learning rate is multiplied.
    """
    matrices, embeddings, rest = [], [], []
    for name, p in network.named_parameters():
        trunk = p.ndim == 2 and name.startswith("blocks.") and "adaLN" not in name and "fuser" not in name
        scaled = name.startswith(("time_embedding.mlp.0.", "dt_embedding.mlp.0."))
        (matrices if trunk and kind == "muon" else embeddings if scaled else rest).append(p)
    groups = [
        {"params": [p for p in rest if p.ndim == 2], "weight_decay": weight_decay, "lr_scale": 1.0},
        {"params": [p for p in rest if p.ndim != 2], "weight_decay": 0.0, "lr_scale": 1.0},
        {"params": embeddings, "weight_decay": 0.0, "lr_scale": EMBEDDING_LR_SCALE},
    ]
    on_cuda = next(network.parameters()).is_cuda
    optimizers: list[torch.optim.Optimizer] = [torch.optim.AdamW(groups, lr=lr, betas=(0.9, 0.95), fused=on_cuda)]
    if matrices:
        trunk_group = {"params": matrices, "lr_scale": 1.0}
        optimizers.append(Muon([trunk_group], lr=lr, weight_decay=weight_decay, matmul_type=matmul_type))
    return optimizers


def learning_rate(progress: float, peak: float, warmup: float, floor: float = 0.02) -> float:
    """Linear warm-up over the share `warmup` of the run, constant, then linear to `floor` over the last 30 %.

    progress in [0, 1]. Warm-up-stable-decay rather than cosine: a run can be prolonged, or cut short, without
    having chosen its length in advance.
    """
    if progress < warmup:
        return peak * progress / warmup
    if progress < 0.7:
        return peak
    return peak * (floor + (1 - floor) * (1 - progress) / 0.3)
