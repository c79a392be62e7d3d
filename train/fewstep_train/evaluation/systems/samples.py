"""What every system is given and gives back."""

from dataclasses import dataclass
from typing import Protocol

from torch import Tensor

BY_PLAN = 2.0  # no probability is above it


@dataclass(frozen=True)
class Sampling:
    """How to write. `solver`, `stable_below`, `jumps` are flow matching's alone, `reveal_above` masked diffusion's."""

    steps: int
    temperature: float = 1.0
    top_p: float = 1.0
    seed: int = 0
    solver: str = "cumulative"
    schedule: str = "uniform"  # a name, or the step sizes with commas between them
    stable_below: float = 0.0  # a canvas of which less is expected to change takes its last step; 0: never
    jumps: str = "independent"  # or spread, see jump_times
    reveal_above: float = BY_PLAN  # what is surer is revealed at once; `steps` is then the most


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
