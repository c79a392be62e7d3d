"""Does a few-step network listen to its step size?"""

import torch

from fewstep_train.flow.step_sizes import STEP_SIZES
from fewstep_train.networks.network import Network


@torch.no_grad()
def step_size_sensitivity(network: Network) -> float:
    """|c(t, h = 1) - c(t, h = 1/1024)| / |c(t, h = 1/1024)|, mean over 16 times t; near 0 the step size is not heard.

    c is the vector that modulates every block.
    """
    t = torch.arange(16) / 16
    large = network.condition(t, torch.full_like(t, STEP_SIZES[0]))
    small = network.condition(t, torch.full_like(t, STEP_SIZES[-1]))
    return ((large - small).norm(dim=1) / small.norm(dim=1)).mean().item()
