"""The training objective of discrete flow matching."""

import torch.nn.functional as F
from torch import Tensor

from fewstep_train.flow.path import Scheduler


def generalized_kl(logits: Tensor, x_t: Tensor, x_1: Tensor, t: Tensor, scheduler: Scheduler) -> Tensor:
    """Generalized KL divergence between the path's rates and the model's, per position: [B, L], nats.

    -kappa' / (1 - kappa) * [p(x_t) - 1{x_t = x_1} + 1{x_t != x_1} ln p(x_1)], from FS-DFM (arXiv 2509.20624).
    Its mean over t in [0, 1), summed over positions, bounds the negative log-likelihood of x_1.
    """
    log_p = F.log_softmax(logits.float(), dim=-1)
    p_current = log_p.gather(-1, x_t[..., None])[..., 0].exp()
    log_p_data = log_p.gather(-1, x_1[..., None])[..., 0]
    arrived = (x_t == x_1).float()
    return -scheduler.velocity(t)[:, None] * (p_current - arrived + (1 - arrived) * log_p_data)
