"""Random numbers that go on where they were: what a checkpoint keeps of every generator, as `weights_only` loads it."""

import json
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

State = dict[str, Tensor | str]


class Source(Protocol):
    """What draws random numbers in training."""

    def random_state(self) -> State: ...

    def set_random_state(self, state: State) -> None: ...


class TorchRandom:
    """The generators that torch draws from where none is named, of the CPU and of the device."""

    def __init__(self, device: str) -> None:
        self.cuda = torch.device(device) if torch.device(device).type == "cuda" else None

    def random_state(self) -> State:
        state: State = {"cpu": torch.get_rng_state()}
        return state | ({"cuda": torch.cuda.get_rng_state(self.cuda)} if self.cuda else {})

    def set_random_state(self, state: State) -> None:
        torch.set_rng_state(state["cpu"])
        if self.cuda and "cuda" in state:
            torch.cuda.set_rng_state(state["cuda"], self.cuda)


def numpy_state(generator: np.random.Generator) -> str:
    return json.dumps(generator.bit_generator.state)


def set_numpy_state(generator: np.random.Generator, state: Any) -> None:  # noqa: ANN401 (from a checkpoint)
    generator.bit_generator.state = json.loads(state)
