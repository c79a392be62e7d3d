"""What every system is given and gives back."""

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor


@dataclass(frozen=True)
class Sampling:
    """How to write. `solver`, `schedule`, `stable_below` and `jumps` concern flow matching alone."""

    steps: int
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int = 0
    solver: str = "cumulative"
    schedule: str = "uniform"
    stable_below: float = 0.0  # a canvas of which less is expected to change takes its last step; 0: never
    jumps: str = "independent"  # or spread, see jump_times


@dataclass(frozen=True)
class Samples:
    """tokens [B, L]; `last_change` [B, L]: the step, from 1, that wrote each token, 0 where it was given; steps [B]."""

    tokens: Tensor
    last_change: Tensor
    steps: Tensor


class System(Protocol):
    """`name` is for readers; `identity` is a hash of the weights and of the graph that is run."""

    name: str
    identity: str

    def sample(self, canvas: Tensor, editable: Tensor, sampling: Sampling) -> Samples:
        """Fill what is editable [B, L] in canvas [B, L]. What canvas holds there is never looked at."""
        ...
