"""Local SGD: several processes train copies of one network on their own batches and meet once a minute.

On processors, processes of one thread each make nearly twice the tokens of one process with as many threads, which
waits at every product. Started by `torchrun --nproc-per-node N`, which says through the environment who is who.
"""

import atexit
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass

import torch
import torch.distributed as dist
from torch import Tensor


@dataclass(frozen=True)
class Spending:
    """What a replica has used since the last meeting, or all of them together."""

    steps: int = 0
    tokens: int = 0
    seconds: float = 0.0
    stopping: bool = False


class Replicas:
    """`rank` of `count`. They meet by the clock, not by steps, so that one on a busy core holds nobody up."""

    def __init__(self, every: float = 60.0) -> None:
        self.rank, self.count = int(os.environ.get("RANK", "0")), int(os.environ.get("WORLD_SIZE", "1"))
        self.every, self.met = every, time.monotonic()
        if self.count > 1 and not dist.is_initialized():
            dist.init_process_group("gloo")
            atexit.register(dist.destroy_process_group)  # threads that still run would abort the process

    @property
    def leads(self) -> bool:
        """Is this the one that saves and prints?"""
        return self.rank == 0

    def due(self) -> bool:
        """Is it time to meet? Each asks itself; who comes first waits for the others' running steps."""
        return self.count > 1 and time.monotonic() - self.met >= self.every

    def meet(self, spent: Spending, weights: Iterable[Tensor]) -> Spending:
        """Every tensor of `weights` becomes the mean over the replicas, each weighted by its steps since the last
        meeting; returns what all together have spent since then. `stopping` if any is.
        """
        own = [spent.steps, spent.tokens, spent.seconds, spent.stopping]
        everyones = [torch.zeros(4, dtype=torch.float64) for _ in range(self.count)]
        dist.all_gather(everyones, torch.tensor(own, dtype=torch.float64))
        steps, tokens, seconds, stopping = torch.stack(everyones).sum(0).tolist()
        share = spent.steps / steps if steps else 1 / self.count
        weights = list(weights)
        mean = torch.cat([tensor.detach().cpu().flatten() for tensor in weights]) * share
        dist.all_reduce(mean)  # all at once: each call waits for everybody
        with torch.no_grad():
            for tensor, values in zip(weights, mean.split([tensor.numel() for tensor in weights]), strict=True):
                tensor.copy_(values.view_as(tensor))
        self.met = time.monotonic()
        return Spending(int(steps), int(tokens), seconds, stopping > 0)
